/**
 * The lock under which the journal is appended to and the index rewritten. Held for microseconds; so waiting is right, and
 * with a bound, because a stopped process may hold it.
 *
 * @module
 */
import { cString, fromText } from "../base/bytes.ts";
import { c, errno, libc } from "../os/mod.ts";

/** A rewrite of a large index holds the lock for some 100 ms. */
const patienceMs = 5_000;
const napMs = 2;
const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs `work` while nobody else appends or rewrites.
 *
 * @throws {Error} where the lock cannot be had within 5 s, or its file not be made.
 */
export function underLock<T>(path: string, work: () => T): T {
  const descriptor = wait(path);
  try {
    return work();
  } finally {
    libc().close(descriptor);
  }
}

/** A descriptor that holds the lock. Nothing is written into the file: each put of a result takes it. */
function wait(path: string): number {
  const flags = c.O_RDWR | c.O_CREAT | c.O_CLOEXEC | c.O_NOFOLLOW;
  const descriptor = libc().open(cString(fromText(path)), flags, 0o600);
  if (descriptor < 0) throw new Error(`cannot lock ${path} (errno ${errno()})`);
  const until = performance.now() + patienceMs;
  while (libc().flock(descriptor, c.LOCK_EX | c.LOCK_NB) !== 0) {
    const problem = errno();
    if (problem === c.EAGAIN && performance.now() <= until) {
      Atomics.wait(nap, 0, 0, napMs);
      continue;
    }
    libc().close(descriptor);
    throw new Error(
      problem === c.EAGAIN ? `${path} is held by another process` : `cannot lock ${path} (errno ${problem})`,
    );
  }
  return descriptor;
}
