/**
 * What is acknowledged before it is stored, kept so that a kill in between loses nothing.
 *
 * A launcher need not wait until a result is encoded and written; but what it was told must come true. So who tells it puts
 * down first what the result can be made of again: a debt, in a file of this process. Whoever opens the cache next finds
 * the debts of those who died, and pays them.
 *
 *     tmp/owed-<pid>-<n>   := format:u32 (0: nothing is owed) end:u32 staged:u32 0:u32 digest[staged] part*
 *     part                 := length:u32 byte*        ; the first one holds the boot and the names of the staged files
 *     digest               := 32 bytes; zeros until the staged file is about to be moved to its name among the blobs
 *
 * Always true: a debt counts from the write of `format` on, which comes last; whose file is locked lives and pays himself;
 * no file is removed but by who holds its lock; a debt of another boot is none, for what was staged may have been lost with
 * the power; and what is paid is blanked, for a request holds its asker's whole environment, and a cache may be copied.
 *
 * @module
 */
import { bytesOf, byteString, cPath, fromText, shown } from "../base/bytes.ts";
import type { Digest } from "../base/digest.ts";
import { bootId, c, errno, libc, readHead, readSmall, statx } from "../os/mod.ts";
import { removeIfThere } from "./files.ts";
import { isDebt, names } from "./layout.ts";

/** What a result can be made of again. */
export interface Debt {
  /** Files that are, or will be, staged for it (byte strings), in the store's `tmp/`. */
  staged: readonly string[];
  parts: readonly Uint8Array[];
}

/** A debt that stands. */
export interface Owing {
  /** What was owed is stored, or never will be. May be called again. */
  paid(): void;
}

/** A debt of a process that has died. */
export interface OpenDebt extends Debt {
  /** What each staged file holds, where it may have become a blob already. */
  digests: readonly (Digest | undefined)[];
  /** It was paid, or cannot be: what belongs to it goes. */
  forget(): void;
}

const format = 1, headBytes = 16, digestBytes = 32;
/** A longer one is not owed but stored first; a compile with 1,000 headers takes a quarter of a megabyte. */
const mostBytes = 4 << 20;
const mostAttempts = 10;
/** The first word of a file. */
const owed = Uint8Array.of(format, 0, 0, 0), nothing = new Uint8Array(owed.length);

function write(descriptor: number, bytes: Uint8Array<ArrayBuffer>, at: number): boolean {
  return Number(libc().pwrite(descriptor, bytes, BigInt(bytes.length), BigInt(at))) === bytes.length;
}

function open(path: string, flags: number): number {
  return libc().open(cPath(fromText(path)), flags | c.O_RDWR | c.O_CLOEXEC | c.O_NOFOLLOW, 0o600);
}

function lock(descriptor: number): boolean {
  return libc().flock(descriptor, c.LOCK_EX | c.LOCK_NB) === 0;
}

/** Room for one debt at a time. */
interface File {
  path: string;
  descriptor: number;
}

/** A process that may owe: as many debts as it has compiles under way. */
export class Debtor {
  readonly #folder: string;
  readonly #boot = bootId();
  readonly #all: File[] = [];
  readonly #free: File[] = [];
  #made = 0;
  #room = new Uint8Array(64 << 10);
  #zeros = new Uint8Array(64 << 10);
  /** Where the digest of each staged file has its place. */
  readonly #places = new Map<string, { file: File; at: number }>();

