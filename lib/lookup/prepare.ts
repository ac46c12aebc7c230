/**
 * What a launcher needs to run a tool: a record to write into and the tracer, or what is declared where there is none,
 * or the tool is a static program.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { absolute } from "../base/paths.ts";
import type { Inputs } from "../inputs/mod.ts";
import { coarseNow, type FileState, readHead } from "../os/mod.ts";
import { askFlags, type Message } from "../protocol/mod.ts";
import type { RecordPool } from "../trace/mod.ts";
import { beginDeclared } from "./declared.ts";
import type { Job } from "./job.ts";
import { deployOf, mayList, priorityOf } from "./wishes.ts";

export interface PrepareOptions {
  inputs: Inputs;
  records: RecordPool;
  /** Path of the tracer's library; empty where runs cannot be watched. */
  tracer: string;
  trace: "auto" | "off";
  interpreters: readonly { dev: bigint; ino: bigint }[];
}

/** Makes a job ready to run; the word (or none) for which it is not kept without a tracer. */
export function prepareRun(job: Job, options: PrepareOptions): Message<"run"> | { word: string } {
  const { tracer, trace, records, interpreters, inputs } = options, { ask } = job, { flags, window } = ask;
  // The asker's own word counts as well: a daemon's settings are those of its start.
  const off = trace === "off" || job.environment!.get("ZCCACHE_TRACE") === "off";
  if (tracer === "" || off || (job.kind === "compile" && isStaticIn(job.realTool, inputs))) {
    return prepareDeclared(job);
  }
  job.record = records.take({
    ttys: flags & (askFlags.tty0 | askFlags.tty1 | askFlags.tty2),
    window,
    interpreters,
    lists: mayList(job.environment!),
  });
  if (job.kind === "archive" || job.kind === "other") lookAhead(ask, inputs);
  job.startedAt = coarseNow();
  const isProgram = (path: string) => inputs.isProgram(path);
  const deploy = deployOf(ask, job.deploy, { path: job.environment!.get("PATH") ?? null, isProgram });
  job.deployer = deploy[0];
  return {
    name: "run",
    tracer,
    record: job.record.path,
    extra: job.remap?.added ?? [],
    priority: priorityOf(job.environment!, job.kind),
    deploy,
    foreseen: [],
  };
}

const elfHead = 4096, interpreter = 3;

/** What was found of tools; a state that is watched is the same object until something happens to the file. */
const statics = new WeakMap<FileState, boolean>();

function isStaticIn(path: string, inputs: Inputs): boolean {
  const state = inputs.state(path);
  if (typeof state === "number") return isStatic(path);
  let known = statics.get(state);
  if (known === undefined) statics.set(state, known = isStatic(path));
  return known;
}

/** Whether a tool is a program without a loader, into which no tracer can be loaded. */
export function isStatic(path: string): boolean {
  const head = readHead(path, elfHead);
  // 64 bits, little-endian: other programs are not traced at all.
  if (head === undefined || head.length < 64 || byteString(head.subarray(0, 6)) !== "\x7fELF\x02\x01") {
    return false;
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const at = Number(view.getBigUint64(32, true)),
    size = view.getUint16(54, true),
    count = view.getUint16(56, true);
  if (count === 0 || size === 0 || at + size * count > head.length) return false;
  return !Array.from({ length: count }, (_, i) => view.getUint32(at + i * size, true)).includes(interpreter);
}

/** Without a tracer a compile is kept by what its words and its dependency list declare. */
function prepareDeclared(job: Job): Message<"run"> | { word: string } {
  const { argv, cwd, flags } = job.ask;
  // How the tool finds a terminal cannot be answered for it (decisions.md 15).
  if (job.kind !== "compile" || flags & (askFlags.tty1 | askFlags.tty2)) return { word: "" };
  const running = beginDeclared(argv, cwd, job.environment!);
  if ("word" in running) return running;
  job.running = running;
  job.startedAt = coarseNow();
  const priority = priorityOf(job.environment!, job.kind);
  return {
    name: "run",
    tracer: "",
    record: "",
    extra: job.remap?.added ?? [],
    priority,
    deploy: [],
    foreseen: [],
  };
}

/** Hashes what the command line names: what is rewritten in place cannot be looked at afterwards. */
function lookAhead({ argv, cwd }: Message<"ask">, inputs: Inputs): void {
  for (const word of argv.slice(1)) if (!word.startsWith("-")) inputs.content(absolute(word, cwd));
}
