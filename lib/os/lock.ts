/**
 * A lock file: who holds the flock is the owner, and its pid stands in the file for people.
 *
 * The lock, not the file, says that an owner lives: the kernel drops it at any death, so a file that stays
 * behind blocks nobody. The file is never removed, since a lock on a removed file would let two owners in.
 * Deno's lockSync waits and so stops the event loop; this asks once.
 *
 * @module
 */
import { cString } from "../base/bytes.ts";
import { c, errno, libc } from "./libc.ts";

/** A held lock. It ends with `release` or with this process. */
export interface HeldLock {
  readonly descriptor: number;
  release(): void;
}

/**
 * Takes the lock at `path` (byte string), made 0600 where it is missing, and writes our pid into it.
 *
 * @returns The lock; "held" where somebody else has it; the errno where the file cannot be opened or locked.
 */
export function takeLock(path: string): HeldLock | "held" | number {
  const descriptor = libc().open(cString(path), c.O_RDWR | c.O_CREAT | c.O_CLOEXEC | c.O_NOFOLLOW, 0o600);
  if (descriptor < 0) return errno();
  if (libc().flock(descriptor, c.LOCK_EX | c.LOCK_NB) !== 0) {
    const problem = errno();
    libc().close(descriptor);
    return problem === c.EAGAIN ? "held" : problem;
  }
  const pid = new TextEncoder().encode(`${Deno.pid}\n`.padEnd(12));
  libc().pwrite(descriptor, pid, BigInt(pid.length), 0n); // for people only: a full disk does no harm
  return { descriptor, release: () => void libc().close(descriptor) };
}

/** Whether somebody holds the lock at `path` (byte string); false where there is no such file. */
export function isHeld(path: string): boolean {
  const descriptor = libc().open(cString(path), c.O_RDONLY | c.O_CLOEXEC | c.O_NOFOLLOW, 0);
  if (descriptor < 0) return false;
  try {
    return libc().flock(descriptor, c.LOCK_SH | c.LOCK_NB) !== 0 && errno() === c.EAGAIN;
  } finally {
    libc().close(descriptor);
  }
}
