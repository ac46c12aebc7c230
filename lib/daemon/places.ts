/**
 * Where everything lies: the cache folder, and the runtime folder with the socket, locks and log.
 *
 *     cache     ZCCACHE_CACHE_DIR, else ~/.zccache                 0700 as made; never one that others may write to
 *     runtime   $XDG_RUNTIME_DIR/zccache, else /tmp/zccache-<uid>  0700, ours, no link
 *     in it     <name>.sock .start .log and trace records,
 *               name = 16 hex digits: FNV-1a (64 bits) of "<real path of the cache>\0<protocol version>"
 *     lock      <cache>/daemon.lock, where that can be written, else <runtime>/<name>.lock
 *
 * The lock lies in the cache, so that one cache has one daemon whatever the runtime folder of those who ask: they find
 * its socket in the lock. In a copy of the cache nobody holds it.
 *
 * The launcher derives the same names in C, so every rule here is one that C can follow without a library; a
 * test compares the two. Sockets stay out of the cache folder so that a copy of a cache is just a copy.
 * All paths are byte strings.
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { CacheError, messageOf, quote } from "../base/errors.ts";
import { absolute } from "../base/paths.ts";
import { ownFileTree, treeName } from "./file_tree.ts";
import { c, heldLines, type HeldLock, homeOf, maxSocketPath, realPath, statx, takeLock } from "../os/mod.ts";
import { protocolVersion } from "../protocol/spec.ts";

/** What decides the places, as given by settings and environment. */
export interface PlacesFrom {
  uid: number;
  /** ZCCACHE_CACHE_DIR; relative ones count from `cwd`. */
  cacheDir?: string;
  cwd: string;
  home?: string;
  /** XDG_RUNTIME_DIR. */
  runtimeDir?: string;
  /** ZCCACHE_ENDPOINT: overrides the socket only; relative ones count from `cwd`. */
  endpoint?: string;
}

export interface Places {
  /** Physical path of the cache folder. */
  cache: string;
  runtime: string;
  socket: string;
  /** Held by the daemon for its whole life; names its socket. */
  lock: string;
  /** Held instead where the cache folder cannot be written. */
  readOnlyLock: string;
  /** Held by the one client that starts a daemon. */
  startLock: string;
  log: string;
}

/** Finds all places and makes the folders that are missing; a place that cannot be used is an error as a value. */
export function findPlaces(from: PlacesFrom): Places | CacheError {
  const cache = cacheFolder(from);
  if (cache instanceof CacheError) return cache;
  const name = endpointName(cache);
  const runtime = runtimeFolder(from, name);
  if (runtime instanceof CacheError) return runtime;
  const base = `${runtime}/${name}`;
  const socket = from.endpoint === undefined ? `${base}.sock` : absolute(from.endpoint, from.cwd);
  if (socket.length > maxSocketPath) {
    return new CacheError("unusable_place", {
      cannot: `use the socket ${quote(shown(socket))}`,
      found: `its path is longer than ${maxSocketPath} bytes`,
      help: "Choose a shorter one with ZCCACHE_ENDPOINT",
    });
  }
  const there = statx(socket);
  if (typeof there === "object" && (there.mode & c.S_IFMT) !== c.S_IFSOCK) {
    return new CacheError("unusable_place", {
      cannot: `use the socket ${quote(shown(socket))}`,
      found: "what is there is no socket",
      help: "Name a path where nothing is with ZCCACHE_ENDPOINT",
    });
  }
  return {
    cache,
    runtime,
    socket,
    lock: `${cache}/daemon.lock`,
    readOnlyLock: `${base}.lock`,
    startLock: `${base}.start`,
    log: `${base}.log`,
  };
}

/** The socket of the daemon that owns the cache, "" where it does not say; undefined where there is none. */
export function ownerOf({ lock, readOnlyLock }: Places): string | undefined {
  const lines = heldLines(lock) ?? heldLines(readOnlyLock);
  return lines && (lines[0] ?? "");
}

/** Whether the cache's owner says that it sees another file tree than we do. */
export function isOwnedElsewhere({ lock, readOnlyLock }: Places): boolean {
  const said = (heldLines(lock) ?? heldLines(readOnlyLock))?.[1], own = ownFileTree();
  return Boolean(said) && own !== undefined && said !== treeName(own);
}

