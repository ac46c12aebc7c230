/**
 * Single runs beside the peers: hits of a small file and of one with many headers, and misses.
 *
 * @module
 */
import { type Contender, oneShot } from "./bench_peers.ts";
import {
  areHits,
  type Bench,
  type Command,
  counting,
  floors,
  gcc,
  ms,
  plain,
  row,
  shownHits,
  spawnAll,
  through,
  type Timing,
  timings,
} from "./bench_tools.ts";

const gxx = "/usr/bin/g++";
const headerCount = 1000, headerFolders = 40;
const smallMissRounds = 100, headerMissRounds = 60;

/** What is timed: a command, and the contender whose hit it is; without one it is a floor. */
interface Timed {
  command: Command;
  contender?: Contender;
}
interface Found extends Timing {
  contender?: Contender;
  /** As shown. */
  hits: string;
  /** false: what was timed were no hits, so its time says nothing of them. */
  counts: boolean;
}

/** Warms contenders, times all in turns and counts their hits; `each` commands of every contender are among them. */
async function timeHits(bench: Bench, timed: Timed[], each = 1): Promise<Found[]> {
  const contenders = [...new Set(timed.flatMap(({ contender }) => contender ?? []))];
  const commands = timed.map(({ command }) => command);
  await spawnAll(bench, commands, ["3"]);
  const work = () => timings(bench, commands, bench.rounds);
  const { result, counts } = await counting(contenders, bench.rounds * each, work);
  return result.map((timing, i) => {
    const { contender } = timed[i], counted = counts.get(contender?.name ?? "");
    if (contender === undefined || counted === undefined) return { ...timing, hits: "", counts: true };
    return { ...timing, contender, hits: shownHits(counted), counts: areHits(contender, counted) };
  });
}

const bars = (rows: Found[]) =>
  rows.filter(({ counts }) => counts).map(({ name, median }) => ({ name, value: median / 1000 }));

/** One run of the plain compiler costs more than all that is compared, so it gets fewer rounds, and no hits. */
async function timePlain(bench: Bench, compiler: string, words: string[]): Promise<Found> {
  const [timing] = await timings(bench, [plain(compiler, words)], Math.min(bench.rounds, 20));
  return { ...timing, hits: "", counts: true };
}

function print(title: string, rows: Found[], more: { head: string; of(row: Found): string }[] = []): void {
  const floor = rows[0].median, best = rows.find(({ contender }) => contender?.ours)!.median - floor;
  console.log(`\n${title}\n`);
  const heads = ["median ms", "p10", "p99", "CPU ms", "over floor", "x ours", "hits"];
  row("", [...heads, ...more.map(({ head }) => head)]);
  for (const found of rows) {
    const { name, median, p10, p99, cpu, hits, counts } = found, over = median - floor;
    if (!counts) row(name, ["refuses", "", "", "", "", "", hits]);
    else {
      const ratio = over > 0 ? (over / best).toFixed(1) : "";
      const cells = [ms(median), ms(p10), ms(p99), ms(cpu), ms(over), ratio, hits];
      row(name, [...cells, ...more.map(({ of }) => of(found))]);
    }
  }
}

/** A hit of a small C file; for information also without a daemon. */
export async function smallHits(bench: Bench): Promise<void> {
  const words = ["-c", "small.c", "-o", "small-%C.o"];
  const contenders = [...bench.contenders, oneShot(bench.folder)];
  const timed: Timed[] = [
    ...floors(bench.folder).map((command) => ({ command })),
    ...contenders.map((contender) => ({ command: through(contender, gcc, words), contender })),
  ];
  const rows = await timeHits(bench, timed), all = [...rows, await timePlain(bench, gcc, words)];
  const title = "Hit, small C file";
  print(title, all);
  bench.figure({ title, unit: "ms", bars: bars(all.filter(({ name }) => !/^static|one-shot/.test(name))) });
}

