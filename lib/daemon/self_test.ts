/**
 * Whether runs can be watched here: a small program is run under the tracer, and its record is read.
 *
 * The tracer works only in programs of the libc that it was built for, so what it may be loaded into is named by
 * the program interpreter (ld.so) of a program that was seen to speak. Wherever this fails, runs pass uncached
 * with a name for the reason; nothing else changes.
 *
 * @module
 */
import { bytesOf, byteString, cString, shown } from "../base/bytes.ts";
import { hex } from "../base/digest.ts";
import { c, ended, environment, libc, meaning, readSmall, signatureOf, spawn, statx } from "../os/mod.ts";
import type { FileState } from "../os/mod.ts";
import { readRecord, type RecordPool } from "../trace/mod.ts";
import { traceVariable } from "../trace/format.ts";

/** Programs that do nothing, in the order in which they are tried. */
const subjects = ["/bin/true", "/usr/bin/true"];
const deadlineMs = 2_000;
const subjectLimit = 4 << 20;

/** A program interpreter into which the tracer may be loaded. */
export interface Interpreter {
  dev: bigint;
  ino: bigint;
}

/**
 * Tries `tracer` (byte string): the interpreters that it may be loaded into, or what is wrong. A success is
 * remembered in the folder `runtime` (byte string).
 */
export function selfTest(
  tracer: string,
  records: RecordPool,
  runtime: string,
): Interpreter[] | { problem: string } {
  if (/[ :]/.test(tracer)) return { problem: `the tracer's path holds a space or colon: ${tracer}` };
  const subject = subjects.find((path) => typeof statx(path) !== "number");
  if (subject === undefined) return { problem: "there is no /bin/true to try the tracer with" };
  const path = interpreterOf(readSmall(subject, subjectLimit) ?? new Uint8Array());
  const state = path === undefined ? c.ENOENT : statx(path);
  if (typeof state === "number") return { problem: `${subject} is no dynamically linked program` };
  const interpreters = [{ dev: state.dev, ino: state.ino }];
  const record = records.take({ ttys: 0, window: 0, interpreters, lists: false });
  try {
    const ending = runTraced(subject, tracer, record.path);
    if (ending !== undefined) return { problem: ending };
    const read = readRecord(record.read(), "/");
    if ("problem" in read) return { problem: `the record of ${subject} cannot be read: ${read.problem}` };
    const spoke = read.events.some((event) => event.kind === "hello");
    if (!spoke) return { problem: `${subject} ran without a word from the tracer` };
    rememberTest(tracer, path!, runtime);
    return interpreters;
  } finally {
    record.release();
  }
}

/** The memo of a passed self-test, in the runtime folder: it costs 20 ms, a third of what a one-shot costs in all. */
const memoName = "tracer-works";

/** What an earlier process found of this very `tracer`, if it and the program interpreter are what they were. */
export function rememberedTest(tracer: string, runtime: string): Interpreter[] | undefined {
  const memo = readSmall(`${runtime}/${memoName}`, 8192);
  if (memo === undefined) return undefined;
  const [loader, ...rest] = byteString(memo).split("\n");
  const state = statx(loader);
  if (typeof state === "number" || rest[0] !== memoOf(tracer, loader)) return undefined;
  return [{ dev: state.dev, ino: state.ino }];
}

function rememberTest(tracer: string, loader: string, runtime: string): void {
  const memo = memoOf(tracer, loader), path = shown(`${runtime}/${memoName}`);
  if (memo === undefined) return;
  try {
    Deno.writeFileSync(`${path}-${Deno.pid}`, bytesOf(`${loader}\n${memo}\n`), { mode: 0o600 });
    Deno.renameSync(`${path}-${Deno.pid}`, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || isFull(error))) throw error; // the next one tests again
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** The signatures of tracer and loader as hexadecimal digits, or undefined where one is not there. */
function memoOf(tracer: string, loader: string): string | undefined {
  const states = [statx(tracer), statx(loader)];
  if (states.some((state) => typeof state === "number")) return undefined;
  return states.map((state) => hex(signatureOf(state as FileState))).join(" ");
}

/** Runs `subject` to its end; what went wrong, or undefined. */
function runTraced(subject: string, tracer: string, record: string): string | undefined {
  const rest = environment().filter((text) => !/^(LD_PRELOAD|LD_AUDIT|ZCCACHE_TRACE_RECORD)=/.test(text));
  const environ = [`LD_PRELOAD=${tracer}`, `${traceVariable}=${record}`, ...rest];
  const nothing = libc().open(cString("/dev/null"), c.O_RDWR | c.O_CLOEXEC, 0);
  try {
    const stdio: [number, number, number] = [nothing, nothing, nothing];
    const pid = spawn(subject, [subject], { environ, stdio });
    if (pid < 0) return `cannot start ${subject}: errno ${-pid}`;
    for (const until = performance.now() + deadlineMs; performance.now() < until;) {
      const status = ended(pid);
      if (status === undefined) {
        libc().poll(new Uint8Array(8), 0n, 1);
        continue;
      }
      const { code, signal } = meaning(status);
      return code === 0 && signal === 0
        ? undefined
        : `${subject} ends with ${signal || code} under the tracer`;
    }
    libc().kill(pid, 9);
    return `${subject} does not end under the tracer`;
  } finally {
    libc().close(nothing);
  }
}

/** The program interpreter that a 64-bit ELF file names, or undefined. */
export function interpreterOf(file: Uint8Array): string | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const isElf64 = file.length >= 64 && view.getUint32(0) === 0x7f454c46 && file[4] === 2;
  if (!isElf64) return undefined;
  const table = Number(view.getBigUint64(32, true)), size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  if (size < 56 || table + size * count > file.length) return undefined;
  for (let at = table; at < table + size * count; at += size) {
    if (view.getUint32(at, true) !== 3 /* PT_INTERP */) continue;
    const from = Number(view.getBigUint64(at + 8, true)), length = Number(view.getBigUint64(at + 32, true));
    return length > 1 && from + length <= file.length
      ? byteString(file.subarray(from, from + length - 1))
      : undefined;
  }
  return undefined;
}
