import { assert, assertEquals } from "@std/assert";
import { renderStats } from "./render.ts";
import { type Counted, countersOf, hintOf, statsOf } from "./stats.ts";
import { renderStatus, statusOf } from "./status.ts";

type Run = [outcome: string, kind: string, savedUs?: number];

function counted(runs: Run[]): Counted {
  const counters = new Map<string, number>();
  for (const [outcome, kind, savedUs] of runs) {
    for (const [name, n] of countersOf(outcome, kind, savedUs ?? 0)) {
      counters.set(name, (counters.get(name) ?? 0) + n);
    }
  }
  return { since: 0, counters, recent: runs.map(([outcome]) => outcome) };
}

const runs: Run[] = [
  ["hit", "compile", 1_500_000],
  ["hit", "compile", 500_000],
  ["hit", "archive"],
  ["miss_new", "compile"],
  ["pass_failed", "link"],
  ["error_internal", "compile"],
  ["miss_of_tomorrow", "unheard_of"],
];

Deno.test("statsOf() sums runs by class, outcome and kind", () => {
  assertEquals(statsOf(counted(runs), { results: 4, bytes: 9 }), {
    schema: 1,
    since: "1970-01-01T00:00:00.000Z",
    runs: 7,
    hits: 3,
    misses: 2,
    passed: 2,
    errors: 1,
    hit_rate: 0.6,
    by_outcome: { hit: 3, error_internal: 1, miss_new: 1, miss_of_tomorrow: 1, pass_failed: 1 },
    by_kind: {
      compile: { hits: 2, misses: 1, passed: 1 },
      link: { hits: 0, misses: 0, passed: 1 },
      archive: { hits: 1, misses: 0, passed: 0 },
      other: { hits: 0, misses: 1, passed: 0 },
    },
    time_saved_ms: 2000,
    other_file_tree: 0,
    not_shared: {},
    stored_results: 4,
    size_bytes: 9,
  });
});

Deno.test("statsOf() names the runs beside a daemon of another file tree, and leaves out what they took back", () => {
  const counters = new Map([["run hit compile", 2], ["other_file_tree", 2]]);
  const sum = (passed: number) => {
    counters.set("run pass_other_file_tree other", passed);
    return statsOf({ since: 0, counters, recent: [] }, { results: 0, bytes: 0 });
  };
  for (const taken of [0, -2]) {
    const { runs, hits, passed, other_file_tree, by_outcome } = sum(taken);
    assertEquals([runs, hits, passed, other_file_tree, by_outcome], [2, 2, 0, 2, { hit: 2 }]);
  }
  assert(renderStats(sum(0), []).includes("\n  Elsewhere:   2 runs decided without the daemon"));
});

Deno.test("statsOf() has no hit rate where nothing could hit", () => {
  assertEquals(statsOf(counted([["pass_failed", "other"]]), { results: 0, bytes: 0 }).hit_rate, null);
});

const hints: { name: string; recent: string[]; want: ReturnType<typeof hintOf> }[] = [
  { name: "is silent without runs", recent: [], want: undefined },
  { name: "is silent at one half", recent: ["hit", "pass_time"], want: undefined },
  {
    name: "names the commonest reason above one half",
    recent: ["hit", "pass_time", "pass_stdin", "pass_time"],
    want: { outcome: "pass_time", count: 2, of: 4 },
  },
  {
    name: "looks at the last 50 runs only",
    recent: [...Array(100).fill("pass_time"), ...Array(50).fill("hit")],
    want: undefined,
  },
];
for (const { name, recent, want } of hints) {
  Deno.test(`hintOf() ${name}`, () => assertEquals(hintOf(recent), want));
}

Deno.test("renderStats() aligns its columns and ends with the hint", () => {
  const recent = ["pass_time", "pass_time", "hit"];
  const text = renderStats(
    statsOf(counted([...runs, ["pass_time", "compile"]]), { results: 4, bytes: 18 << 20 }),
    recent,
  );
  assertEquals(
    text,
    `Statistics since 1970-01-01 00:00:00 UTC

  Runs:        8 (3 hits, 2 misses, 3 passed)
  Hit rate:    60.0%
  Time saved:  ~2 s
  Errors:      1
  Stored:      4 results (18 MiB)

           hits  misses  passed
  compile     2       1       2
  link        0       0       1
  archive     1       0       0
  other       0       1       0

  hit               3  Everything an earlier run depended on is as it was
  error_internal    1  A fault in zccache; the tool was run
  miss_new          1  The first run of this command line here, or on these sources
  miss_of_tomorrow  1
  pass_failed       1  The tool failed, in a way that may not repeat
  pass_time         1  Asked for the time, or holds a file's time (__DATE__, __TIME__, __TIMESTAMP__)

Most of the last 3 runs were not cached; 2 for pass_time (Asked for the time, or holds a file's time (__DATE__, __TIME__, __TIMESTAMP__)). Set SOURCE_DATE_EPOCH and take the time macros out of the source
`,
  );
});

Deno.test("renderStats() of nothing shows no empty table", () => {
  const text = renderStats(statsOf(counted([]), { results: 0, bytes: 0 }), []);
  assert(!text.includes("hits  misses"), text);
  assert(text.endsWith("(0 B)\n"), text);
});

Deno.test("renderStatus() aligns what it was told and leaves out the rest", () => {
  const who = { version: "0.1.0", protocol: 1, build: "00ff", pid: 7, endpoint: "/run/s", cache_dir: "/c" };
  assertEquals(
    renderStatus({ ...who, uptime_secs: 12, stored_results: 3, size_bytes: 5120, tracer: "works" }),
    `zccache 0.1.0 (protocol 1, build 00ff): daemon 7

  Endpoint:  /run/s
  Cache:     /c
  Up:        12 s
  Stored:    3 results (5 KiB)
  Tracer:    works
`,
  );
});

Deno.test("statusOf() sums compiles and links apart, as rates of what could hit", () => {
  const runs = statsOf(
    {
      since: 0,
      counters: new Map([
        ["run hit compile", 3],
        ["run miss_new compile", 1],
        ["run pass_failed compile", 2],
        ["run pass_query other", 1],
        ["run hit archive", 1],
        ["run miss_new link", 1],
        ["saved_us", 5_000_000],
      ]),
      recent: [],
    },
    { results: 0, bytes: 0 },
  );
  const state = {
    endpoint: "/s",
    cache_dir: "/c",
    protocol: 1,
    pid: 7,
    connections: 2,
    stored_results: 4,
    runs,
  };
  const { daemon, ...top } = statusOf({ ...state, size_bytes: 99 });
  assertEquals(top, {
    status: "ok",
    endpoint: "/s",
    protocol_version: 1,
    hit_rate: 0.75,
    link_hit_rate: 0.5,
  });
  assertEquals(daemon, {
    endpoint: "/s",
    cache_dir: "/c",
    pid: 7,
    artifact_count: 4,
    cache_size_bytes: 99,
    cache_hits: 3,
    cache_misses: 1,
    total_compilations: 7,
    non_cacheable: 3,
    compile_errors: 2,
    time_saved_ms: 5000,
    total_links: 2,
    link_hits: 1,
    link_misses: 1,
    link_non_cacheable: 0,
    sessions_active: 2,
    sessions_total: 9,
  });
});
