/**
 * What killed processes of ours left in the runtime folder: records of runs and private sockets.
 *
 * Their names end in or hold the pid that made them, so what a living process uses stays. (A pid that was given
 * away again keeps a leftover for a while longer; one of another pid namespace may lose a record, which costs a
 * result, since a run whose record is incomplete is not stored; so may a cache whose daemon was killed, if one of another
 * cache comes by before its debts are paid.)
 *
 * @module
 */
import { shown } from "../base/bytes.ts";
import { isAlive } from "../os/mod.ts";

/** Names that may be removed once process `pid` is gone; anything else in the folder is not looked at. */
const leftover = /^(?:record-(?<record>\d+)-\d+|one-shot-(?<socket>\d+)\.sock)$/;

/** Name of a one-shot's private socket in the runtime folder. */
export function oneShotSocketName(pid: number): string {
  return `one-shot-${pid}.sock`;
}

/** Removes leftovers of dead processes from the runtime folder (byte string). Trouble leaves them to the next. */
export function sweepRuntime(runtime: string): void {
  const folder = shown(runtime);
  for (const { name } of Deno.readDirSync(folder)) {
    const { record, socket } = leftover.exec(name)?.groups ?? {};
    const pid = Number(record ?? socket);
    if (Number.isNaN(pid) || pid === Deno.pid || isAlive(pid)) continue;
    try {
      Deno.removeSync(`${folder}/${name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // another sweeper was quicker
    }
  }
}
