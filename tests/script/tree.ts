/**
 * A folder as a value: taken, compared with another state of it, put back.
 *
 * This is what makes every tool line of a scenario a differential test: the same line runs plainly and
 * through the cache from one state, and what both leave behind is compared. Keeps true: a file that the
 * plain run did not change is not touched when the state is put back, so the cache sees the inputs exactly
 * as the scenario left them (inode, times, links).
 *
 * @module
 */

/** What is compared about a name: everything a build could see but the inode number. */
export interface Entry {
  kind: "file" | "folder" | "link" | "other";
  mode: number;
  uid: number;
  gid: number;
  inode: number;
  links: number;
  /** Milliseconds. */
  mtime: number;
  size: number;
  bytes?: Uint8Array;
  target?: string;
}

export type Tree = Map<string, Entry>;

/** All names below `folder`, parents before children. */
export function takeTree(folder: string): Tree {
  const tree: Tree = new Map();
  const walk = (relative: string) => {
    const names = [...Deno.readDirSync(`${folder}/${relative}`)].map((item) => item.name).sort();
    for (const name of names) {
      const path = relative === "" ? name : `${relative}/${name}`;
      const entry = entryOf(`${folder}/${path}`);
      tree.set(path, entry);
      if (entry.kind === "folder") walk(path);
    }
  };
  walk("");
  return tree;
}

function entryOf(path: string): Entry {
  const info = Deno.lstatSync(path);
  const kind = info.isFile ? "file" : info.isDirectory ? "folder" : info.isSymlink ? "link" : "other";
  return {
    kind,
    mode: (info.mode ?? 0) & 0o7777,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    inode: info.ino ?? 0,
    links: info.nlink ?? 1,
    mtime: info.mtime?.getTime() ?? 0,
    size: info.size,
    bytes: kind === "file" ? Deno.readFileSync(path) : undefined,
    target: kind === "link" ? Deno.readLinkSync(path) : undefined,
  };
}

/** Puts `folder` back into the state `wanted`, touching only what differs from it. */
export function restoreTree(folder: string, wanted: Tree): boolean {
  const now = takeTree(folder);
  const made = new Map<number, string>();
  let touched = false;
  for (const path of [...now.keys()].reverse()) {
    if (wanted.has(path)) continue;
    Deno.removeSync(`${folder}/${path}`, { recursive: true });
    touched = true;
  }
  for (const [path, entry] of wanted) {
    const current = now.get(path);
    // The number of a file that is gone may be a link's by now.
    if (current?.inode === entry.inode && current.kind === entry.kind) made.set(entry.inode, path);
  }
  for (const [path, entry] of wanted) {
    const current = now.get(path);
    if (current !== undefined && isUnchanged(entry, current)) continue;
    touched = true;
    restoreEntry(folder, path, entry, current, made);
  }
  return touched;
}

function isUnchanged(a: Entry, b: Entry): boolean {
  if (a.kind === "folder") return b.kind === "folder" && a.mode === b.mode;
  return a.kind === b.kind && a.inode === b.inode && a.mode === b.mode && a.mtime === b.mtime &&
    a.target === b.target && firstDifference(a.bytes, b.bytes) === undefined;
}

function restoreEntry(
  folder: string,
  path: string,
  entry: Entry,
  current: Entry | undefined,
  made: Map<number, string>,
): void {
  const full = `${folder}/${path}`;
  const inPlace = current !== undefined && current.kind === entry.kind &&
    (entry.kind === "folder" || current.inode === entry.inode);
  if (current !== undefined && !inPlace) Deno.removeSync(full, { recursive: true });
  if (entry.kind === "folder") {
    Deno.mkdirSync(full, { recursive: true });
    return giveBack(full, entry);
  }
  if (entry.kind === "link") {
    if (!inPlace) Deno.symlinkSync(entry.target ?? "", full);
    return;
  }
  if (entry.kind === "other") {
    if (!inPlace) throw new Error(`${path}: a device or fifo was replaced and cannot be put back`);
    return;
  }
  const twin = made.get(entry.inode);
  if (!inPlace && twin !== undefined) return Deno.linkSync(`${folder}/${twin}`, full);
  if (!inPlace || firstDifference(current?.bytes, entry.bytes) !== undefined) {
    Deno.writeFileSync(full, entry.bytes ?? new Uint8Array());
  }
  giveBack(full, entry);
  Deno.utimeSync(full, entry.mtime / 1000, entry.mtime / 1000);
  made.set(entry.inode, path);
}

