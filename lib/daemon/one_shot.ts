/**
 * A daemon for one request: no daemon is wanted or possible, so this process decides for one launcher, its child.
 *
 * The child gets exactly what we got: environment, descriptors, limits, and the signals that we were given. While
 * it runs we ignore SIGINT and SIGQUIT (the terminal sends them to it as well), pass the others on, and end as it
 * ended. It starts before the cache is opened, so that both take place at the same time; should opening fail, the
 * socket goes away and the launcher runs the tool.
 *
 * @module
 */
import type { Log } from "../base/log.ts";
import { shown } from "../base/bytes.ts";
import {
  c,
  close,
  defaultSignal,
  ended,
  ignoredSignals,
  ignoreSignal,
  listenAt,
  meaning,
  pidDescriptor,
  PollSet,
  signalProcess,
  signals,
  spawn,
} from "../os/mod.ts";
import { Conversation } from "./conversation.ts";
import { fileTreeOf, seesSameFiles } from "./file_tree.ts";
import type { Cache } from "./lifecycle.ts";
import { Server } from "./server.ts";

/** How often a child is looked at where the kernel has no pidfd. */
const lookEveryMs = 2;
/** Longest single wait for the child; waiting just begins again. */
const waitMs = 60_000;
const passedOn = ["SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

export interface OneShotOptions {
  /** Path of the private socket, in the runtime folder. */
  socket: string;
  /** The launcher and its arguments for this socket (byte strings). */
  command: readonly string[];
  build: bigint;
  log: Log;
  now(): number;
  open(): Cache;
}

/** How the child ended; `signal` is 0 for an exit. */
export interface ChildEnd {
  code: number;
  signal: number;
}

/**
 * Runs the launcher and decides for it.
 *
 * @returns How it ended, after everything is flushed; the errno where it could not be started.
 */
export async function runOneShot(options: OneShotOptions): Promise<ChildEnd | number> {
  const listener = listenAt(options.socket);
  const signalsBack = standAside();
  try {
    const child = spawn(options.command[0], options.command, { defaults: signalsBack.defaults });
    if (child < 0) return -child;
    const forwarding = forward(child, signalsBack.ignored);
    try {
      return meaning(await decideFor(child, listener, options));
    } finally {
      forwarding.stop();
    }
  } finally {
    signalsBack.restore();
    close(listener);
    Deno.removeSync(shown(options.socket));
  }
}

/** Ignores what the terminal sends to the whole group; `defaults`: what the child must not inherit of that. */
function standAside(): { defaults: number[]; ignored: Set<number>; restore(): void } {
  const ignored = ignoredSignals();
  const defaults = [signals.SIGINT, signals.SIGQUIT].filter((signal) => !ignored.has(signal));
  defaults.forEach(ignoreSignal);
  return { defaults, ignored, restore: () => defaults.forEach(defaultSignal) };
}

/**
 * Passes signals on to the child, except those that our parent had us ignore. Once the child has ended they are
 * only kept from ending us before the flush; so the listeners stay until this process ends.
 */
function forward(child: number, ignored: ReadonlySet<number>): { stop(): void } {
  let alive = true;
  for (const name of passedOn) {
    if (ignored.has(signals[name])) continue;
    Deno.addSignalListener(name, () => void (alive && signalProcess(child, signals[name])));
  }
  return { stop: () => void (alive = false) };
}

async function decideFor(child: number, listener: number, options: OneShotOptions): Promise<number> {
  const ending = endOf(child);
  const cache = attempt(options);
  if (cache === undefined) {
    close(listener); // the launcher sees the end of its connection and runs the tool
    return await ending;
  }
  const tree = fileTreeOf("self");
  const server = new Server({
    listener,
    log: options.log,
    now: options.now,
    // A stranger's connection to a private socket has no business here.
    open: ({ pid }) =>
      pid !== child ? undefined : new Conversation<unknown>({
        decider: cache.decider,
        build: options.build,
        log: options.log,
        refuse: (ask) => seesSameFiles(tree, ask, pid) ? undefined : "pass_other_file_tree",
        count: (outcome) => cache.count(outcome),
        admin: (verb) => Promise.resolve({ error: `no daemon to ${verb}` }),
      }),
    elsewhereBusy: () => true, // signals and the child's end need the event loop
  });
  // The tool may have run by now, so trouble of ours must not become trouble of the caller's, who would run it again.
  const trouble = (error: unknown) =>
    options.log.warn(`one-shot: ${error instanceof Error ? error.stack : error}`);
  const serving = server.run().catch(trouble);
  const status = await ending;
  server.stop();
  await serving;
  await cache.close().catch(trouble);
  return status;
}

function attempt({ open, log }: OneShotOptions): Cache | undefined {
  try {
    return open();
  } catch (error) {
    log.warn(`cannot open the cache: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** The wait status of `child` once it ended. */
async function endOf(child: number): Promise<number> {
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
