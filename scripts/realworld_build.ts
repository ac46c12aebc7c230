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
import { Cache, countInto, emptyRow, findTool, type Row, warmFaults } from "./realworld_cache.ts";
import { compareProducts, type Products, takeProducts } from "./realworld_products.ts";
import type { Project } from "./realworld_sources.ts";

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

/** A project being built with one compiler, in `folder`, with everything else beside it. */
export class Builder {
  readonly #cache: Cache;

  constructor(
    readonly project: Project,
    readonly compiler: string,
    /** Where the sources lie and the build happens. */
    readonly folder: string,
    /** For this builder alone: cache, runtime folder, shims. */
    readonly side: string,
    readonly programs: Programs,
  ) {
    Deno.mkdirSync(`${side}/shims`);
    this.#cache = new Cache(side, programs, `${side}/shims:`);
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
      this.#cache.zccache("stop");
    }
  }

  #step(step: Step, plain: Products, plainSeconds: number, failed: number): Row {
    if (step.killFirst) this.#cache.kill();
    if (step.daemon) this.#cache.zccache("start");
    else this.#cache.zccache("stop");
    this.#shims(step.entry);
    const before = this.#cache.counters();
    const seconds = this.#make(this.project.build, step.daemon);
    const row = this.#row(step.build, seconds, plainSeconds);
    const after = this.#cache.counters();
    row.runs = this.#countedRuns();
    countInto(row, before, after);
    row.faults.push(...sumFaults(row), ...compareProducts(plain, takeProducts(this.folder)));
    if (step.warm) row.faults.push(...warmFaults(row), ...failedFaults(row, failed));
    this.#make(this.project.clean, true);
    return row;
  }

  #row(build: string, seconds: number, plainSeconds: number): Row {
    const ratio = seconds / plainSeconds;
    return emptyRow({ project: this.project.name, compiler: this.compiler, build, seconds, ratio });
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
      env: { ...this.#cache.env, ZCCACHE_DAEMON: daemon ? "auto" : "off" },
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
}

function sumFaults(row: Row): string[] {
  const sum = row.hits + row.misses + row.passed;
  return sum === row.runs ? [] : [`${row.runs} runs, but ${sum} were counted`];
}

function failedFaults(row: Row, failed: number): string[] {
  const count = row.outcomes.pass_failed ?? 0;
  return count > failed ? [`${count} runs failed, but only ${failed} when plain`] : [];
}
