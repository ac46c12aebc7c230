/**
 * A child that stands for us: it gets what we got, ends when it ends, and meanwhile signals are its business.
 *
 * @module
 */
import {
  c,
  close,
  defaultSignal,
  ended,
  ignoredSignals,
  ignoreSignal,
  meaning,
  pidDescriptor,
  PollSet,
  signalProcess,
  signals,
  spawn,
} from "../os/mod.ts";

/** How often a child is looked at where the kernel has no pidfd. */
const lookEveryMs = 2;
/** Longest single wait for the child; waiting just begins again. */
const waitMs = 60_000;
const passedOn = ["SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

/** How the child ended; `signal` is 0 for an exit. */
export interface ChildEnd {
  code: number;
  signal: number;
}

/**
 * Runs `program` (byte string; no search in PATH) to its end.
 *
 * @param environ Strings "NAME=value"; default: exactly our own.
 * @returns How it ended; the errno where it could not be started.
 */
export async function runChild(
  program: string,
  argv: readonly string[],
  environ?: readonly string[],
): Promise<ChildEnd | number> {
  const signalsBack = standAside();
  try {
    const child = spawn(program, argv, { defaults: signalsBack.defaults, environ });
    if (child < 0) return -child;
    const forwarding = forward(child, signalsBack.ignored);
    try {
      return meaning(await endOf(child));
    } finally {
      forwarding.stop();
    }
  } finally {
    signalsBack.restore();
  }
}

/**
 * Ignores what the terminal sends to the whole group, and that a file of ours grows beyond the child's limit: then
 * nothing is stored. `defaults`: what the child must not inherit of that.
 */
export function standAside(): { defaults: number[]; ignored: Set<number>; restore(): void } {
  const ignored = ignoredSignals();
  const defaults = [signals.SIGINT, signals.SIGQUIT, signals.SIGXFSZ].filter((signal) =>
    !ignored.has(signal)
  );
  defaults.forEach(ignoreSignal);
  return { defaults, ignored, restore: () => defaults.forEach(defaultSignal) };
}

/**
 * Passes signals on to the child, except those that our parent had us ignore. Once the child has ended they are
 * only kept from ending us before the flush; so the listeners stay until this process ends.
 */
export function forward(child: number, ignored: ReadonlySet<number>): { stop(): void } {
  let alive = true;
  for (const name of passedOn) {
    if (ignored.has(signals[name])) continue;
    Deno.addSignalListener(name, () => void (alive && signalProcess(child, signals[name])));
  }
  return { stop: () => void (alive = false) };
}

/** The wait status of `child` once it ended. */
export async function endOf(child: number): Promise<number> {
  const descriptor = pidDescriptor(child), set = new PollSet();
  try {
    for (;;) {
      const status = ended(child);
      if (status !== undefined) return status;
      if (descriptor >= 0) {
        set.clear();
        set.add(descriptor, c.POLLIN);
        await set.waitAside(waitMs);
      } else await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  } finally {
    if (descriptor >= 0) close(descriptor);
  }
}
