/**
 * Single runs beside the peers: hits of a small file and of one with many headers, misses, many clients at once.
 *
 * @module
 */
import { cpuOf } from "./bench_processes.ts";
import { type Contender, ours } from "./bench_peers.ts";
import {
  type Bench,
  floors,
  gcc,
  ms,
  plain,
  row,
  spawnAll,
  through,
  type Timing,
  timings,
} from "./bench_tools.ts";

const parallelWorkers = 8, parallelSeconds = 4, parallelRounds = 3, missRounds = 40;

function print(title: string, rows: Timing[], floor: number): void {
  const best = rows.find(({ name }) => name.startsWith("ours"))!.median - floor;
  console.log(`\n${title}\n`);
  row("", ["median ms", "p10", "p99", "CPU ms", "over floor", "x ours"]);
  for (const { name, median, p10, p99, cpu } of rows) {
    const over = median - floor;
    row(name, [ms(median), ms(p10), ms(p99), ms(cpu), ms(over), over > 0 ? (over / best).toFixed(1) : ""]);
  }
}

/** Warms every contender, then measures them in turns. */
async function hits(bench: Bench, title: string, compiler: string, words: string[]): Promise<void> {
  const commands = bench.contenders.map((one) => through(one, compiler, words));
  for (let i = 0; i < 3; i++) await spawnAll(bench, commands, ["1"]);
  const rows = await timings(bench, [...floors(bench.folder), ...commands], bench.rounds);
  const [bare] = await timings(bench, [plain(compiler, words)], Math.min(bench.rounds, 20));
  print(title, [...rows, bare], rows[0].median);
  const bars = [rows[0], ...rows.slice(2), bare].map(({ name, median }) => ({ name, value: median / 1000 }));
  bench.figure({ title, unit: "ms", bars });
}

/** A hit of a small C file. */
export function smallHits(bench: Bench): Promise<void> {
  return hits(bench, "Hit, small C file", gcc, ["-c", "small.c", "-o", "small.o"]);
}

/** A C++ file with many headers, each found in one of 40 folders; the words that compile it. */
export function writeHeaders(folder: string, count: number): string[] {
  const includes: string[] = [];
  for (let i = 0; i < count; i++) {
    const sub = `inc${count}/d${i % 40}`;
    Deno.mkdirSync(`${folder}/${sub}`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/${sub}/h${i}.h`, `#pragma once\ninline int f${i}() { return ${i}; }\n`);
    includes.push(`#include "h${i}.h"`);
  }
  const text = includes.join("\n") + "\nint all() { return f1() + f2(); }\n";
  Deno.writeTextFileSync(`${folder}/many${count}.cc`, text);
  const folders = Array.from({ length: 40 }, (_, i) => `-Iinc${count}/d${i}`);
  return [...folders, "-c", `many${count}.cc`, "-o", `many${count}.o`];
}

/** A hit of a file with 1,000 headers. */
export async function headerHits(bench: Bench): Promise<void> {
  const words = writeHeaders(bench.folder, 1000);
  const peers = bench.contenders.filter(({ name }) => !name.startsWith("ours"));
  const contenders = [...await ours(bench.folder, "/usr/bin/g++"), ...peers];
  const title = "Hit, C++ file with 1,000 headers in 40 folders";
  await hits({ ...bench, contenders }, title, "/usr/bin/g++", words);
}

/** Each contender compiles each source once; the link's cache is the executable's, so it is left out. */
export async function misses(bench: Bench): Promise<void> {
  for (let i = 0; i < missRounds; i++) {
    const text = `#include <stdio.h>\nint main(void) { return puts("${i}"); }\n`;
    Deno.writeTextFileSync(`${bench.folder}/miss${i}.c`, text);
  }
  const words = ["-O1", "-c", "miss%N.c", "-o", "miss.o"];
  const contenders = bench.contenders.filter(({ name }) => name !== "ours: installed link");
  const commands = contenders.map((one) => through(one, gcc, words));
  const all = [...floors(bench.folder), plain(gcc, words), ...commands];
  const rows = (await timings(bench, all, missRounds)).slice(2), bare = rows[0].median;
  const title = "Miss, small C file, each source once";
  console.log(`\n${title}, ${missRounds} rounds\n`);
  row("", ["median ms", "CPU ms", "over plain", "%"]);
  for (const { name, median, cpu } of rows) {
    const over = median - bare;
    row(name, [ms(median), ms(cpu), ms(over), ((over / bare) * 100).toFixed(1)]);
  }
  bench.figure({ title, unit: "ms", bars: rows.map(({ name, median }) => ({ name, value: median / 1000 })) });
}

interface Parallel {
  perSecond: number;
  /** CPU ms a hit: of clients, and of what serves them. */
  client: number;
  daemon: number;
}

async function parallelOnce(bench: Bench, contender: Contender | undefined): Promise<Parallel> {
  const words = ["-c", "small.c", "-o", "out%W.o"];
  const command = contender === undefined ? floors(bench.folder)[0] : through(contender, gcc, words);
  const home = contender?.env.HOME, before = home === undefined ? 0 : cpuOf(home);
  const [[, rate, cpu]] = await spawnAll(bench, [command], [
    String(parallelWorkers),
    String(parallelSeconds),
  ]);
  const perSecond = Number(rate), used = home === undefined ? 0 : cpuOf(home) - before;
  return { perSecond, client: Number(cpu) / 1000, daemon: used / (perSecond * parallelSeconds) };
}

const middle = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Hits of many clients at once, and what CPU time one costs, the daemon's share included. */
export async function parallel(bench: Bench): Promise<void> {
  const all = [undefined, ...bench.contenders], found = all.map((): Parallel[] => []);
  for (const contender of bench.contenders) {
    const words = ["-c", "small.c", "-o", "out%W.o"];
    await spawnAll(bench, [through(contender, gcc, words)], [String(parallelWorkers), "1"]); // every output once
  }
  for (let round = 0; round < parallelRounds; round++) {
    for (const [i, contender] of all.entries()) found[i].push(await parallelOnce(bench, contender));
  }
  const title = `Hits of ${parallelWorkers} clients at once`;
  console.log(`\n${title}, ${parallelRounds} rounds of ${parallelSeconds} s each\n`);
  row("", ["a second", "CPU ms: all", "client", "daemon"], 13);
  const rows = all.map((contender, i) => {
    const of = (field: keyof Parallel) => middle(found[i].map((one) => one[field]));
    const name = contender?.name ?? "/bin/true", client = of("client"), daemon = of("daemon");
    return { name, perSecond: of("perSecond"), client, daemon, cpu: client + daemon };
  });
  for (const { name, perSecond, cpu, client, daemon } of rows) {
    row(name, [perSecond.toFixed(0), cpu.toFixed(2), client.toFixed(2), daemon.toFixed(2)], 13);
  }
  bench.figure({
    title: "Hits a second, 8 clients",
    unit: "a second",
    more: true,
    bars: rows.map(({ name, perSecond }) => ({ name, value: perSecond })),
  });
  const cached = rows.slice(1).map(({ name, cpu }) => ({ name, value: cpu }));
  bench.figure({ title: "CPU time a hit, 8 clients, daemon included", unit: "ms", bars: cached });
}