/** Becomes the cache's owner. */
export function takeOwnership({ lock, readOnlyLock, socket }: Places): HeldLock | "held" | number {
  const tree = ownFileTree(), lines = [socket, tree === undefined ? "" : treeName(tree)];
  const taken = takeLock(lock, ...lines);
  return taken === c.EROFS || taken === c.EACCES ? takeLock(readOnlyLock, ...lines) : taken;
}

/** The 16 digits that name a cache's socket, locks and log. */
export function endpointName(cache: string, version: number = protocolVersion): string {
  return hashName(`${cache}\0${version}`);
}

/** 16 hexadecimal digits that stand for a byte string. */
export function hashName(text: string): string {
  return fnv1a(text).toString(16).padStart(16, "0");
}

/** FNV-1a, 64 bits, of a byte string. */
export function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash;
}

function cacheFolder(from: PlacesFrom): string | CacheError {
  const chosen = from.cacheDir || defaultCache(from);
  if (chosen === undefined) {
    return new CacheError("unusable_place", {
      cannot: "find a place for the cache",
      found: "there is no home folder of ours",
      help: "Name a folder with ZCCACHE_CACHE_DIR",
    });
  }
  const path = absolute(chosen, from.cwd);
  const problem = makeFolder(path), real = realPath(path);
  const state = typeof real === "string" ? statx(real) : real;
  if (typeof real !== "string" || typeof state === "number") {
    return refusedFolder(
      "cache",
      path,
      `it is not there and cannot be made: ${problem ?? `errno ${state}`}`,
      false,
    );
  }
  const found = unfit(state, from.uid, 0o022);
  return found === undefined ? real : refusedFolder("cache", real, found);
}

function defaultCache(from: PlacesFrom): string | undefined {
  const owned = from.home !== undefined && from.home.startsWith("/") && isOurs(from.home, from.uid);
  const home = owned ? from.home : homeOf(from.uid);
  return home === undefined || home === "" ? undefined : `${home}/.zccache`;
}

function isOurs(folder: string, uid: number): boolean {
  const state = statx(folder);
  return typeof state !== "number" && (state.mode & c.S_IFMT) === c.S_IFDIR && state.uid === uid;
}

/** Same rule in the launcher: $XDG_RUNTIME_DIR counts if it is absolute, ours and short enough. */
function runtimeFolder(from: PlacesFrom, name: string): string | CacheError {
  const offered = from.runtimeDir;
  const fits = offered !== undefined && offered.startsWith("/") && isOurs(offered, from.uid) &&
    `${offered}/zccache/${name}.sock`.length <= maxSocketPath;
  const path = fits ? `${offered}/zccache` : `/tmp/zccache-${from.uid}`;
  const problem = makeFolder(path), state = statx(path, { follow: false });
  if (typeof state === "number") {
    return refusedFolder("runtime", path, `it cannot be made: ${problem ?? `errno ${state}`}`, false);
  }
  const found = unfit(state, from.uid, 0o077);
  return found === undefined ? path : refusedFolder("runtime", path, found);
}

function unfit(state: { mode: number; uid: number }, uid: number, forbidden: number): string | undefined {
  if ((state.mode & c.S_IFMT) !== c.S_IFDIR) return "it is not a folder";
  if (state.uid !== uid) return `it belongs to user ${state.uid}, not to ${uid}`;
  if (state.mode & forbidden) {
    return `others may ${state.mode & 0o022 ? "write to" : "read"} it (mode ${
      (state.mode & 0o7777).toString(8)
    })`;
  }
  return undefined;
}

/** Makes a folder 0700 with its parents; what the system says against it counts only where it is not there then. */
function makeFolder(path: string): string | undefined {
  try {
    Deno.mkdirSync(shown(path), { mode: 0o700, recursive: true });
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/ \(os error \d+\).*/s, "").toLowerCase();
  }
}

function refusedFolder(kind: "cache" | "runtime", path: string, found: string, isThere = true): CacheError {
  const other = kind === "cache"
    ? "choose another with ZCCACHE_CACHE_DIR"
    : "set XDG_RUNTIME_DIR to a folder of yours";
  return new CacheError("unusable_place", {
    cannot: `use the ${kind} folder ${quote(shown(path))}`,
    found,
    help: isThere
      ? `Run \`chmod 700 ${shown(path)}\` if it is yours, or ${other}`
      : `${other[0].toUpperCase()}${other.slice(1)}`,
  });
}
