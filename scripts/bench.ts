/**
 * Measures hits, misses and many clients at once beside the peers, interleaved in one run.
 *
 *     scripts/bench [hit] [headers] [miss] [parallel] [--rounds N] [--no-peers]
 *
 * A table for each case: median wall time of one run, what that is over the floor of starting an empty process, and
 * how many times as much a peer takes over that floor as ours does. Machines are noisy: only numbers of one run are
 * compared. bench_spawn.c takes the times; bench_store.ts measures the store alone.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type Contender, ours, peers } from "./bench_peers.ts";
import { must, projectFolder, run } from "./steps.ts";

const cases = ["hit", "headers", "miss", "parallel"] as const;
type Case = (typeof cases)[number];

const flags = parseArgs(Deno.args, { string: ["rounds"], boolean: ["no-peers"] });
const rounds = Number(flags.rounds ?? 300);
const wanted = flags._.length === 0 ? [...cases] : cases.filter((name) => flags._.includes(name));
const folder = Deno.makeTempDirSync({ prefix: "zcb-" }), spawner = `${folder}/bench_spawn`;
const parallelWorkers = 8, parallelSeconds = 4, missRounds = 40;

/** A line for bench_spawn. */
interface Command {
  name: string;
  env: Record<string, string>;
  words: string[];
}

interface Timing {
  name: string;
  median: number;
  p10: number;
  p99: number;
  cpu: number;
}

function lineOf({ name, env, words }: Command): string {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  return [name, folder, variables.join("\x1f"), words.join("\x1f")].join("\t");
}

async function spawnAll(commands: Command[], args: string[]): Promise<string[][]> {
  const child = new Deno.Command(spawner, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(commands.map(lineOf).join("\n") + "\n"));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr).trim());
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.split("\t"));
}

async function timings(commands: Command[], times: number): Promise<Timing[]> {
  const rows = await spawnAll(commands, [String(times)]);
  return rows.map(([name, ...numbers]) => {
    const [median, p10, p99, cpu] = numbers.map(Number);
    return { name, median, p10, p99, cpu };
  });
}

/** The command of one contender; a link stands for the compiler itself. */
function through({ name, before, env }: Contender, compiler: string, words: string[]): Command {
  const isLink = before[0].endsWith(compiler.slice(compiler.lastIndexOf("/")));
  return { name, env, words: [...before, ...(isLink ? [] : [compiler]), ...words] };
}

function plain(compiler: string, words: string[]): Command {
  return { name: "plain compiler", env: { PATH: "/usr/bin:/bin" }, words: [compiler, ...words] };
}

const floors: Command[] = [
  { name: "/bin/true", env: {}, words: ["/bin/true"] },
  { name: "static empty program", env: {}, words: [`${folder}/empty`] },
];

/** Microseconds as milliseconds with as many digits as mean something. */
function ms(us: number): string {
  return (us / 1000).toFixed(us < 100_000 ? 2 : 0);
}

function print(title: string, rows: Timing[], floor: number): void {
  const best = rows.find(({ name }) => name.startsWith("ours"))!.median - floor;
  console.log(`\n${title}\n`);
  console.log(
    `  ${"".padEnd(26)}${
      ["median ms", "p10", "p99", "CPU ms", "over floor", "x ours"].map((head) => head.padStart(11)).join("")
    }`,
  );
  for (const { name, median, p10, p99, cpu } of rows) {
    const over = median - floor;
    const cells = [ms(median), ms(p10), ms(p99), ms(cpu), ms(over), over > 0 ? (over / best).toFixed(1) : ""];
    console.log(`  ${name.padEnd(26)}${cells.map((cell) => cell.padStart(11)).join("")}`);
  }
}

/** Warms every contender, then measures them in turns. */
async function hits(
  title: string,
  contenders: Contender[],
  compiler: string,
  words: string[],
): Promise<void> {
  const commands = contenders.map((one) => through(one, compiler, words));
  for (let i = 0; i < 3; i++) await spawnAll(commands, ["1"]);
  const rows = await timings([...floors, ...commands], rounds);
  const [bare] = await timings([plain(compiler, words)], Math.min(rounds, 20));
  print(title, [...rows, bare], rows[0].median);
}

