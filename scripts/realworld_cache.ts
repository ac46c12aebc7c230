/**
 * A cache of its own for one build, and what it counted; the rows of the table that come of it.
 *
 * @module
 */
import type { Programs } from "../tests/script/programs.ts";

/** One line of the table. */
export interface Row {
  project: string;
  compiler: string;
  build: string;
  runs: number;
  hits: number;
  misses: number;
  passed: number;
  /** Passed runs by outcome. */
  outcomes: Record<string, number>;
  seconds: number;
  /** To the plain build. */
  ratio: number;
  /** What is wrong with it, a line each. */
  faults: string[];
}

/** What a cache counted, as `stats --json` prints it. */
export interface Counters {
  hits: number;
  misses: number;
  passed: number;
  by_outcome: Record<string, number>;
  by_kind: Record<"compile" | "link" | "archive" | "other", Record<"hits" | "misses" | "passed", number>>;
}

// What a warm build may pass: questions about the tool, and runs that fail when plain as well.
const allowedWarm = new Set(["pass_query", "pass_failed"]);
const date = "1700000000";

/** A cache, a home and a runtime folder below `side`, which is for one build alone. */
export class Cache {
  /** The environment of everything that is run. */
  readonly env: Record<string, string>;

  constructor(readonly side: string, readonly programs: Programs, path = "") {
    for (const name of ["run", "home"]) Deno.mkdirSync(`${side}/${name}`, { recursive: true, mode: 0o700 });
    this.env = {
      PATH: path + (Deno.env.get("PATH") ?? "/usr/bin:/bin"),
      HOME: `${side}/home`,
      XDG_RUNTIME_DIR: `${side}/run`,
      ZCCACHE_CACHE_DIR: `${side}/cache`,
      SOURCE_DATE_EPOCH: date,
      LC_ALL: "C",
    };
  }

  counters(): Counters {
    return JSON.parse(this.zccache("stats", "--json"));
  }

  /** Ends the daemon as a crash would. */
  kill(): void {
    const pid = Number(JSON.parse(this.zccache("status", "--json")).daemon?.pid);
    if (!Number.isInteger(pid) || pid < 2) throw new Error("There is no daemon to kill");
    Deno.kill(pid, "SIGKILL");
  }

  zccache(...args: string[]): string {
    const { success, stdout, stderr } = new Deno.Command(this.programs.zccache, {
      args,
      env: this.env,
      clearEnv: true,
      stdin: "null",
    }).outputSync();
    if (!success && args[0] !== "stop") {
      throw new Error(`zccache ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
    }
    return new TextDecoder().decode(stdout);
  }
}

/** A row that nothing was counted for yet. */
export function emptyRow(head: Pick<Row, "project" | "compiler" | "build" | "seconds" | "ratio">): Row {
  return { ...head, runs: 0, hits: 0, misses: 0, passed: 0, outcomes: {}, faults: [] };
}

/** Puts what was counted between the two into the row. */
export function countInto(row: Row, before: Counters, after: Counters): void {
  row.hits = after.hits - before.hits;
  row.misses = after.misses - before.misses;
  row.passed = after.passed - before.passed;
  for (const [name, count] of Object.entries(after.by_outcome)) {
    const more = count - (before.by_outcome[name] ?? 0);
    if (more > 0 && !/^(?:hit|miss)/.test(name)) row.outcomes[name] = more;
  }
}

/** Why a warm build was not warm. */
export function warmFaults(row: Row): string[] {
  const faults = row.misses === 0 ? [] : [`${row.misses} misses in a warm build`];
  for (const [name, count] of Object.entries(row.outcomes)) {
    if (!allowedWarm.has(name)) faults.push(`${count} runs ended as ${name} in a warm build`);
  }
  return faults;
}

/** A tool on PATH. */
export function findTool(name: string): string | undefined {
  for (const folder of (Deno.env.get("PATH") ?? "/usr/bin:/bin").split(":")) {
    try {
      if (Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    }
  }
  return undefined;
}
