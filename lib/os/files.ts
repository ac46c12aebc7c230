/**
 * Files by byte-string path: read, list, follow links. Deno's own calls take text, and a path need not be text.
 *
 * @module
 */
import { byteString, cPath, sameBytes } from "../base/bytes.ts";
import { type Digest, Hasher, sha256 } from "../base/digest.ts";
import { c, errno, libc } from "./libc.ts";
import { type FileState, fstatx, signatureOf } from "./statx.ts";

// Compilers are 30 to 90 MB; in pieces they need no buffer of that size.
const piece = new Uint8Array(1 << 20);
const pathBuffer = new Uint8Array(4097);

/** What `hashFile` found: the digest of a content, its first bytes, and the state that held before and after reading it. */
export interface Hashed {
  digest: Digest;
  /** All of it, where that is no more than 64 KiB. */
  whole?: Uint8Array;
  /** At most {@linkcode hashedHeadBytes}. */
  head: Uint8Array;
  state: FileState;
}

/** Enough to tell kinds of files apart. */
export const hashedHeadBytes = 4;
const fewBytes = 64 << 10;

/**
 * SHA-256 of a regular file's content, with its state; the errno where it cannot be read, or "changed" where it
 * changed while it was read, or "irregular" where it is no regular file.
 */
export function hashFile(path: string): Hashed | number | "changed" | "irregular" {
  const descriptor = libc().open(cPath(path), c.O_RDONLY | c.O_CLOEXEC | c.O_NONBLOCK, 0);
  if (descriptor < 0) return errno();
  try {
    const state = fstatx(descriptor);
    if (typeof state === "number") return state;
    if ((state.mode & c.S_IFMT) !== c.S_IFREG) return "irregular";
    const found = readWhole(descriptor, state.size);
    if (typeof found !== "object") return found;
    const after = fstatx(descriptor);
    if (typeof after === "number") return after;
    if (!sameBytes(signatureOf(state), signatureOf(after))) return "changed";
    return { ...found, state };
  } finally {
    libc().close(descriptor);
  }
}

/** Most files are read and digested by one call each; that nothing has come meanwhile, their state tells. */
function readWhole(descriptor: number, size: number): Omit<Hashed, "state"> | number | "changed" {
  let got = readPiece(descriptor);
  const head = piece.slice(0, Math.min(Math.max(got, 0), hashedHeadBytes));
  if (got === size && size < piece.length) {
    const bytes = piece.subarray(0, got);
    return { digest: sha256(bytes), head, whole: got <= fewBytes ? bytes.slice() : undefined };
  }
  const hasher = new Hasher();
  for (let left = size; got !== 0; got = readPiece(descriptor)) {
    if (got < 0) return errno();
    hasher.update(piece.subarray(0, got));
    left -= got;
    if (left < 0) return "changed";
  }
  return { digest: hasher.digest(), head };
}

function readPiece(descriptor: number): number {
  return Number(libc().read(descriptor, piece, BigInt(piece.length)));
}

/** Whether a file can be made in the folder at `path`. */
export function takesFiles(path: string): boolean {
  return libc().access(cPath(path), c.W_OK | c.X_OK) === 0;
}

/** The whole content of a file of at most `limit` bytes, or undefined where it is longer, missing or no regular file. */
export function readSmall(path: string, limit: number): Uint8Array | undefined {
  const descriptor = libc().open(cPath(path), c.O_RDONLY | c.O_CLOEXEC | c.O_NONBLOCK, 0);
  if (descriptor < 0) return undefined;
  try {
    const state = fstatx(descriptor);
    if (typeof state === "number" || (state.mode & c.S_IFMT) !== c.S_IFREG || state.size > limit) {
      return undefined;
    }
    const bytes = new Uint8Array(state.size);
    for (let at = 0; at < bytes.length;) {
      const got = Number(libc().read(descriptor, bytes.subarray(at), BigInt(bytes.length - at)));
      if (got <= 0) return undefined;
      at += got;
    }
    return bytes;
  } finally {
    libc().close(descriptor);
  }
}

/** The first bytes of a regular file, at most `most`; undefined where it cannot be read. */
export function readHead(path: string, most: number): Uint8Array | undefined {
  const descriptor = libc().open(cPath(path), c.O_RDONLY | c.O_CLOEXEC | c.O_NONBLOCK, 0);
  if (descriptor < 0) return undefined;
  try {
    const state = fstatx(descriptor);
    if (typeof state === "number" || (state.mode & c.S_IFMT) !== c.S_IFREG) return undefined;
    const bytes = new Uint8Array(Math.min(most, state.size));
    let filled = 0;
    while (filled < bytes.length) {
      const got = Number(libc().read(descriptor, bytes.subarray(filled), BigInt(bytes.length - filled)));
      if (got <= 0) break;
      filled += got;
    }
    return bytes.subarray(0, filled);
  } finally {
    libc().close(descriptor);
  }
}

/** The text of a symbolic link, or the errno. */
export function readLink(path: string): string | number {
  const length = Number(libc().readlink(cPath(path), pathBuffer, BigInt(pathBuffer.length)));
  return length < 0 ? errno() : byteString(pathBuffer.subarray(0, length));
}

/** The physical path, all links followed, or the errno. */
export function physicalPath(path: string): string | number {
  if (libc().realpath(cPath(path), pathBuffer) === null) return errno();
  return byteString(pathBuffer.subarray(0, pathBuffer.indexOf(0)));
}

/** The names in a folder in order of their bytes, without "." and "..", or the errno. */
export function listFolder(path: string): string[] | number {
  const names = namesIn(path, Infinity);
  return typeof names === "number" ? names : names.sort();
}

/** The same in any order; undefined where there are more than `most`, or the folder cannot be read. */
export function listFew(path: string, most: number): string[] | undefined {
  const names = namesIn(path, most);
  return typeof names === "number" || names.length > most ? undefined : names;
}

/** At most one more than `most`. */
function namesIn(path: string, most: number): string[] | number {
  const folder = libc().opendir(cPath(path));
  if (folder === null) return errno();
  const names: string[] = [];
  try {
    for (
      let entry = libc().readdir(folder);
      entry !== null && names.length <= most;
      entry = libc().readdir(folder)
    ) {
      // struct dirent: the name stands at offset 19 and ends with NUL.
      const view = new Deno.UnsafePointerView(entry);
      const length = view.getUint16(16) - 19;
      const bytes = new Uint8Array(length);
      view.copyInto(bytes, 19);
      const name = byteString(bytes.subarray(0, bytes.indexOf(0)));
      if (name !== "." && name !== "..") names.push(name);
    }
  } finally {
    libc().closedir(folder);
  }
  return names;
}

/** By what this start of the machine is told from others; undefined where nobody tells. */
export function bootId(): string | undefined {
  try {
    return Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  } catch {
    return undefined; // no /proc, or one without it
  }
}
