/**
 * One project with one compiler: the plain build, then each way through the cache, each compared with it.
 *
 * All builds happen in one folder, because the folder's name is in the debug information. Every tool is reached
 * through a small script first in PATH which counts the run, so that plain and cached builds see the same words
 * (`/usr/bin/gcc ...`) and the sum can be checked: runs = hits + misses + passed.
 *
 * @module
 */
import type { Programs } from "../tests/script/programs.ts";
import type { Project } from "./realworld_sources.ts";

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

interface Step {
  build: string;
  entry: "plain" | "wrap" | "launcher";
  daemon: boolean;
  killFirst?: boolean;
  warm: boolean;
}

const steps: Step[] = [
  { build: "cold", entry: "wrap", daemon: true, warm: false },
  { build: "warm", entry: "wrap", daemon: true, warm: true },
  { build: "warm, launcher", entry: "launcher", daemon: true, warm: true },
  { build: "warm, killed -9", entry: "wrap", daemon: true, killFirst: true, warm: true },
  { build: "warm, one-shot", entry: "wrap", daemon: false, warm: true },
];

// Not `ld`: gcc finds its linker on PATH, and that run is part of the link.
const shimmed = ["ar", "ranlib"];
// What a warm build may pass: questions about the tool, and runs that fail when plain as well.
const allowedWarm = new Set(["pass_query", "pass_failed"]);
const date = "1700000000";

interface Counters {
  hits: number;
  misses: number;
  passed: number;
  errors: number;
  by_outcome: Record<string, number>;
}

/** A project being built with one compiler, in `folder`, with everything else beside it. */
export class Builder {
  readonly #env: Record<string, string>;

