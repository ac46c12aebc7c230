/**
 * A daemon's account of itself, as text and as JSON.
 *
 * The JSON has the shape and names that scripts around zccache know: what identifies it at the top, the rest in `daemon`.
 * Counts are those of this daemon since its start; `stats` has those of the cache. What zccache has no counterpart for
 * (namespaces, private daemons, a dependency graph beside its results) is not there.
 *
 * @module
 */
import { formatDuration, formatSize } from "../base/units.ts";
import { plural } from "./render.ts";
import { kinds, type Stats } from "./stats.ts";

/** What a daemon answers. Facts that are not there are not shown. */
export interface DaemonState {
  [fact: string]: unknown;
  endpoint: string;
  cache_dir: string;
  /** Of this daemon's own runs. */
  runs?: Stats;
}

/** `zccache status --json`. */
export function statusOf(state: DaemonState): Record<string, unknown> {
  const { protocol, runs, connections, stored_results, size_bytes, ...own } = state;
  const compiles = runs && sumOf(runs, ["compile", "other"]),
    links = runs && sumOf(runs, ["link", "archive"]);
  return {
    status: "ok",
    endpoint: state.endpoint,
    protocol_version: protocol,
    hit_rate: rate(compiles),
    link_hit_rate: rate(links),
    daemon: {
      ...own,
      artifact_count: stored_results,
      cache_size_bytes: size_bytes,
      cache_hits: compiles?.hits,
      cache_misses: compiles?.misses,
      total_compilations: compiles?.total,
      non_cacheable: compiles?.passed,
      compile_errors: runs && (runs.by_outcome.pass_failed ?? 0),
      time_saved_ms: runs?.time_saved_ms,
      total_links: links?.total,
      link_hits: links?.hits,
      link_misses: links?.misses,
      link_non_cacheable: links?.passed,
      sessions_active: connections,
      sessions_total: runs?.runs,
    },
  };
}

interface Sum {
  hits: number;
  misses: number;
  passed: number;
  total: number;
}

function sumOf({ by_kind }: Stats, of: readonly (typeof kinds)[number][]): Sum {
  const sum = { hits: 0, misses: 0, passed: 0, total: 0 };
  for (const { hits, misses, passed } of of.map((kind) => by_kind[kind])) {
    sum.hits += hits, sum.misses += misses, sum.passed += passed;
    sum.total += hits + misses + passed;
  }
  return sum;
}

function rate(sum: Sum | undefined): number | null {
  return sum !== undefined && sum.hits + sum.misses > 0 ? sum.hits / (sum.hits + sum.misses) : null;
}

/** What `zccache status` prints, with a last line break. Facts that the daemon did not give are left out. */
export function renderStatus(state: DaemonState): string {
  const { version, protocol, build, pid } = state;
  const lines = [`zccache ${version} (protocol ${protocol}, build ${build}): daemon ${pid}`, ""];
  const fact = (title: string, value: string | undefined) => {
    if (value !== undefined) lines.push(`  ${title.padEnd(11)}${value}`);
  };
  const number = (name: string, render: (value: number) => string) => {
    const value = state[name];
    return typeof value === "number" ? render(value) : undefined;
  };
  fact("Endpoint:", state.endpoint);
  fact("Cache:", state.cache_dir);
  fact("Up:", number("uptime_secs", (seconds) => seconds < 1 ? "under 1 s" : formatDuration(seconds * 1000)));
  fact("Serving:", number("connections", (count) => plural(count, "connection")));
  const stored = number("stored_results", (count) => plural(count, "result")),
    bytes = number("size_bytes", formatSize);
  fact("Stored:", stored && bytes && `${stored} (${bytes})`);
  for (const name of ["launcher", "tracer", "watch"]) {
    const text = state[name];
    fact(`${name[0].toUpperCase()}${name.slice(1)}:`, typeof text === "string" ? text : undefined);
  }
  if (state.read_only === true) fact("Read-only:", "results are delivered, none is stored");
  return lines.join("\n") + "\n";
}
