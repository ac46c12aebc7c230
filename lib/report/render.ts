/**
 * Statistics as text for people. JSON is the objects themselves.
 *
 * @module
 */
import { formatDuration, formatSize } from "../base/units.ts";
import { fallbacks } from "../lookup/outcome.ts";
import { hintOf, kinds, rowOf, type Stats } from "./stats.ts";

/** What `zccache stats` prints, with a last line break. Blocks whose numbers are all 0 are left out. */
export function renderStats(stats: Stats, recent: readonly string[]): string {
  const lines = [`Statistics since ${stats.since.slice(0, 19).replace("T", " ")} UTC`, ""];
  const { runs, hits, misses, passed, errors } = stats;
  lines.push(
    `  Runs:        ${runs} (${plural(hits, "hit")}, ${plural(misses, "miss", "misses")}, ${passed} passed)`,
  );
  lines.push(`  Hit rate:    ${stats.hit_rate === null ? "n/a" : percent(stats.hit_rate)}`);
  if (stats.time_saved_ms > 0) lines.push(`  Time saved:  ~${formatDuration(stats.time_saved_ms)}`);
  if (errors > 0) lines.push(`  Errors:      ${errors}`);
  if (stats.other_file_tree > 0) {
    lines.push(
      `  Elsewhere:   ${
        plural(stats.other_file_tree, "run")
      } decided without the daemon, which sees another file tree`,
    );
  }
  lines.push(`  Stored:      ${plural(stats.stored_results, "result")} (${formatSize(stats.size_bytes)})`);
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
  if (outcomes.length > 0) lines.push("", ...reasons(outcomes, (name) => rowOf(name)?.text));
  const unshared = Object.entries(stats.not_shared);
  if (unshared.length > 0) {
    const why: Record<string, string> = fallbacks;
    lines.push("", "Not shared between trees:", ...reasons(unshared, (name) => why[name]));
  }
  const hint = hintOf(recent);
  if (hint !== undefined) lines.push("", hintLine(hint));
  return lines.join("\n") + "\n";
}

/** Rows of name, count and meaning, as sorted by the caller. */
function reasons(rows: [string, number][], textOf: (name: string) => string | undefined): string[] {
  const name = width(rows.map(([name]) => name));
  const count = width(rows.map(([, count]) => String(count)));
  return rows.map(([row, n]) =>
    `  ${row.padEnd(name)}  ${String(n).padStart(count)}  ${textOf(row) ?? ""}`.trimEnd()
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

/** 1 as "1 hit", 2 as "2 hits". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** 0.6667 as "66.7%". */
export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)}%`;
}
