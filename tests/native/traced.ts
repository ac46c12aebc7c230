/**
 * Runs a program under the tracer as the launcher does, and gives back what the record says. For tests.
 *
 * @module
 */
import { fromText } from "../../lib/base/bytes.ts";
import { readRecord, RecordPool, type TraceEvent, traceVariable } from "../../lib/trace/mod.ts";
import { header } from "../../lib/trace/format.ts";
import { type FileState, statx } from "../../lib/os/mod.ts";

export const root = new URL("../../", import.meta.url).pathname;
const folder = Deno.makeTempDirSync({ prefix: "zc-trace-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Compiles C text or a file to `folder/name` once; `flags` after the defaults. */
export function build(name: string, source: string, flags: readonly string[] = [], compiler = "cc"): string {
  const to = `${folder}/${name}`;
  const input = source.endsWith(".c") ? source : `${to}.c`;
  if (input !== source) Deno.writeTextFileSync(input, source);
  const made = new Deno.Command(compiler, { args: [input, "-o", to, ...flags], stderr: "piped" })
    .outputSync();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  return to;
}

const strict = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
export const tracer = build("trace.so", `${root}lib/native/trace.c`, [
  ...strict,
  "-shared",
  "-fPIC",
  "-fvisibility=hidden",
]);

export interface Traced {
  code: number;
  signal: string | null;
  out: string;
  err: string;
  events: TraceEvent[];
  doubts: number;
  problem?: string;
  /** All events of a kind. */
  of<K extends TraceEvent["kind"]>(kind: K): (TraceEvent & { kind: K })[];
}

export interface TracedOptions {
  cwd?: string;
  env?: Record<string, string>;
  ttys?: number;
  /** rows | columns << 16. */
  window?: number;
  /** Inode of the pipe that stands for descriptor 1, as the launcher writes it. */
  capture?: number;
  /** Whether compilers may list the folders in which they search; by default they may. */
  lists?: boolean;
  /** Another build of the tracer. */
  tracer?: string;
  /** Bytes of the record, to make it overflow. */
  capacity?: number;
}

const pool = new RecordPool(folder);
pool.take({ ttys: 0, window: 0, interpreters: [], lists: true }).release(); // opened here, so that no test seems to leak it
const loader = statx("/lib64/ld-linux-x86-64.so.2") as FileState;

function setWord(path: string, index: number, value: number): void {
  const file = Deno.openSync(path, { write: true });
  file.seekSync(index * 4, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(new Uint32Array([value]).buffer));
  file.close();
}

/** Runs `argv` traced. */
export function traced(argv: readonly string[], options: TracedOptions = {}): Traced {
  const record = pool.take({
    ttys: options.ttys ?? 0,
    window: options.window ?? 0,
    interpreters: [{ dev: loader.dev, ino: loader.ino }],
    lists: options.lists ?? true,
  });
  if (options.capacity !== undefined) setWord(record.path, header.capacity, options.capacity);
  if (options.capture !== undefined) setWord(record.path, header.captures, options.capture);
  const own = options.tracer ?? tracer;
  const preload = options.env?.LD_PRELOAD ? `${options.env.LD_PRELOAD}:${own}` : own;
  const ended = new Deno.Command(argv[0], {
    args: argv.slice(1),
    cwd: options.cwd ?? folder,
    env: { ...options.env, LD_PRELOAD: preload, [traceVariable]: fromText(record.path) },
    stdout: "piped",
    stderr: "piped",
  }).outputSync();
  const read = readRecord(record.read(), "/");
  record.release();
  const { events, doubts } = "problem" in read ? { events: [], doubts: 0 } : read;
  return {
    code: ended.code,
    signal: ended.signal,
    out: new TextDecoder().decode(ended.stdout),
    err: new TextDecoder().decode(ended.stderr),
    events,
    doubts,
    problem: "problem" in read ? read.problem : undefined,
    of: (kind) => events.filter((event) => event.kind === kind) as never,
  };
}

/** A fresh folder for one test. */
export function scratch(): string {
  return Deno.makeTempDirSync({ dir: folder });
}