/** What the many headers of a file are called, and the folders that they lie in. */
function writeHeaders(folder: string, count: number): { includes: string; options: string[] } {
  let includes = "";
  for (let i = 0; i < count; i++) {
    const sub = `inc${count}/d${i % headerFolders}`;
    Deno.mkdirSync(`${folder}/${sub}`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/${sub}/h${i}.h`, `#pragma once\ninline int f${i}() { return ${i}; }\n`);
    includes += `#include "h${i}.h"\n`;
  }
  return { includes, options: Array.from({ length: headerFolders }, (_, i) => `-Iinc${count}/d${i}`) };
}

/** A C++ file with many headers, each found in one of 40 folders; the words that compile it. */
export function writeManyHeaders(folder: string, count: number): string[] {
  const { includes, options } = writeHeaders(folder, count);
  Deno.writeTextFileSync(`${folder}/many${count}.cc`, `${includes}int all() { return f1() + f2(); }\n`);
  return [...options, "-c", `many${count}.cc`, "-o", `many${count}-%C.o`];
}

/** The same object without any header; its name is as long, so the objects are of equal size. */
function writeNoHeaders(folder: string, count: number): string[] {
  const text = [1, 2].map((i) => `inline int f${i}() { return ${i}; }\n`).join("");
  Deno.writeTextFileSync(`${folder}/none${count}.cc`, `${text}int all() { return f1() + f2(); }\n`);
  return ["-c", `none${count}.cc`, "-o", `none${count}-%C.o`];
}

/** A hit of a file with 1,000 headers beside one without any whose object has the same size. */
export async function headerHits(bench: Bench): Promise<void> {
  const many = writeManyHeaders(bench.folder, headerCount), none = writeNoHeaders(bench.folder, headerCount);
  // Each half begins with the floors, so that in both a contender follows the same one.
  const half = (words: string[], suffix: string): Timed[] => [
    ...floors(bench.folder).map((command) => ({ command: { ...command, name: command.name + suffix } })),
    ...bench.contenders.map((contender) => {
      const command = through(contender, gxx, words);
      return { command: { ...command, name: command.name + suffix }, contender };
    }),
  ];
  const timed = [...half(many, ""), ...half(none, ", none")];
  const rows = await timeHits(bench, timed, 2), bare = await timePlain(bench, gxx, many);
  await spawnAll(bench, [plain(gxx, none)], ["1"]);
  const sizeOf = (name: string) => Deno.statSync(`${bench.folder}/${name}${headerCount}-plain.o`).size;
  const size = sizeOf("many"), other = sizeOf("none");
  if (size !== other) {
    throw new Error(`The objects are to be of equal size, but have ${size} and ${other} bytes`);
  }
  const without = new Map(rows.filter(({ name }) => name.endsWith(", none")).map((one) => [one.name, one]));
  const twin = ({ name, contender }: Found) => contender && without.get(`${name}, none`);
  const main = [...rows.filter(({ name }) => !name.endsWith(", none")), bare];
  const title = `Hit, C++ file with ${headerCount} headers in ${headerFolders} folders`;
  print(`${title}; beside one without headers, both objects of ${size} bytes`, main, [
    { head: "without", of: (found) => twin(found) ? ms(twin(found)!.median) : "" },
    { head: "to it", of: (found) => twin(found) ? (found.median / twin(found)!.median).toFixed(2) : "" },
  ]);
  bench.figure({ title, unit: "ms", bars: bars(main.filter(({ name }) => !name.startsWith("static"))) });
}

/** Each contender compiles each source once, plain beside it; then once more, to see that it was stored. */
async function missesOf(
  bench: Bench,
  title: string,
  compiler: string,
  words: string[],
  most: number,
): Promise<void> {
  const rounds = Math.min(bench.rounds, most);
  const commands = bench.contenders.map((one) => through(one, compiler, words));
  const measure = () => timings(bench, [plain(compiler, words), ...commands], rounds, "turning");
  const { result: [first, ...rows], counts: early } = await counting(bench.contenders, rounds, measure);
  const again = () => spawnAll(bench, commands, [String(rounds)]);
  const { counts: late } = await counting(bench.contenders, rounds, again);
  const bare = first.median, shown: Timing[] = [first];
  console.log(`\n${title}, each source once, ${rounds} rounds\n`);
  row("", ["median ms", "CPU ms", "over plain", "%", "hits", "hits later"]);
  row(first.name, [ms(bare), ms(first.cpu)]);
  for (const [i, contender] of bench.contenders.entries()) {
    const { name, median, cpu, more } = rows[i];
    const soon = early.get(name)!, later = late.get(name)!;
    if (contender.ours && soon.hits > 0) throw new Error(`${name}: ${shownHits(soon)} misses hit`);
    const hits = [shownHits(soon), shownHits(later)];
    if (soon.hits > 0 || !areHits(contender, later)) row(name, ["refuses", "", "", "", ...hits]);
    else {
      row(name, [ms(median), ms(cpu), ms(more), ((more / bare) * 100).toFixed(1), ...hits]);
      shown.push(rows[i]);
    }
  }
  const bars = shown.map(({ name, median }) => ({ name, value: median / 1000 }));
  bench.figure({ title, unit: "ms", bars });
}

/** Misses of small files, and of files with many headers. */
export async function misses(bench: Bench): Promise<void> {
  const folder = bench.folder;
  for (let i = 0; i < smallMissRounds; i++) {
    const text = `#include <stdio.h>\nint main(void) { return puts("${i}"); }\n`;
    Deno.writeTextFileSync(`${folder}/miss${i}.c`, text);
  }
  const small = ["-O1", "-c", "miss%N.c", "-o", "miss-%C.o"];
  await missesOf(bench, "Miss, small C file", gcc, small, smallMissRounds);
  const { includes, options } = writeHeaders(folder, headerCount);
  for (let i = 0; i < headerMissRounds; i++) {
    Deno.writeTextFileSync(`${folder}/many-miss${i}.cc`, `${includes}int all() { return f${i + 1}(); }\n`);
  }
  const many = [...options, "-c", "many-miss%N.cc", "-o", "many-miss-%C.o"];
  await missesOf(bench, `Miss, C++ file with ${headerCount} headers`, gxx, many, headerMissRounds);
}
