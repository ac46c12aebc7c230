/**
 * `zccache status [--json]`: whether a daemon runs, and what it says of itself. Never starts one.
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { askAdmin } from "../daemon/mod.ts";
import { formatDuration } from "../base/units.ts";
import { type DaemonState, renderStatus, statusOf } from "../report/mod.ts";
import type { CommandIo, Parsed } from "./command.ts";
import { openSession } from "./session.ts";

/** A daemon that is in the middle of a flush answers within this; one that is stopped never does. */
const deadlineMs = 3_000;

/** Prints the daemon's state; 1 where there is none or it does not answer. */
export function run(parsed: Parsed, io: CommandIo): Promise<number> {
  const { places, build } = openSession(parsed, io);
  const answer = askAdmin(places.socket, { verb: "status", build, deadlineMs });
  const where = { endpoint: shown(places.socket), cache_dir: shown(places.cache) };
  const json = parsed.flags.json === true;
  if (typeof answer === "string") {
    const text = answer === "absent"
      ? `no daemon at ${where.endpoint}\n`
      : `the daemon at ${where.endpoint} does not answer within ${formatDuration(deadlineMs)}\n`;
    io.out(json ? JSON.stringify({ status: answer, ...where }) + "\n" : text);
    return Promise.resolve(1);
  }
  const state: DaemonState = { ...where, ...answer.value as Record<string, unknown> };
  io.out(json ? JSON.stringify(statusOf(state)) + "\n" : renderStatus(state));
  return Promise.resolve(0);
}
