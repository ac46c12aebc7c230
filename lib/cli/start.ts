/**
 * `zccache start`: makes sure that a daemon runs.
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { startDaemon } from "../daemon/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { openSession } from "./session.ts";

/** A person waits longer than a compile does. */
const waitMs = 10_000;

/** Starts the daemon if there is none; the exit status. */
export function run(parsed: Parsed, io: CommandIo): Promise<number> {
  const { places, daemonCommand } = openSession(parsed, io);
  const started = startDaemon({ places, command: daemonCommand, waitMs, insist: true });
  if (started === "running" || started === "started") {
    io.err(`daemon running at ${shown(places.socket)}\n`);
    return Promise.resolve(0);
  }
  const problem = typeof started === "object"
    ? started.problem
    : `Cannot start the daemon: no answer within ${waitMs / 1000} s\n  See ${shown(places.log)}`;
  io.err(`zccache: ${problem}\n`);
  return Promise.resolve(1);
}
