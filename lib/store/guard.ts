/**
 * The lock under which the journal is appended to and the index rewritten. Held for microseconds; so waiting is right, and
 * with a bound, because a stopped process may hold it.
 *
 * @module
 */
import { cPath, fromText } from "../base/bytes.ts";
import { c, errno, libc } from "../os/mod.ts";

const napMs = 2;
const nap = new Int32Array(new SharedArrayBuffer(4));

/** What is thrown where somebody else has the lock for longer than one may wait. */
export class HeldByOther extends Error {
  constructor(path: string) {
    super(`${path} is held by another process`);
  }
}

/**
 * Runs `work` while nobody else appends or rewrites. To wait for that stops the thread.
 *
 * @throws {HeldByOther} where the lock cannot be had within `patienceMs`.
 * @throws {Error} where its file cannot be made.
 */
export function underLock<T>(path: string, patienceMs: number, work: () => T): T {
  const until = performance.now() + patienceMs;
  for (;;) {
    const descriptor = take(path);
    if (descriptor !== undefined) return holding(descriptor, work);
    if (performance.now() >= until) throw new HeldByOther(path);
    Atomics.wait(nap, 0, 0, napMs);
  }
}

/** The same for who has others to answer meanwhile. A lock that is free is had at once. */
export async function underLockAside<T>(path: string, patienceMs: number, work: () => T): Promise<T> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const descriptor = take(path);
    if (descriptor !== undefined) return holding(descriptor, work);
    if (performance.now() >= until) throw new HeldByOther(path);
    await new Promise((resolve) => setTimeout(resolve, napMs));
  }
}

function holding<T>(descriptor: number, work: () => T): T {
  try {
    return work();
  } finally {
    libc().close(descriptor);
  }
}

/** A descriptor that holds the lock, undefined where another process has it. Nothing is written into the file: each put of a result takes it. */
function take(path: string): number | undefined {
  const flags = c.O_RDWR | c.O_CREAT | c.O_CLOEXEC | c.O_NOFOLLOW;
  const descriptor = libc().open(cPath(fromText(path)), flags, 0o600);
  if (descriptor < 0) throw new Error(`cannot lock ${path} (errno ${errno()})`);
  if (libc().flock(descriptor, c.LOCK_EX | c.LOCK_NB) === 0) return descriptor;
  const problem = errno();
  libc().close(descriptor);
  if (problem === c.EAGAIN) return undefined;
  throw new Error(`cannot lock ${path} (errno ${problem})`);
}
