/**
 * Counters of all runs, summed over modes and restarts: a small file of its own, so that reading them needs no index.
 *
 * @module
 */
import { decode, encode } from "@std/msgpack";
import { readIfThere, replaceFile } from "./files.ts";
import { underLock } from "./guard.ts";
import { names } from "./layout.ts";
import { preparePlace } from "./place.ts";
import { sealed, unsealed } from "./shard.ts";

/** Counters since the last reset. */
export interface Counters {
  /** ms since 1970. */
  since: number;
  counters: Map<string, number>;
  /** The last outcomes, oldest first. */
  recent: string[];
}

/** How many outcomes are kept in order. */
export const recentRuns = 50;

/** The counters of a store folder; empty ones where there are none or the file is damaged. */
export function readCounters(folder: string, now: number): Counters {
  const file = readIfThere(`${folder}/${names.stats}`), value = file && unsealed(file);
  if (value === undefined) return { since: now, counters: new Map(), recent: [] };
  const { since, counters, recent } = decode(value) as {
    since: number;
    counters: [string, number][];
    recent: string[];
  };
  return { since, counters: new Map(counters), recent };
}

/** Writes counters whole. Not flushed to the disk: a power cut may cost the last few runs' numbers. */
export function writeCounters(folder: string, { since, counters, recent }: Counters): void {
  const value = { since, counters: [...counters], recent };
  replaceFile(folder, `${folder}/${names.stats}`, sealed(encode(value)), "nothing");
}

/** `base` with what was counted since. */
export function addCounters(
  base: Counters,
  counters: ReadonlyMap<string, number>,
  recent: readonly string[],
): Counters {
  const sum = new Map(base.counters);
  for (const [name, n] of counters) sum.set(name, (sum.get(name) ?? 0) + n);
  return { since: base.since, counters: sum, recent: [...base.recent, ...recent].slice(-recentRuns) };
}

/** Who counts for a run that nobody decided waits no longer than that for others. */
const patienceMs = 200;

/**
 * Counts a run for whom no store is opened, in the store's folder. Where that is read-only it stays uncounted.
 *
 * @throws {Error} where the folder cannot be used or others hold it.
 */
export function countAlone(
  folder: string,
  run: { counters: Iterable<readonly [string, number]>; outcome: string; now: number },
): void {
  if (preparePlace(folder) !== "writable") return;
  underLock(`${folder}/${names.lock}`, patienceMs, () => {
    const there = readCounters(folder, run.now);
    writeCounters(folder, addCounters(there, new Map(run.counters), [run.outcome]));
  });
}
