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
import { messageOf, traceOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { shown } from "../base/bytes.ts";
import { close, listenAt, meaning, spawn } from "../os/mod.ts";
import { type ChildEnd, endOf, forward, standAside } from "./child.ts";
import { Conversation } from "./conversation.ts";
import { ownFileTree, seesSameFiles } from "./file_tree.ts";
import type { Cache } from "./lifecycle.ts";
import { Server } from "./server.ts";

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

async function decideFor(child: number, listener: number, options: OneShotOptions): Promise<number> {
  const ending = endOf(child);
  const cache = attempt(options);
  if (cache === undefined) {
    close(listener); // the launcher sees the end of its connection and runs the tool
    return await ending;
  }
  const tree = ownFileTree();
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
        peer: pid,
        refuse: (ask) => seesSameFiles(tree, ask) ? undefined : "pass_other_file_tree",
        count: (outcome) => cache.count(outcome),
        admin: (verb) => Promise.resolve({ error: `no daemon to ${verb}` }),
      }),
    elsewhereBusy: () => true, // signals and the child's end need the event loop
  });
  // The tool may have run by now, so trouble of ours must not become trouble of the caller's, who would run it again.
  const trouble = (error: unknown) => options.log.warn(`one-shot: ${traceOf(error)}`);
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
    log.warn(`cannot open the cache: ${messageOf(error)}`);
    return undefined;
  }
}
