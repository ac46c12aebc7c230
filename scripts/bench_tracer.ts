/**
 * What the tracer alone adds to a compile: the compiler with the tracer preloaded and a record to write into, without
 * launcher or daemon; in time, and in instructions that callgrind counts.
 *
 * @module
 */
import { fromText, shown } from "../lib/base/bytes.ts";
import { statx } from "../lib/os/mod.ts";
import { RecordPool, traceVariable } from "../lib/trace/mod.ts";
import { writeManyHeaders } from "./bench_runs.ts";
import { type Bench, type Command, gcc, ms, paths, plain, row, timings } from "./bench_tools.ts";
import { exists, must, projectFolder } from "./steps.ts";

const mostRounds = 100, headerCount = 1000;
/** Room for one compile with 1,000 headers, which needs two thirds of it. */
const recordBytes = 1 << 20;
const loader = "/lib64/ld-linux-x86-64.so.2", tracer = `${projectFolder}/dist/native/trace.so`;
const valgrind = "/usr/libexec/valgrind", callgrind = `${valgrind}/callgrind-amd64-linux`;

interface Case {
  name: string;
  compiler: string;
  words: string[];
}

/** The compiler as our launcher would start it; each round writes into a record of its own. */
function traced(folder: string, { compiler, words }: Case): Command {
  const env = { PATH: paths, LD_PRELOAD: tracer, [traceVariable]: `${folder}/record%N` };
  return { ...plain(compiler, words), name: "tracer alone", env };
}

function writeRecords(folder: string, count: number): void {
  Deno.mkdirSync(folder, { recursive: true });
  const state = statx(loader);
  if (typeof state === "number") throw new Error(`${loader}: errno ${state}`);
  const pool = new RecordPool(fromText(folder), recordBytes);
  for (let i = 0; i < count; i++) {
    const record = pool.take({ ttys: 0, window: 0, interpreters: [state], lists: true });
    Deno.renameSync(shown(record.path), `${folder}/record${i}`);
  }
  pool.close();
}

async function timeOf(bench: Bench, of: Case): Promise<[bare: number, more: number]> {
  const rounds = Math.min(bench.rounds, mostRounds), folder = `${bench.folder}/records`;
  writeRecords(folder, rounds);
  const commands = [plain(of.compiler, of.words), traced(folder, of)];
  const [bare, with_] = await timings(bench, commands, rounds, "turning");
  Deno.removeSync(folder, { recursive: true });
  return [bare.median, with_.more];
}

/** Instructions in user space of a command and its children. */
async function instructions(bench: Bench, { env, words }: Command): Promise<number> {
  const folder = Deno.makeTempDirSync({ dir: bench.folder });
  const options = ["-q", "--tool=callgrind", "--trace-children=yes", `--callgrind-out-file=${folder}/%p`];
  const entries = Object.entries({ ...env, VALGRIND_LIB: valgrind, BENCH_CALLGRIND: callgrind });
  const whole = Object.fromEntries(entries.map(([name, value]) => [name, value.replace("%N", "0")]));
  const argv = [`${bench.folder}/callgrind`, ...options, ...words];
  await must(argv, { env: whole, cwd: bench.folder, timeoutMs: 200_000 });
  const totals = [...Deno.readDirSync(folder)].map(({ name }) =>
    Number(/^totals: (\d+)/m.exec(Deno.readTextFileSync(`${folder}/${name}`))?.[1] ?? NaN)
  );
  return totals.reduce((sum, total) => sum + total, 0);
}

async function instructionsOf(bench: Bench, of: Case): Promise<[bare: number, more: number]> {
  const folder = `${bench.folder}/records`;
  writeRecords(folder, 1);
  const bare = await instructions(bench, plain(of.compiler, of.words));
  const more = await instructions(bench, traced(folder, of)) - bare;
  Deno.removeSync(folder, { recursive: true });
  return [bare, more];
}

/** See the head of this file. */
export async function tracerAlone(bench: Bench): Promise<void> {
  const counts = exists(callgrind);
  if (counts) {
    const source = `${projectFolder}/scripts/bench_callgrind.c`;
    await must(["cc", "-O2", "-static", source, "-o", `${bench.folder}/callgrind`]);
  }
  const cases: Case[] = [
    { name: "small C file", compiler: gcc, words: ["-O1", "-c", "small.c", "-o", "traced.o"] },
    {
      name: "C++ file with 1,000 headers",
      compiler: "/usr/bin/g++",
      words: writeManyHeaders(bench.folder, headerCount),
    },
  ];
  console.log(`\nThe tracer alone${counts ? "" : "; instructions are left out: no valgrind"}\n`);
  row("", ["plain ms", "more ms", "%", "plain M", "more M", "%"]);
  for (const one of cases) {
    const [bare, more] = await timeOf(bench, one);
    const cells = [ms(bare), ms(more), (more / bare * 100).toFixed(1)];
    if (counts) {
      const [bare, more] = await instructionsOf(bench, one);
      cells.push((bare / 1e6).toFixed(1), (more / 1e6).toFixed(2), (more / bare * 100).toFixed(2));
    }
    row(one.name, cells);
  }
}
