/**
 * Statistics and a daemon's state as text for people. JSON is the objects themselves.
 *
 * @module
 */
import { hintOf, kinds, rowOf, type Stats } from "./stats.ts";

/** What `zccache stats` prints, with a last line break. Blocks whose numbers are all 0 are left out. */
export function renderStats(stats: Stats, recent: readonly string[]): string {
  const lines = [`Statistics since ${stats.since.slice(0, 19).replace("T", " ")} UTC`, ""];
  const { runs, hits, misses, passed, errors } = stats;
  lines.push(`  Runs:        ${runs} (${hits} hits, ${misses} misses, ${passed} passed)`);
  lines.push(`  Hit rate:    ${stats.hit_rate === null ? "n/a" : percent(stats.hit_rate)}`);
  if (stats.time_saved_ms > 0) lines.push(`  Time saved:  ~${duration(stats.time_saved_ms)}`);
  if (errors > 0) lines.push(`  Errors:      ${errors}`);
  lines.push(`  Stored:      ${stats.stored_results} results (${size(stats.size_bytes)})`);
  const used = kinds.filter((kind) => sum(stats.by_kind[kind]) > 0);
  if (used.length > 0) {
    lines.push(
      "",
      ...table(
        ["", "hits", "misses", "passed"],
        used.map((kind) => {
          const { hits, misses, passed } = stats.by_kind[kind];
          return [kind, String(hits), String(misses), String(passed)];
        }),
      ),
    );
  }
  const outcomes = Object.entries(stats.by_outcome);
  if (outcomes.length > 0) lines.push("", ...reasons(outcomes));
  const hint = hintOf(recent);
  if (hint !== undefined) lines.push("", hintLine(hint));
  return lines.join("\n") + "\n";
}

/** Rows of outcome, count and meaning, as sorted by the caller. */
function reasons(outcomes: [string, number][]): string[] {
  const name = width(outcomes.map(([outcome]) => outcome));
  const count = width(outcomes.map(([, count]) => String(count)));
  return outcomes.map(([outcome, n]) =>
    `  ${outcome.padEnd(name)}  ${String(n).padStart(count)}  ${rowOf(outcome)?.text ?? ""}`.trimEnd()
  );
}

function hintLine({ outcome, count, of }: { outcome: string; count: number; of: number }): string {
  const row = rowOf(outcome);
  const remedy = row?.remedy ? `. ${row.remedy}` : "";
  return `Most of the last ${of} runs were not cached; ${count} for ${outcome} (${
    row?.text ?? "unknown"
  })${remedy}`;
}

/** A table with a head; the first column to the left, numbers to the right. */
export function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((title, i) => width([title, ...rows.map((row) => row[i])]));
  const line = (row: string[]) =>
    "  " + row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ");
  return [line(head), ...rows.map(line)];
}

function width(texts: string[]): number {
  return Math.max(...texts.map((text) => text.length));
}

function sum({ hits, misses, passed }: { hits: number; misses: number; passed: number }): number {
  return hits + misses + passed;
}

/** 0.6667 as "66.7%". */
export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)}%`;
}

/** Milliseconds as "340 ms", "4.8 s", "12 min", "3.1 h". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 6_000_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

/** Bytes as "512 B", "18.9 MB" (of 10^6). */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 999.5 && unit < units.length - 1; unit++) bytes /= 1000;
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}
