/**
 * A lock file: who holds the flock is the owner, and its pid stands in the file for people, with a line of the owner's.
 *
 * The lock, not the file, says that an owner lives: the kernel drops it at any death, so a file that stays
 * behind blocks nobody. The file is never removed, since a lock on a removed file would let two owners in.
 * Deno's lockSync waits and so stops the event loop; this asks once.
 *
 * @module
 */
import { bytesOf, byteString, cPath } from "../base/bytes.ts";
import { c, errno, libc } from "./libc.ts";

/** A held lock. It ends with `release` or with this process. */
export interface HeldLock {
  readonly descriptor: number;
  release(): void;
}

/**
 * Takes the lock at `path` (byte string), made 0600 where it is missing, and writes our pid into it.
 *
 * @param lines What others may know of the owner, byte strings.
 * @returns The lock; "held" where somebody else has it; the errno where the file cannot be opened or locked.
 */
export function takeLock(path: string, ...lines: string[]): HeldLock | "held" | number {
  const descriptor = libc().open(cPath(path), c.O_RDWR | c.O_CREAT | c.O_CLOEXEC | c.O_NOFOLLOW, 0o600);
  if (descriptor < 0) return errno();
  if (libc().flock(descriptor, c.LOCK_EX | c.LOCK_NB) !== 0) {
    const problem = errno();
    libc().close(descriptor);
    return problem === c.EAGAIN ? "held" : problem;
  }
  const text = bytesOf([Deno.pid, ...lines, ""].join("\n"));
  libc().ftruncate(descriptor, 0n);
  libc().pwrite(descriptor, text, BigInt(text.length), 0n); // on a full disk nobody learns of us, which does no harm
  return { descriptor, release: () => void libc().close(descriptor) };
}

/** Whether somebody holds the lock at `path` (byte string); false where there is no such file. */
export function isHeld(path: string): boolean {
  return heldLines(path) !== undefined;
}

const longestText = 8192;

/** The lines of whoever holds the lock at `path` (byte string), or undefined where nobody does. */
export function heldLines(path: string): string[] | undefined {
  const descriptor = libc().open(cPath(path), c.O_RDONLY | c.O_CLOEXEC | c.O_NOFOLLOW, 0);
  if (descriptor < 0) return undefined;
  try {
    const held = libc().flock(descriptor, c.LOCK_SH | c.LOCK_NB) !== 0 && errno() === c.EAGAIN;
    if (!held) return undefined;
    const text = new Uint8Array(longestText);
    const got = Number(libc().pread(descriptor, text, BigInt(text.length), 0n));
    return byteString(text.subarray(0, Math.max(got, 0))).split("\n").slice(1);
  } finally {
    libc().close(descriptor);
  }
}
