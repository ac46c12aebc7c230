/**
 * Signatures of files in nanoseconds.
 *
 * Deno.stat gives mtime in whole milliseconds and ctime in whole seconds, which cannot tell an edit from none;
 * statx by FFI costs 1.4 µs and gives dev, inode, size, mtime and ctime exactly.
 *
 * @module
 */
import { cPath } from "../base/bytes.ts";
import { c, errno, libc } from "./libc.ts";

/** Signature: dev, ino, size, mtime ns, ctime ns, mode as 6 x u64 little-endian. */
export const signatureBytes = 48;

export interface FileState {
  mode: number;
  nlink: number;
  uid: number;
  size: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  ctime: bigint;
  ino: bigint;
  dev: bigint;
  /** 512-byte blocks on disk. */
  blocks: number;
}

const buffer = new Uint8Array(256);
const view = new DataView(buffer.buffer);

function decode(): FileState {
  const nanoseconds = (at: number) =>
    view.getBigInt64(at, true) * 1_000_000_000n + BigInt(view.getUint32(at + 8, true));
  return {
    nlink: view.getUint32(16, true),
    uid: view.getUint32(20, true),
    mode: view.getUint16(28, true),
    ino: view.getBigUint64(32, true),
    size: Number(view.getBigUint64(40, true)),
    blocks: Number(view.getBigUint64(48, true)),
    ctime: nanoseconds(96),
    mtime: nanoseconds(112),
    // As the kernel packs st_dev for user space (makedev of glibc), so that C and we write the same number.
    dev: makedev(view.getUint32(136, true), view.getUint32(140, true)),
  };
}

function makedev(major: number, minor: number): bigint {
  const high = BigInt(major), low = BigInt(minor);
  return (high & 0xfffff000n) << 32n | (high & 0xfffn) << 8n | (low & 0xffffff00n) << 12n | low & 0xffn;
}

/** State of what `path` (byte string) leads to, or the errno. `follow: false` looks at a link itself. */
export function statx(path: string, { follow = true } = {}): FileState | number {
  const flags = follow ? 0 : c.AT_SYMLINK_NOFOLLOW;
  return libc().statx(c.AT_FDCWD, cPath(path), flags, c.STATX_BASIC, buffer) === 0 ? decode() : errno();
}

/** The same, and which mount it lies on; mount undefined where the kernel does not tell (before 5.8). */
export function statxWithMount(path: string): (FileState & { mount: bigint | undefined }) | number {
  const mask = c.STATX_BASIC | c.STATX_MNT_ID;
  if (libc().statx(c.AT_FDCWD, cPath(path), 0, mask, buffer) !== 0) return errno();
  const told = (view.getUint32(0, true) & c.STATX_MNT_ID) !== 0;
  return { ...decode(), mount: told ? view.getBigUint64(144, true) : undefined };
}

const empty = new Uint8Array(1);

/** State of an open descriptor, or the errno. */
export function fstatx(descriptor: number): FileState | number {
  return libc().statx(descriptor, empty, c.AT_EMPTY_PATH, c.STATX_BASIC, buffer) === 0 ? decode() : errno();
}

const fileSystem = new Uint8Array(256), fileSystemView = new DataView(fileSystem.buffer);

/** statfs f_type of the file system that holds `path` (byte string), or undefined where it cannot be asked. */
export function fileSystemType(path: string): number | undefined {
  if (libc().statfs(cPath(path), fileSystem) !== 0) return undefined;
  return Number(fileSystemView.getBigUint64(0, true));
}

/** Bytes that are free for us on the file system that holds `path` (byte string); 0 where it cannot be asked. */
export function freeBytes(path: string): number {
  if (libc().statfs(cPath(path), fileSystem) !== 0) return 0;
  return Number(fileSystemView.getBigUint64(32, true)) * Number(fileSystemView.getBigInt64(8, true));
}

/** The signature of a state, 48 bytes. */
export function signatureOf(state: FileState): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(signatureBytes), out = new DataView(bytes.buffer);
  [state.dev, state.ino, BigInt(state.size), state.mtime, state.ctime, BigInt(state.mode)]
    .forEach((value, i) => out.setBigUint64(i * 8, BigInt.asUintN(64, value), true));
  return bytes;
}

const time = new Uint8Array(16), timeView = new DataView(time.buffer);

function clock(id: number): bigint {
  libc().clock_gettime(id, time);
  return timeView.getBigInt64(0, true) * 1_000_000_000n + timeView.getBigInt64(8, true);
}

/**
 * CLOCK_REALTIME_COARSE in nanoseconds: never later than the time given to a file that is made afterwards,
 * which CLOCK_REALTIME and Date.now() are (soundness.md 1.4).
 */
export function coarseNow(): bigint {
  return clock(c.CLOCK_REALTIME_COARSE);
}

/** CLOCK_REALTIME in nanoseconds: never earlier than the time given to a file that was made before. */
export function realNow(): bigint {
  return clock(c.CLOCK_REALTIME);
}