  constructor(
    readonly project: Project,
    readonly compiler: string,
    /** Where the sources lie and the build happens. */
    readonly folder: string,
    /** For this builder alone: cache, runtime folder, shims, the plain build's files. */
    readonly side: string,
    readonly programs: Programs,
  ) {
    for (const name of ["run", "home", "shims"]) {
      Deno.mkdirSync(`${side}/${name}`, { recursive: true, mode: 0o700 });
    }
    this.#env = {
      PATH: `${side}/shims:${Deno.env.get("PATH") ?? "/usr/bin:/bin"}`,
      HOME: `${side}/home`,
      XDG_RUNTIME_DIR: `${side}/run`,
      ZCCACHE_CACHE_DIR: `${side}/cache`,
      SOURCE_DATE_EPOCH: date,
      LC_ALL: "C",
    };
  }

  /** Builds plainly and in every way, and calls `report` with each row. */
  run(report: (row: Row) => void): void {
    this.#shims("plain");
    const plainSeconds = this.#make(this.project.build, true);
    const plain = takeProducts(this.folder);
    report({ ...this.#row("plain", plainSeconds, plainSeconds), runs: this.#countedRuns() });
    this.#make(this.project.clean, true);
    const failed = this.#failedRuns();
    try {
      for (const step of steps) report(this.#step(step, plain, plainSeconds, failed));
    } finally {
      this.#zccache("stop");
    }
  }

  #step(step: Step, plain: Map<string, string>, plainSeconds: number, failed: number): Row {
    if (step.killFirst) this.#kill();
    if (step.daemon) this.#zccache("start");
    else this.#zccache("stop");
    this.#shims(step.entry);
    const before = this.#counters();
    const seconds = this.#make(this.project.build, step.daemon);
    const row = this.#row(step.build, seconds, plainSeconds);
    const after = this.#counters();
    row.runs = this.#countedRuns();
    row.hits = after.hits - before.hits;
    row.misses = after.misses - before.misses;
    row.passed = after.passed - before.passed;
    for (const [name, count] of Object.entries(after.by_outcome)) {
      const more = count - (before.by_outcome[name] ?? 0);
      if (more > 0 && !/^(?:hit|miss)/.test(name)) row.outcomes[name] = more;
    }
    row.faults.push(...sumFaults(row), ...compareProducts(plain, takeProducts(this.folder)));
    if (step.warm) row.faults.push(...warmFaults(row, failed));
    this.#make(this.project.clean, true);
    return row;
  }

  #row(build: string, seconds: number, plainSeconds: number): Row {
    const ratio = seconds / plainSeconds;
    const { project: { name: project }, compiler } = this;
    return {
      project,
      compiler,
      build,
      runs: 0,
      hits: 0,
      misses: 0,
      passed: 0,
      outcomes: {},
      seconds,
      ratio,
      faults: [],
    };
  }

  /** Writes a script for each tool, and empties the counts. */
  #shims(entry: Step["entry"]): void {
    const through = {
      plain: "",
      wrap: `${this.programs.zccache} wrap `,
      launcher: `${this.programs.launcher} `,
    };
    const { side, compiler } = this;
    for (const log of ["runs", "failed"]) Deno.writeTextFileSync(`${side}/${log}`, "");
    for (const name of [...shimmed, compiler, "cc"]) {
      const real = findTool(name === "cc" ? compiler : name);
      if (real === undefined) throw new Error(`No ${name} on PATH`);
      const text = `#!/bin/sh\necho >>${side}/runs\n${through[entry]}${real} "$@"\nstatus=$?\n` +
        `[ $status = 0 ] || echo >>${side}/failed\nexit $status\n`;
      Deno.writeTextFileSync(`${side}/shims/${name}`, text);
      Deno.chmodSync(`${side}/shims/${name}`, 0o755);
    }
  }

  /** @returns seconds */
  #make(words: string[], daemon: boolean): number {
    const start = performance.now();
    const { success, stdout, stderr } = new Deno.Command("make", {
      args: ["-j2", `CC=${this.compiler}`, ...words],
      cwd: this.folder,
      env: { ...this.#env, ZCCACHE_DAEMON: daemon ? "auto" : "off" },
      clearEnv: true,
      stdin: "null",
    }).outputSync();
    const seconds = (performance.now() - start) / 1000;
    if (!success) {
      const text = new TextDecoder();
      throw new Error(
        `make ${words.join(" ")} failed in ${this.folder}:\n` +
          (text.decode(stdout) + text.decode(stderr)).split("\n").slice(-30).join("\n"),
      );
    }
    return seconds;
  }

  #countedRuns(): number {
    return Deno.readTextFileSync(`${this.side}/runs`).length;
  }

  #failedRuns(): number {
    return Deno.readTextFileSync(`${this.side}/failed`).length;
  }

  #counters(): Counters {
    return JSON.parse(this.#zccache("stats", "--json"));
  }

  #kill(): void {
    const pid = Number(JSON.parse(this.#zccache("status", "--json")).daemon?.pid);
    if (!Number.isInteger(pid) || pid < 2) throw new Error("There is no daemon to kill");
    Deno.kill(pid, "SIGKILL");
  }

  #zccache(...args: string[]): string {
    const { success, stdout, stderr } = new Deno.Command(this.programs.zccache, {
      args,
      env: this.#env,
      clearEnv: true,
      stdin: "null",
    }).outputSync();
    if (!success && args[0] !== "stop") {
      throw new Error(`zccache ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
    }
    return new TextDecoder().decode(stdout);
  }
}

/** A tool on PATH, the shims left out. */
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

/** Every file below a folder as "mode digest". */
function takeProducts(folder: string): Map<string, string> {
  const script =
    "find . -type f -printf '%m %p\\n' | sort -k2 >../modes; find . -type f -print0 | sort -z | xargs -0 sha256sum";
  const { success, stdout } = new Deno.Command("sh", { args: ["-c", script], cwd: folder }).outputSync();
  if (!success) throw new Error(`Cannot read the files in ${folder}`);
  const modes = new Map<string, string>();
  for (const line of Deno.readTextFileSync(`${folder}/../modes`).trim().split("\n")) {
    modes.set(line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" ")));
  }
  const products = new Map<string, string>();
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    const path = line.slice(66);
    products.set(path, `${modes.get(path)} ${line.slice(0, 64)}`);
  }
  return products;
}

function compareProducts(plain: Map<string, string>, cached: Map<string, string>): string[] {
  const faults: string[] = [];
  for (const [path, state] of plain) {
    const found = cached.get(path);
    if (found === undefined) faults.push(`${path} is missing`);
    else if (found !== state) faults.push(`${path} is ${found}, plain ${state}`);
  }
  for (const path of cached.keys()) if (!plain.has(path)) faults.push(`${path} is there only with the cache`);
  return faults;
}

function sumFaults(row: Row): string[] {
  const sum = row.hits + row.misses + row.passed;
  return sum === row.runs ? [] : [`${row.runs} runs, but ${sum} were counted`];
}

function warmFaults(row: Row, failed: number): string[] {
  const faults = row.misses === 0 ? [] : [`${row.misses} misses in a warm build`];
  for (const [name, count] of Object.entries(row.outcomes)) {
    if (!allowedWarm.has(name)) faults.push(`${count} runs ended as ${name} in a warm build`);
  }
  const passedFailed = row.outcomes.pass_failed ?? 0;
  if (passedFailed > failed) faults.push(`${passedFailed} runs failed, but only ${failed} when plain`);
  return faults;
}
