/**
 * Statistics: what the counters of all runs say, summed over modes and restarts (decisions.md 3).
 *
 * A counter is a name with a number; a run adds to `run <outcome> <kind>` and, when it hit, to `saved_us`.
 * Names keep everything that is shown, so that another way to sum needs no other counters. Numbers of outcomes
 * that this version does not know (a newer one shares the cache) count by the first word of their name.
 *
 * Always true: runs = hits + misses + passed; an error is a run that passed for a fault of ours.
 *
 * @module
 */
import { type Fallback, type OutcomeRow, outcomes } from "../lookup/outcome.ts";

/** Counters since the last reset, and the outcomes of the last runs (oldest first). */
export interface Counted {
  /** When counting began, ms since 1970. */
  since: number;
  counters: ReadonlyMap<string, number>;
  recent: readonly string[];
}

export interface Sizes {
  results: number;
  bytes: number;
}

export const kinds = ["compile", "link", "archive", "other"] as const;
export interface KindStats {
  hits: number;
  misses: number;
  passed: number;
}

/** `zccache stats --json`, field for field. */
export interface Stats {
  schema: 1;
  /** ISO 8601. */
  since: string;
  runs: number;
  hits: number;
  misses: number;
  passed: number;
  errors: number;
  /** hits / (hits + misses), null where there were none. */
  hit_rate: number | null;
  by_outcome: Record<string, number>;
  by_kind: Record<(typeof kinds)[number], KindStats>;
  time_saved_ms: number;
  /** Runs that one-shots decided because the daemon sees another file tree; they count above as all others do. */
  other_file_tree: number;
  /** Why results of runs with ZCCACHE_PATH_REMAP=auto are not shared between trees. */
  not_shared: Record<string, number>;
  stored_results: number;
  size_bytes: number;
}

/** How many of the last runs the hint looks at. */
export const recentRuns = 50;
const savedCounter = "saved_us";
/** Of runs that were decided beside a daemon that sees other files. */
export const elsewhereCounter = "other_file_tree";

/** The counters that one run adds to. */
export function countersOf(
  outcome: string,
  kind: string,
  savedUs: number,
  unshared?: Fallback,
): [string, number][] {
  const counters: [string, number][] = [[`run ${outcome} ${kind}`, 1]];
  if (savedUs > 0) counters.push([savedCounter, savedUs]);
  if (unshared !== undefined) counters.push([`unshared ${unshared}`, 1]);
  return counters;
}

/** Sums counters. */
export function statsOf({ since, counters }: Counted, sizes: Sizes): Stats {
  const total = { hits: 0, misses: 0, passed: 0, errors: 0 };
  const byOutcome = new Map<string, number>(), unshared = new Map<string, number>();
  const byKind = Object.fromEntries(kinds.map((kind) => [kind, { hits: 0, misses: 0, passed: 0 }])) as Record<
    (typeof kinds)[number],
    KindStats
  >;
  for (const [name, count] of counters) {
    const [what, outcome, kind] = name.split(" ");
    if (what === "unshared") unshared.set(outcome, count);
    // What another process takes back may be counted there, and not written yet.
    if (what !== "run" || count <= 0) continue;
    const column = columnOf(outcome);
    const row = byKind[kinds.find((known) => known === kind) ?? "other"];
    total[column] += count, row[column] += count;
    if (rowOf(outcome)?.class === "error") total.errors += count;
    byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + count);
  }
  const { hits, misses, passed, errors } = total;
  return {
    schema: 1,
    since: new Date(since).toISOString(),
    runs: hits + misses + passed,
    hits,
    misses,
    passed,
    errors,
    hit_rate: hits + misses > 0 ? hits / (hits + misses) : null,
    by_outcome: commonestFirst(byOutcome),
    by_kind: byKind,
    time_saved_ms: Math.round((counters.get(savedCounter) ?? 0) / 1000),
    other_file_tree: counters.get(elsewhereCounter) ?? 0,
    not_shared: commonestFirst(unshared),
    stored_results: sizes.results,
    size_bytes: sizes.bytes,
  };
}

function commonestFirst(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}

/** The table's row of an outcome, or undefined for one that a newer version wrote. */
export function rowOf(outcome: string): OutcomeRow | undefined {
  return (outcomes as Record<string, OutcomeRow>)[outcome];
}

function columnOf(outcome: string): "hits" | "misses" | "passed" {
  const kind = rowOf(outcome)?.class ?? /^[a-z]*/.exec(outcome)![0];
  return kind === "hit" ? "hits" : kind === "miss" ? "misses" : "passed";
}

/** When over half of the last runs passed: the commonest reason, and what to do about it. */
export function hintOf(
  recent: readonly string[],
): { outcome: string; count: number; of: number } | undefined {
  const last = recent.slice(-recentRuns), counts = new Map<string, number>();
  for (const outcome of last) {
    if (columnOf(outcome) === "passed") counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  const passed = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (passed * 2 <= last.length) return undefined;
  const [outcome, count] = [...counts].sort(([, a], [, b]) => b - a)[0];
  return { outcome, count, of: last.length };
}