function giveBack(path: string, { uid, gid, mode }: Entry): void {
  if (uid !== Deno.uid() || gid !== Deno.gid()) Deno.chownSync(path, uid, gid);
  Deno.chmodSync(path, mode);
}

/** Index of the first byte that differs, or undefined. */
export function firstDifference(a: Uint8Array | undefined, b: Uint8Array | undefined): number | undefined {
  if (a === undefined || b === undefined) return a === b ? undefined : 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return a.length === b.length ? undefined : length;
}

/** One state of a folder, and the two that came of it. */
export interface Comparison {
  before: Tree;
  plain: Tree;
  cached: Tree;
  /** When the cached run began (milliseconds). */
  cachedStart: number;
  /** Names whose bytes may differ, because the tool itself writes others each time. */
  isLoose(path: string): boolean;
}

/** What differs, a line each; empty when a build could not tell the two apart. */
export function compareTrees(comparison: Comparison): string[] {
  const { plain, cached } = comparison;
  const found: string[] = [];
  for (const path of plain.keys()) if (!cached.has(path)) found.push(`${path}: only the plain run made it`);
  for (const [path, entry] of cached) {
    const expected = plain.get(path);
    if (expected === undefined) found.push(`${path}: only the cached run made it`);
    else found.push(...compareEntries(path, expected, entry, comparison));
  }
  return found;
}

function compareEntries(path: string, plain: Entry, cached: Entry, whole: Comparison): string[] {
  if (plain.kind !== cached.kind) return [`${path}: ${plain.kind} when plain, ${cached.kind} when cached`];
  const found: string[] = [];
  const differ = (what: string, a: unknown, b: unknown) => {
    if (a !== b) found.push(`${path}: ${what} ${a} when plain, ${b} when cached`);
  };
  differ("mode", plain.mode.toString(8), cached.mode.toString(8));
  differ("owner", `${plain.uid}:${plain.gid}`, `${cached.uid}:${cached.gid}`);
  differ("link to", plain.target, cached.target);
  if (plain.kind === "folder") return found;
  differ("number of hard links", plain.links, cached.links);
  const at = whole.isLoose(path) ? undefined : firstDifference(plain.bytes, cached.bytes);
  if (at !== undefined) {
    found.push(`${path}: differs from byte ${at} on (${plain.size} bytes when plain, ${cached.size} cached)`);
  }
  return plain.kind === "file" ? [...found, ...compareTimes(path, plain, cached, whole)] : found;
}

// File times come from the kernel's coarse clock, which lags by a tick (10 ms at 100 Hz), and putting a
// file back rounds its time to a millisecond.
const tickMs = 11;
const roundingMs = 2;

/** A build tool goes by times: what the tool writes must be new, what it leaves alone must stay old. */
function compareTimes(path: string, plain: Entry, cached: Entry, whole: Comparison): string[] {
  const old = whole.before.get(path)?.mtime ?? -Infinity;
  const written = plain.mtime > old + roundingMs;
  const delivered = cached.mtime > old + roundingMs;
  if (written && !delivered) return [`${path}: written when plain, left alone when cached`];
  if (!written && delivered) return [`${path}: left alone when plain, written when cached`];
  if (written && cached.mtime < whole.cachedStart - tickMs) {
    return [`${path}: its time is older than the run`];
  }
  return [];
}
