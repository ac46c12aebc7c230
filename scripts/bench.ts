/**
 * Measures zccache beside its peers, interleaved in one run.
 *
 *     scripts/bench [case...] [--rounds N] [--no-peers] [--plot] [--figures FILE]
 *
 *     hit        one hit of a small C file              parallel    hits of 8 clients at once, and their CPU time
 *     headers    one hit of a file with 1,000 headers   configure   45 tiny compiles, cold and warm
 *     miss       each source once                       lua zlib sqlite redis    whole warm builds
 *     tracer     the tracer alone, in time and in instructions (callgrind)
 *     large      a cache with 50,000 results: start, memory, one-shot hits, hits during a flush (ours alone)
 *
 * A table for each case. Over the floor is what a run takes beyond starting an empty process. Machines are noisy: only
 * numbers of one run are compared. Every figure of a hit is beside the number of hits that were counted meanwhile: where
 * ours do not all hit, the benchmark fails; a peer that does not is said to refuse. bench_spawn.c takes the times;
 * bench_store.ts measures the store alone. `--plot` writes the picture of what was measured to scripts/bench.svg; with
 * `--figures` also of what earlier runs kept in FILE, so that cases can be run one after another.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { builds } from "./bench_builds.ts";
import { configure } from "./bench_configure.ts";
import { large } from "./bench_large.ts";
import { parallel } from "./bench_parallel.ts";
import { end, ours, peers } from "./bench_peers.ts";
import { plot } from "./bench_plot.ts";
import { headerHits, misses, smallHits } from "./bench_runs.ts";
import { type Bench, type Figure, gcc, spawnAll, through } from "./bench_tools.ts";
import { tracerAlone } from "./bench_tracer.ts";
import { exists, must, newFolder, projectFolder, run } from "./steps.ts";

const cases: Record<string, (bench: Bench) => Promise<void>> = {
  hit: smallHits,
  headers: headerHits,
  miss: misses,
  tracer: tracerAlone,
  parallel,
  configure,
  ...builds,
  large,
};

async function measure(
  names: string[],
  folder: string,
  rounds: number,
  withPeers: boolean,
): Promise<Figure[]> {
  const spawner = `${folder}/bench_spawn`, figures: Figure[] = [];
  await must(["cc", "-O2", `${projectFolder}/scripts/bench_spawn.c`, "-o", spawner]);
  Deno.writeTextFileSync(`${folder}/empty.c`, "int main(void) { return 0; }\n");
  await must(["cc", "-O2", "-static", `${folder}/empty.c`, "-o", `${folder}/empty`]);
  const small = '#include <stdio.h>\nint main(void) { return puts("hello"); }\n';
  Deno.writeTextFileSync(`${folder}/small.c`, small);
  const contenders = [...await ours(folder), ...(withPeers ? await peers(folder) : [])];
  for (const { name, version } of contenders) console.log(`  ${name.padEnd(26)}${version}`);
  const bench: Bench = { folder, spawner, rounds, contenders, figure: (figure) => void figures.push(figure) };
  try {
    const words = ["-c", "small.c", "-o", "first-%C.o"]; // starts the daemons
    await spawnAll(bench, contenders.map((one) => through(one, gcc, words)), ["1"]);
    for (const name of names) await cases[name](bench);
  } finally {
    for (const contender of contenders) await end(contender);
  }
  return figures;
}

async function machine(): Promise<string> {
  const script = "grep -m1 'model name' /proc/cpuinfo | cut -d: -f2; uname -r; nproc";
  const [model, kernel, cores] = (await run(["sh", "-c", script])).text.trim().split("\n");
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${model.trim()}, Linux ${kernel}, ${cores} cores`;
}

/** Figures of this run, and those of earlier ones that FILE holds under other titles; kept in it. */
function kept(figures: Figure[], file: string | undefined): Figure[] {
  if (file === undefined) return figures;
  const earlier: Figure[] = exists(file) ? JSON.parse(Deno.readTextFileSync(file)) : [];
  const all = [...earlier.filter(({ title }) => !figures.some((one) => one.title === title)), ...figures];
  Deno.writeTextFileSync(file, JSON.stringify(all, undefined, 1));
  return all;
}

async function main(): Promise<number> {
  const strangers: string[] = [];
  const flags = parseArgs(Deno.args, {
    string: ["rounds", "figures"],
    boolean: ["no-peers", "plot"],
    unknown: (word, key) => key === undefined || strangers.push(word) === 0,
  });
  if (strangers.length > 0) {
    console.error(`No option ${strangers[0]}; there are: --rounds N, --no-peers, --plot, --figures FILE`);
    return 2;
  }
  const wanted = flags._.map(String), unknown = wanted.find((name) => !(name in cases));
  if (unknown !== undefined) {
    console.error(`No case ${unknown}; there are: ${Object.keys(cases).join(", ")}`);
    return 2;
  }
  const file = flags.figures === undefined ? undefined : String(flags.figures);
  const rounds = Number(flags.rounds ?? 300), where = await machine();
  console.log(`${where}, load ${Deno.loadavg()[0].toFixed(2)}, ${rounds} rounds`);
  await must([`${projectFolder}/scripts/build`]);
  const folder = newFolder("zcb-");
  try {
    const names = wanted.length === 0 ? Object.keys(cases) : wanted;
    const figures = kept(await measure(names, folder, rounds, !flags["no-peers"]), file);
    if (flags.plot) Deno.writeTextFileSync(`${projectFolder}/scripts/bench.svg`, plot(figures, where));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
