/**
 * Every name that the store owns. What does not parse here is not ours and is left alone.
 *
 *     <cache>/v1/format                 the format's version, one line
 *     <cache>/v1/objects/ab/cdef...     blobs by SHA-256, read-only
 *     <cache>/v1/index/xx.msgpack       256 shards: snapshots of units by the first byte of their action key
 *     <cache>/v1/index/files.msgpack    digests of large files by path
 *     <cache>/v1/index/journal.log      records since the shards were written
 *     <cache>/v1/index/lock             flock: who appends to the journal or rewrites the index
 *     <cache>/v1/stats.msgpack          counters
 *     <cache>/v1/tmp/<pid>-<n>          staged blobs and snapshots
 *     <cache>/v1/tmp/owed-<pid>-<n>     what a process has acknowledged and not stored yet
 *
 * @module
 */
import { type Digest, hex } from "../base/digest.ts";

/** Another number is another format: such a folder is left as it is. */
export const formatLine = "zccache store 1\n";
export const shardCount = 256;
/** Number of the shard that holds digests of large files. */
export const filesShard = 256;

export const names = {
  format: "format",
  shard: (n: number) => `index/${n === filesShard ? "files" : n.toString(16).padStart(2, "0")}.msgpack`,
  journal: "index/journal.log",
  lock: "index/lock",
  stats: "stats.msgpack",
  object: (digest: Digest) => {
    const digits = hex(digest);
    return `objects/${digits.slice(0, 2)}/${digits.slice(2)}`;
  },
  temporary: (pid: number, n: number) => `tmp/${pid}-${n}`,
  debt: (pid: number, n: number) => `tmp/owed-${pid}-${n}`,
};
/** Folders, parents first. */
export const folders = ["", "objects", "index", "tmp"];

/** The digest that an object's name below `objects/` stands for, or undefined where it is no such name. */
export function objectDigits(folder: string, name: string): string | undefined {
  return /^[0-9a-f]{2}$/.test(folder) && /^[0-9a-f]{62}$/.test(name) ? folder + name : undefined;
}

/** Pid in the name of a staged file, or undefined where it is none of ours. */
export function temporaryPid(name: string): number | undefined {
  const parsed = /^(\d+)-\d+$/.exec(name);
  return parsed ? Number(parsed[1]) : undefined;
}

/** Whether a name below `tmp/` is that of a debt. */
export function isDebt(name: string): boolean {
  return /^owed-\d+-\d+$/.test(name);
}
