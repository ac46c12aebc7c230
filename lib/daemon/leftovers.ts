/**
 * What killed processes of ours left in the runtime folder: records of runs and private sockets.
 *
 * Their names end in or hold the pid that made them, so what a living process uses stays. (A pid that was given
 * away again keeps a leftover for a while longer; one of another pid namespace may lose a record, which costs a
 * result, since a run whose record is incomplete is not stored.)
 *
 * A killed daemon's debts may be in its records: its heir, who pays them first, removes those at once, and others only once
 * nobody has come for them for so long that nobody will.
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { isAlive } from "../os/mod.ts";
import { hashName } from "./places.ts";

/** Names that may be removed once process `pid` is gone; anything else in the folder is not looked at. */
const leftover = /^(?:record-(?:(?<cache>[0-9a-f]{16})-)?(?<record>\d+)-\d+|one-shot-(?<socket>\d+)\.sock)$/;
/** How long records of another cache stay once they were seen to be a dead process's. */
const keptMs = 600_000;

/** Name of a one-shot's private socket in the runtime folder. */
export function oneShotSocketName(pid: number): string {
  return `one-shot-${pid}.sock`;
}

/** What stands in the names of a cache's records. @param cache Its folder. */
export function recordLabel(cache: string): string {
  return hashName(cache);
}

/**
 * Removes leftovers of dead processes from the runtime folder (byte string). Trouble leaves them to the next.
 *
 * @param cache The folder of ours, whose debts are paid. @param now Milliseconds since 1970.
 */
export function sweepRuntime(runtime: string, cache: string, now = Date.now()): void {
  const folder = shown(runtime), own = recordLabel(cache);
  for (const { name } of Deno.readDirSync(folder)) {
    const { cache: label = own, record, socket } = leftover.exec(name)?.groups ?? {};
    const pid = Number(record ?? socket);
    if (Number.isNaN(pid) || pid === Deno.pid || isAlive(pid)) continue;
    try {
      if (label === own || isForgotten(`${folder}/${name}`, now)) Deno.removeSync(`${folder}/${name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // another sweeper was quicker
    }
  }
}

/**
 * Whether a dead process's file was seen long ago. Who sees it first sets its time of access to 0, which notes the moment as
 * that of its last change: how old the file is does not tell how long its process is dead.
 */
function isForgotten(path: string, now: number): boolean {
  const { atime, ctime, mtime } = Deno.lstatSync(path);
  if (atime?.getTime() === 0) return now - (ctime?.getTime() ?? now) >= keptMs;
  Deno.utimeSync(path, 0, mtime ?? 0);
  return false;
}
