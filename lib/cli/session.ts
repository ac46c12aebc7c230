/**
 * What a command works with: settings, places, native parts and the way to the cache, read once from the
 * environment. A person is told what is wrong by a CacheError; `wrap` catches it, logs it and runs the tool.
 *
 * @module
 */
import { fromText, shown } from "../base/bytes.ts";
import { CacheError, messageOf } from "../base/errors.ts";
import { type Log, openLog } from "../base/log.ts";
import { loadSettings, problemLine, readSettings, type Settings } from "../config/mod.ts";
import {
  type Cache,
  type CacheOptions,
  daemonWords,
  findPlaces,
  openCache,
  ownerOf,
  type Places,
} from "../daemon/mod.ts";
import { ensureNative } from "../native/mod.ts";
import { userId, variable } from "../os/mod.ts";
import { countersOf } from "../report/mod.ts";
import { countAlone, Store } from "../store/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { buildId, version } from "./version.ts";

export interface Session {
  settings: Settings;
  places: Places;
  log: Log;
  /** Engine and arguments that make it a daemon for this cache (byte strings). */
  daemonCommand: readonly string[];
  version: string;
  buildId: string;
  /** First 8 bytes of the build id. */
  build: bigint;
  openCache(mode: "daemon" | "one-shot", more?: Pick<CacheOptions, "also">): Cache;
}

/** Reads settings and finds the places. @throws {CacheError} `bad_setting`, `unusable_place`. */
export function openSession(parsed: Parsed, io: CommandIo): Session {
  const settings = loadSettings(io.env, parsed.flags);
  const places = placesHere();
  if (places instanceof CacheError) throw places;
  return session(settings, places, io.log);
}

/**
 * The same for `wrap`: nothing is thrown, and what is wrong goes to the log file beside the socket.
 *
 * @returns Undefined where the tool is to be run without us.
 */
export function openForWrap(parsed: Parsed, io: CommandIo): Session | undefined {
  const { settings, problems } = readSettings(io.env, parsed.flags);
  if (settings.disable) return undefined;
  const places = placesHere();
  if (places instanceof CacheError) {
    io.log.warn(places.message);
    return undefined;
  }
  const log = new LateLog(shown(places.log));
  for (const problem of problems) log.warn(problemLine(problem));
  return problems.length === 0 ? session(settings, places, log) : undefined;
}

/** The places; where a daemon owns the cache already, its socket counts. */
function placesHere(): Places | CacheError {
  const places = findPlaces({
    uid: userId(),
    cwd: fromText(Deno.cwd()),
    cacheDir: variable("ZCCACHE_CACHE_DIR"),
    endpoint: variable("ZCCACHE_ENDPOINT") || undefined,
    home: variable("HOME"),
    runtimeDir: variable("XDG_RUNTIME_DIR"),
  });
  const owner = places instanceof CacheError ? undefined : ownerOf(places);
  return owner ? { ...places as Places, socket: owner } : places;
}

function session(settings: Settings, places: Places, log: Log): Session {
  const id = buildId();
  return {
    settings,
    places,
    log,
    daemonCommand: daemonCommand(),
    version,
    buildId: id,
    build: BigInt(`0x${id}`),
    openCache: (mode, more) => openWith({ settings, places, log }, mode, more),
  };
}

function openWith(
  { settings, places, log }: Pick<Session, "settings" | "places" | "log">,
  mode: "daemon" | "one-shot",
  more?: Pick<CacheOptions, "also">,
): Cache {
  const native = ensureNative({ verify: mode === "daemon" });
  return openCache({
    places,
    mode,
    flushMs: settings.walFlushMs,
    maxPending: settings.walMaxPending,
    budgetBytes: settings.cacheSizeBytes,
    launcher: fromText(native.launcher),
    tracer: fromText(native.tracer),
    problem: native.problem,
    trace: settings.trace,
    watch: settings.watch,
    comments: settings.comments,
    log,
    now: () => Date.now(),
    ...more,
  });
}

/** The store alone, for commands that decide nothing. `close` flushes. */
export function openStore({ settings, places, log }: Session): { store: Store; close(): Promise<void> } {
  const ending = new AbortController();
  const store = Store.open({
    folder: `${shown(places.cache)}/v1`,
    mode: "one-shot",
    flushMs: settings.walFlushMs,
    maxPending: settings.walMaxPending,
    budgetBytes: settings.cacheSizeBytes,
    signal: ending.signal,
    log,
    now: () => Date.now(),
  });
  const close = () => {
    ending.abort();
    return store.closed;
  };
  return { store, close };
}

/** Counts a run that nobody decided. Where that cannot be, only the log tells of it. */
export function countRun({ places, log }: Session, outcome: string): void {
  try {
    const counters = countersOf(outcome, "other", 0);
    countAlone(`${shown(places.cache)}/v1`, { counters, outcome, now: Date.now() });
  } catch (error) {
    log.warn(`${outcome} is not counted: ${messageOf(error)}`);
  }
}

/** This program as a daemon that a client starts: the executable, or Deno with the sources. */
function daemonCommand(): string[] {
  const engine = Deno.build.standalone
    ? [Deno.execPath()]
    : [Deno.execPath(), "run", "-A", new URL("../../main.ts", import.meta.url).pathname];
  return [...engine, ...daemonWords].map(fromText);
}

/** A log file that is opened when there is something to say: most compiles have nothing to. */
class LateLog implements Log {
  readonly #path: string;
  #log: Log | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  #open(): Log {
    return this.#log ??= openLog({ path: this.#path });
  }

  info(text: string): void {
    this.#open().info(text);
  }

  warn(text: string): void {
    this.#open().warn(text);
  }
}
