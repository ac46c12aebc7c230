/**
 * The lock under which the journal is appended to and the index rewritten. Held for microseconds; so waiting is right, and
 * with a bound, because a stopped process may hold it.
 *
 * @module
 */
import { fromText } from "../base/bytes.ts";
import { type HeldLock, takeLock } from "../os/mod.ts";

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
  const lock = wait(path);
  try {
    return work();
  } finally {
    lock.release();
  }
}

function wait(path: string): HeldLock {
  const until = performance.now() + patienceMs;
  for (;;) {
    const lock = takeLock(fromText(path));
    if (typeof lock === "object") return lock;
    if (lock !== "held") throw new Error(`cannot lock ${path} (errno ${lock})`);
    if (performance.now() > until) throw new Error(`${path} is held by another process`);
    Atomics.wait(nap, 0, 0, napMs);
  }
}