  /** @param folder `<cache>/v1` as ordinary text. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Puts a debt down; undefined: it cannot be kept, and nothing is owed. */
  owe({ staged, parts }: Debt): Owing | undefined {
    const body = this.#fill(staged, parts), file = body && (this.#free.pop() ?? this.#make());
    if (body === undefined || file === undefined) return undefined;
    const { descriptor } = file;
    if (!write(descriptor, body, owed.length) || !write(descriptor, owed, 0)) {
      libc().ftruncate(descriptor, 0n); // a full disk
      this.#free.push(file);
      return undefined;
    }
    staged.forEach((path, i) => this.#places.set(path, { file, at: headBytes + i * digestBytes }));
    let stands = true;
    const paid = () => {
      if (!stands) return;
      stands = false;
      for (const path of staged) this.#places.delete(path);
      if (write(descriptor, nothing, 0) && this.#blank(descriptor, body.length)) this.#free.push(file);
    };
    return { paid };
  }

  /** A staged file is about to become the blob of this digest, and to lose its name. */
  named(staged: string, digest: Digest): void {
    const place = this.#places.get(staged);
    if (place !== undefined) write(place.file.descriptor, digest.slice(), place.at);
  }

  close(): void {
    for (const { path, descriptor } of this.#all.splice(0)) {
      removeIfThere(path);
      libc().close(descriptor);
    }
    this.#free.length = 0;
  }

  /** Overwrites all but the first word. */
  #blank(descriptor: number, length: number): boolean {
    if (length > this.#zeros.length) this.#zeros = new Uint8Array(length * 2);
    return write(descriptor, this.#zeros.subarray(0, length), owed.length);
  }

  /** All but the first word. */
  #fill(staged: readonly string[], parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | undefined {
    if (this.#boot === undefined) return undefined;
    const all = [bytesOf([this.#boot, ...staged].join("\0")), ...parts];
    const first = headBytes + staged.length * digestBytes;
    const end = all.reduce((sum, part) => sum + 4 + part.length, first);
    if (end > mostBytes) return undefined;
    if (end > this.#room.length) this.#room = new Uint8Array(end * 2);
    const room = this.#room, view = new DataView(room.buffer);
    room.fill(0, 0, first);
    view.setUint32(4, end, true);
    view.setUint32(8, staged.length, true);
    let at = first;
    for (const part of all) {
      view.setUint32(at, part.length, true);
      room.set(part, at + 4);
      at += 4 + part.length;
    }
    return room.subarray(owed.length, end);
  }

  #make(): File | undefined {
    for (let attempts = 0; attempts < mostAttempts; attempts++) {
      const path = `${this.#folder}/${names.debt(Deno.pid, ++this.#made)}`;
      const descriptor = open(path, c.O_CREAT | c.O_EXCL);
      if (descriptor < 0 && errno() === c.EEXIST) continue; // another process of this number, long ago or elsewhere
      if (descriptor < 0) return undefined;
      const file = { path, descriptor };
      // Who looked for debts just then may have had the lock, or have removed what was empty.
      if (lock(descriptor) && typeof statx(fromText(path)) === "object") {
        this.#all.push(file);
        return file;
      }
      libc().close(descriptor);
    }
    return undefined;
  }
}

/** Debts by the paths of their files, whoever owes them. */
function* filesOf(folder: string): Generator<string> {
  for (const { name } of Deno.readDirSync(`${folder}/tmp`)) {
    if (isDebt(name)) yield `${folder}/tmp/${name}`;
  }
}

/** What is staged for debts (byte strings): it has to stay. */
export function stagedForDebts(folder: string): Set<string> {
  return new Set([...filesOf(folder)].flatMap((path) => read(path)?.staged ?? []));
}

/** The debts of processes that have died, ours from now on. */
export function* debtsOf(folder: string): Generator<OpenDebt> {
  for (const path of filesOf(folder)) {
    const descriptor = open(path, 0);
    if (descriptor < 0) continue;
    try {
      if (!lock(descriptor)) continue;
      const debt = read(path),
        forget = () => {
          for (const staged of debt?.staged ?? []) removeIfThere(shown(staged));
          removeIfThere(path);
        };
      if (debt === undefined) forget();
      else yield { ...debt, forget };
    } finally {
      libc().close(descriptor);
    }
  }
}

/** undefined: nothing is owed, or it is not understood. */
function read(path: string): Omit<OpenDebt, "forget"> | undefined {
  // Most are there for the next debt, and everybody who opens the cache comes by.
  if (readHead(fromText(path), owed.length)?.[0] !== format) return undefined;
  const bytes = readSmall(fromText(path), 2 * mostBytes);
  if (bytes === undefined || bytes.length < headBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = view.getUint32(4, true), count = view.getUint32(8, true);
  if (view.getUint32(0, true) !== format || end > bytes.length) return undefined;
  const parts: Uint8Array[] = [];
  for (let at = headBytes + count * digestBytes; at + 4 <= end;) {
    const length = view.getUint32(at, true);
    if (at + 4 + length > end) return undefined;
    parts.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const [boot, ...staged] = byteString(parts.shift() ?? new Uint8Array(0)).split("\0");
  if (boot !== bootId() || staged.length !== count) return undefined;
  const digests = staged.map((_, i) => {
    const digest = bytes.slice(headBytes + i * digestBytes, headBytes + (i + 1) * digestBytes);
    return digest.some((byte) => byte !== 0) ? digest : undefined;
  });
  return { staged, parts, digests };
}