function writeHeaders(): void {
  const includes: string[] = [];
  for (let i = 0; i < 1000; i++) {
    const sub = `inc/d${i % 40}`;
    Deno.mkdirSync(`${folder}/${sub}`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/${sub}/h${i}.h`, `#pragma once\ninline int f${i}() { return ${i}; }\n`);
    includes.push(`#include "h${i}.h"`);
  }
  Deno.writeTextFileSync(
    `${folder}/many.cc`,
    includes.join("\n") + "\nint all() { return f1() + f999(); }\n",
  );
}

function writeSources(): void {
  Deno.writeTextFileSync(
    `${folder}/small.c`,
    '#include <stdio.h>\nint main(void) { return puts("hello"); }\n',
  );
  for (let i = 0; i < missRounds; i++) {
    Deno.writeTextFileSync(
      `${folder}/miss${i}.c`,
      `#include <stdio.h>\nint main(void) { return puts("${i}"); }\n`,
    );
  }
}

async function misses(contenders: Contender[]): Promise<void> {
  const words = ["-O1", "-c", "miss%N.c", "-o", "miss.o"];
  const commands = contenders.map((one) => ({ ...through(one, "/usr/bin/gcc", words) }));
  // Each contender compiles each source once; the link's cache is the executable's, so it is left out.
  const rows = await timings(
    [
      ...floors,
      plain("/usr/bin/gcc", words),
      ...commands.filter(({ name }) => name !== "ours: installed link"),
    ],
    missRounds,
  );
  const bare = rows.find(({ name }) => name === "plain compiler")!.median;
  console.log(`\nMiss, small C file, each source once\n`);
  for (const { name, median, cpu } of rows.slice(2)) {
    const over = median - bare, percent = ((over / bare) * 100).toFixed(1);
    console.log(
      `  ${name.padEnd(26)}${ms(median).padStart(11)} ms${ms(cpu).padStart(11)} ms CPU${
        `${ms(over)} ms (${percent} %) over plain`.padStart(32)
      }`,
    );
  }
}

async function parallel(contenders: Contender[]): Promise<void> {
  console.log(`\nHits of ${parallelWorkers} clients at once\n`);
  const words = ["-c", "small.c", "-o", "out%W.o"];
  const all = [floors[0], ...contenders.map((one) => through(one, "/usr/bin/gcc", words))];
  for (const command of all) {
    await spawnAll([command], [String(parallelWorkers), "1"]); // every worker's own output once
    const [[name, perSecond, cpu]] = await spawnAll([command], [
      String(parallelWorkers),
      String(parallelSeconds),
    ]);
    console.log(
      `  ${name.padEnd(26)}${perSecond.padStart(11)} a second${
        ms(Number(cpu)).padStart(11)
      } ms CPU of the client`,
    );
  }
}

async function measure(which: readonly Case[]): Promise<void> {
  await must(["cc", "-O2", `${projectFolder}/scripts/bench_spawn.c`, "-o", spawner]);
  Deno.writeTextFileSync(`${folder}/empty.c`, "int main(void) { return 0; }\n");
  await must(["cc", "-O2", "-static", `${folder}/empty.c`, "-o", `${folder}/empty`]);
  writeSources();
  const contenders = [
    ...await ours(folder, "/usr/bin/gcc"),
    ...(!flags["no-peers"] ? await peers(folder) : []),
  ];
  const cxx = [...await ours(folder, "/usr/bin/g++"), ...contenders.slice(2)];
  for (const { name, version } of contenders) console.log(`  ${name.padEnd(26)}${version}`);
  try {
    if (which.includes("hit")) {
      await hits("Hit, small C file", contenders, "/usr/bin/gcc", ["-c", "small.c", "-o", "small.o"]);
    }
    if (which.includes("headers")) {
      writeHeaders();
      const folders = Array.from({ length: 40 }, (_, i) => `-Iinc/d${i}`);
      await hits("Hit, C++ file with 1,000 headers in 40 folders", cxx, "/usr/bin/g++", [
        ...folders,
        "-c",
        "many.cc",
        "-o",
        "many.o",
      ]);
    }
    if (which.includes("miss")) await misses(contenders);
    if (which.includes("parallel")) await parallel(contenders);
  } finally {
    for (const { stop, env } of contenders) await run(stop, { env });
    Deno.removeSync(folder, { recursive: true });
  }
}

const machine =
  (await run(["sh", "-c", "grep -m1 'model name' /proc/cpuinfo | cut -d: -f2; uname -r; nproc"])).text.trim()
    .split("\n");
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${machine.map((part) => part.trim()).join(", ")} cores, load ${
    Deno.loadavg()[0].toFixed(2)
  }, ${rounds} rounds`,
);
await must([`${projectFolder}/scripts/build`]);
await measure(wanted);
