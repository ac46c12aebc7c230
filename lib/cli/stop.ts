/**
 * `zccache stop`: asks the daemon to finish, and waits until its last flush is on disk.
 *
 * The lock is what is waited for, not the socket: the socket goes first, the lock last.
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { askAdmin, ownerOf } from "../daemon/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { openSession } from "./session.ts";

const lookEveryMs = 5;

/** Stops the daemon; 0 also where none ran, 1 where it does not end in time. */
export async function run(parsed: Parsed, io: CommandIo): Promise<number> {
  const { places, settings, build } = openSession(parsed, io);
  const endpoint = shown(places.socket);
  const isOwned = () => ownerOf(places) !== undefined;
  const until = performance.now() + settings.stopTimeoutMs;
  const answer = askAdmin(places.socket, { verb: "stop", build, deadlineMs: settings.stopTimeoutMs });
  if (answer === "absent" && !isOwned()) {
    io.err(`daemon not running at ${endpoint}\n`);
    return 0;
  }
  while (isOwned()) {
    if (performance.now() >= until) return late(endpoint, settings.stopTimeoutMs, io);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  io.err("daemon stopped\n");
  return 0;
}

function late(endpoint: string, waitedMs: number, io: CommandIo): number {
  io.err(
    `zccache: Cannot stop the daemon at ${endpoint}: it did not end within ${waitedMs / 1000} s\n` +
      "  It may still be writing; wait longer with ZCCACHE_STOP_TIMEOUT_SECS\n",
  );
  return 1;
}
