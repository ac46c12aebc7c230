/**
 * Decides, for one request after another: deliver, run or pass; and stores what a run gave.
 *
 * The story in order: `ask` names the action and looks for a candidate all of whose statements hold; `report` reads the
 * trace of a run and makes the statements of a new candidate; `kept` takes the outputs' bytes and stores the unit.
 * What decides writes no file of the user; what acts (the launcher) decides nothing.
 *
 * Always true: any doubt ends in the tool being run by the launcher, and a run is stored whole or not at all.
 *
 * @module
 */
import { bytesOf, shown } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { kindOf } from "../compilers/mod.ts";
import { Inputs, type Tree, Watched } from "../inputs/mod.ts";
import { coarseNow, physicalPath, readSmall } from "../os/mod.ts";
import { askFlags, hitFlags, type Message, reportFlags, styles } from "../protocol/mod.ts";
import { inputKinds, noSignature, type Unit } from "../store/unit.ts";
import type { Store, StoredUnit } from "../store/mod.ts";
import {
  type Observation,
  observe,
  readRecord,
  type Record,
  type RecordPool,
  type Refused,
  tidy,
} from "../trace/mod.ts";
import { byteString } from "../base/bytes.ts";
import { type Action, actionOf, cpuIdentity, fromSlot, toSlot } from "./action.ts";
import {
  type Environment,
  environmentHolds,
  environmentOf,
  terminalOf,
  variablesAsked,
} from "./circumstances.ts";
import { beginDeclared, declaredObservation, type Running } from "./declared.ts";
import { type Statements, statementsOf } from "./ingest.ts";
import { Memo } from "./memo.ts";
import type { Outcome } from "./outcome.ts";
import { modeBeforeUmask, type Product, productsOf } from "./outputs.ts";
import { Toolchains } from "./toolchain.ts";

export { type Outcome, type OutcomeRow, outcomes } from "./outcome.ts";

export interface DeciderOptions {
  store: Store;
  records: RecordPool;
  /** Path of the tracer's library; empty where runs cannot be watched. */
  tracer: string;
  /** Program interpreters into which the tracer may be loaded. */
  interpreters: readonly { dev: bigint; ino: bigint }[];
  log: { info(text: string): void; warn(text: string): void };
  trace: "auto" | "off";
  /** Milliseconds since 1970. */
  now(): number;
  /** Off: every statement is looked at, each time. */
  watch?: { tree: Tree; wake(): void };
  /** Called once for each run. `savedUs`: what the hit saved. */
  count?(outcome: Outcome, kind: string, savedUs: number): void;
}

/** One run of one tool, from its request to its end. Only `id` and `ask` are for others. */
export interface Job {
  readonly id: number;
  readonly ask: Message<"ask">;
  outcome?: Outcome;
  /** What the outcome is about: a path, a word, a program. */
  what: string;
  kind: string;
  savedUs: number;
  action?: Action;
  environment?: Environment;
  /** What is delivered. */
  stored?: StoredUnit;
  realTool: string;
  startedAt: bigint;
  /** Why no candidate served, to be the outcome once the run is stored. */
  missed: Outcome;
  record?: Record;
  /** Instead of a record, where there is no tracer. */
  running?: Running;
  report?: Message<"report">;
  statements?: Statements;
  variables?: [string, string | null][];
  products: Product[];
  staged: string[];
}

/** Compilers hold up to some 10 MB of response text; beyond this a file is not read to name the kind of work. */
const responseLimit = 4 << 20;

/** Precompiled headers and modules hold size and mtime of their headers, and clang compares them on use (soundness.md 3). */
const holdsTimes = /\.(?:pch|pcm|gch)$/;

export class Decider {
  readonly #options: DeciderOptions;
  readonly #inputs: Inputs;
  #watched: Watched | undefined;
  readonly #memo = new Memo();
  readonly #toolchains = new Toolchains();
  #jobs = 0;
  #cpu: string | undefined;

  constructor(options: DeciderOptions) {
    this.#options = options;
    this.#inputs = new Inputs(options.store, Deno.osRelease());
    this.#watched = options.watch && new Watched(options.watch.tree, this.#inputs);
  }

  /** Answers a request. The job goes with every later message of the same conversation. */
  ask(
    ask: Message<"ask">,
    frame?: Uint8Array,
  ): { reply: Message<"hit"> | Message<"run"> | Message<"pass">; job: Job } {
    const job = this.#job(ask), reply = this.#decide(job);
    if (reply.name === "hit" && frame !== undefined && this.#watched !== undefined) {
      const { action, environment, kind, realTool, stored } = job;
      this.#memo.set(Memo.key(frame), {
        ask,
        action: action!,
        environment: environment!,
        kind,
        realTool,
        stored: stored!,
        reply,
      });
    }
    return { reply, job };
  }

  #job(ask: Message<"ask">): Job {
    return {
      id: ++this.#jobs,
      ask,
      what: "",
      kind: "other",
      savedUs: 0,
      realTool: "",
      startedAt: 0n,
      missed: "miss_new",
      products: [],
      staged: [],
    };
  }

  /** A hit for a request that hit before with the same bytes, if everything still holds. `sees`: as `ask` is asked. */
  recall(
    frame: Uint8Array,
    sees: (ask: Message<"ask">) => boolean,
  ): { reply: Message<"hit">; job: Job } | undefined {
    if (this.#watched === undefined) return undefined;
    const key = Memo.key(frame), known = this.#memo.get(key);
    if (known === undefined || !sees(known.ask)) return undefined;
    this.#begin();
    const { stored, reply } = known, { store } = this.#options;
    const good = store.holds(stored) && this.#failing(stored.unit) === undefined &&
      stored.unit.result.outputs.every(({ blob }) => blob.length === 0 || store.blobPath(blob) !== undefined);
    if (!good) {
      this.#memo.forget(key); // the long way says what is wrong
      return undefined;
    }
    store.touch(stored.id);
    const { ask, action, environment, kind, realTool } = known;
    return {
      reply,
      job: {
        ...this.#job(ask),
        action,
        environment,
        kind,
        realTool,
        stored,
        outcome: "hit",
        savedUs: stored.unit.wallUs,
      },
    };
  }

  #decide(job: Job): Message<"hit"> | Message<"run"> | Message<"pass"> {
    const { ask } = job;
    this.#begin();
    const real = physicalPath(absolute(ask.tool, ask.cwd));
    job.realTool = typeof real === "string" ? real : ask.tool;
    const work = kindOf({
      tool: ask.tool,
      argv: ask.argv,
      realTool: job.realTool,
      readResponse: (name) => {
        const bytes = readSmall(absolute(name, ask.cwd), responseLimit);
        return bytes && byteString(bytes);
      },
    });
    if ("pass" in work) return this.#pass(job, work.pass, work.word);
    job.kind = work.kind;
    job.environment = environmentOf(ask.env);
    job.action = actionOf(ask, () => this.#cpu ??= cpuIdentity());
    return this.#find(job, job.environment) ?? this.#run(job);
  }

  /** The first candidate whose statements all hold, as a delivery. */
  #find(job: Job, environment: Environment): Message<"hit"> | undefined {
    const terminal = terminalOf(job.ask, environment);
    for (const candidate of this.#options.store.candidates(job.action!.digest)) {
      const { unit } = candidate;
      if (
        !environmentHolds(unit.environment, environment) ||
        (unit.terminal !== "" && unit.terminal !== terminal)
      ) {
        if (job.missed === "miss_new") job.missed = "miss_environment";
        continue;
      }
      const failing = this.#failing(unit);
      if (failing !== undefined) {
        job.missed = "miss_input", job.what = failing;
        continue;
      }
      const hit = this.#delivery(job, candidate);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  /** A new decision: nothing that was seen before counts, and what happened meanwhile is taken in. */
  #begin(): void {
    this.#inputs.begin();
    this.#options.watch?.wake();
    this.#watched?.begin();
    const unseen = this.#watched?.disagreement;
    if (unseen === undefined) return;
    this.#options.log.warn(`watching is switched off: it did not see that ${shown(unseen)} changed`);
    this.#watched = undefined;
  }

  /** The path about which a unit's statements are no longer true. */
  #failing(unit: Unit): string | undefined {
    if (this.#watched !== undefined) return this.#watched.failing(unit);
    const input = unit.inputs.find((input) => !this.#inputs.holds(input));
    if (input !== undefined) return input.path;
    return this.#inputs.absencesHold(unit.absences) ? undefined : "a file that was not there";
  }

  #delivery(job: Job, stored: StoredUnit): Message<"hit"> | undefined {
    const { id, unit } = stored;
    const files: { style: number; mode: number; path: string; source: string }[] = [];
    for (const output of unit.result.outputs) {
      const source = output.style === styles.link
        ? output.text
        : output.style === styles.folder
        ? ""
        : this.#options.store.blobPath(output.blob);
      if (source === undefined) {
        job.missed = "miss_damaged", job.what = output.path;
        this.#options.store.drop(id);
        return undefined;
      }
      files.push({
        style: output.style,
        mode: output.mode,
        path: fromSlot(output.path, job.ask.cwd),
        source,
      });
    }
    this.#options.store.touch(id);
    job.outcome = "hit", job.savedUs = unit.wallUs, job.stored = stored;
    const { status, out, err, oneOutput } = unit.result;
    return { name: "hit", status, flags: oneOutput ? hitFlags.one_output : 0, out, err, files };
  }

  #pass(job: Job, outcome: Outcome, what: string): Message<"pass"> {
    job.outcome = outcome, job.what = what;
    return { name: "pass", outcome };
  }

  #run(job: Job): Message<"run"> | Message<"pass"> {
    const { tracer, trace, records, interpreters } = this.#options;
    // The asker's own word counts as well: a daemon's settings are those of its start.
    const off = trace === "off" || job.environment!.get("ZCCACHE_TRACE") === "off";
    if (tracer === "" || off) return this.#runDeclared(job);
    const { ask } = job, { flags, window } = ask;
    job.record = records.take({
      ttys: flags & (askFlags.tty0 | askFlags.tty1 | askFlags.tty2),
      window,
      interpreters,
    });
    if (job.kind === "archive") this.#lookAhead(ask);
    job.startedAt = coarseNow();
    return { name: "run", tracer, record: job.record.path, extra: [], staging: "" };
  }

  /** Without a tracer a compile is kept by what its words and its dependency list declare. */
  #runDeclared(job: Job): Message<"run"> | Message<"pass"> {
    const { argv, cwd, flags } = job.ask;
    // How the tool finds a terminal cannot be answered for it (decisions.md 15).
    if (job.kind !== "compile" || flags & (askFlags.tty1 | askFlags.tty2)) {
      return this.#pass(job, "pass_no_tracer", "");
    }
    const running = beginDeclared(argv, cwd, job.environment!);
    if ("word" in running) return this.#pass(job, "pass_no_tracer", running.word);
    job.running = running;
    job.startedAt = coarseNow();
    return { name: "run", tracer: "", record: "", extra: [], staging: "" };
  }

  /** Hashes what the command line names: an archive that is rewritten cannot be looked at afterwards. */
  #lookAhead({ argv, cwd }: Message<"ask">): void {
    for (const word of argv.slice(1)) if (!word.startsWith("-")) this.#inputs.content(absolute(word, cwd));
  }

  /** The launcher could not deliver: the tool runs, so that its habit with such a target is learned. */
  cannot(job: Job, message: Message<"cannot">): Message<"run"> | Message<"pass"> {
    job.outcome = undefined, job.savedUs = 0;
    job.missed = "miss_target", job.what = message.path;
    return this.#run(job);
  }

  /** The tool has ended: what must be kept, or that nothing will be. */
  report(job: Job, report: Message<"report">): Message<"keep"> | Message<"done"> {
    this.#inputs.begin();
    const why = this.#unfit(report);
    if (why !== undefined) return this.#done(job, why, "");
    const found = this.#observation(job);
    if ("refusal" in found) return this.#done(job, found.refusal, found.what);
    const { ask } = job, environment = job.environment!;
    const products = productsOf(found, {
      inputs: this.#inputs,
      cwd: ask.cwd,
      temporaryFolder: environment.get("TMPDIR") ?? "/tmp",
      argv: ask.argv,
    });
    if ("refusal" in products) return this.#done(job, products.refusal, products.what);
    const statements = statementsOf(found, {
      inputs: this.#inputs,
      startedAt: job.startedAt,
      withTimes: [...found.files.keys(), ...products.map(({ path }) => path)].some((path) =>
        holdsTimes.test(path)
      ),
    });
    if ("refusal" in statements) return this.#done(job, statements.refusal, statements.what);
    const tool = absolute(ask.tool, ask.cwd);
    statements.inputs.push({
      kind: inputKinds.real_path,
      path: tool,
      value: sha256(bytesOf(job.realTool)),
      signature: noSignature,
    });
    job.report = report, job.statements = statements, job.products = products;
    job.variables = variablesAsked(environment, found.variables, found.wholeEnvironment);
    const regular = products.filter(({ staged }) => staged);
    job.staged = regular.map(() => this.#options.store.stagingName());
    return { name: "keep", files: regular.map(({ path }, i) => ({ path, to: job.staged[i] })) };
  }

  #unfit({ status, flags }: Message<"report">): Outcome | undefined {
    if (status !== 0) return "pass_failed";
    if (flags & (reportFlags.left_behind | reportFlags.unsure_children)) return "pass_left_behind";
    return flags & (reportFlags.lost_text | reportFlags.rerun) ? "pass_lost_text" : undefined;
  }

  #observation(job: Job): Observation | Refused {
    if (job.running !== undefined) {
      return declaredObservation(job.running, this.#toolchains.of(job.realTool, job.environment!));
    }
    const read = readRecord(job.record!.read());
    if ("problem" in read) return { refusal: "pass_incomplete_trace", what: read.problem };
    const found = observe(read.events, read.doubts, job.ask.cwd);
    // No traced process opens the tool itself: a script's interpreter does, a program's loader does not.
    if (!("refusal" in found)) {
      for (const path of [tidy(absolute(job.ask.tool, job.ask.cwd)), job.realTool]) {
        const seen = found.files.get(path);
        if (seen?.question !== "content") {
          found.files.set(path, { question: "content", signature: seen?.signature });
        }
      }
    }
    return found;
  }

  /** The outputs are staged: their bytes are named, the unit is stored, the launcher may go. */
  kept(job: Job, message: Message<"kept">): Message<"done"> {
    const { report, statements, staged, products } = job;
    if (report === undefined || statements === undefined || message.files.length !== staged.length) {
      return this.#done(job, "miss_not_stored", "out of turn");
    }
    try {
      const outputs = this.#outputs(job, message);
      if (typeof outputs === "string") return this.#done(job, "pass_mode", outputs);
      this.#options.store.put(this.#unit(job, outputs));
    } catch (cause) {
      this.#options.log.warn(`Cannot store a result: ${cause instanceof Error ? cause.message : cause}`);
      return this.#done(job, "miss_not_stored", "");
    }
    return this.#done(job, job.missed, products[0]?.path ?? "");
  }

  #outputs(job: Job, { files }: Message<"kept">): Unit["result"]["outputs"] | string {
    let next = 0;
    const outputs: Unit["result"]["outputs"] = [];
    for (const { path, style, text, staged } of job.products) {
      const slot = toSlot(path, job.ask.cwd);
      if (!staged) {
        outputs.push({ path: slot, blob: new Uint8Array(0), text, style, mode: 0o777, size: 0 });
        continue;
      }
      const { errno, mode } = files[next];
      if (errno !== 0) throw new Error(`${shown(path)} was not staged (errno ${errno})`);
      const before = style === styles.write_through ? 0o666 : modeBeforeUmask(mode, job.ask.umask);
      if (before === undefined) return path;
      const { digest, size } = this.#options.store.commitBlob(job.staged[next++]);
      outputs.push({ path: slot, blob: digest, text: "", style, mode: before, size });
    }
    return outputs;
  }

  #unit(job: Job, outputs: Unit["result"]["outputs"]): Unit {
    const { report, ask } = job, { out, err } = report!;
    const hasText = out.length + err.length > 0;
    return {
      key: job.action!.digest,
      environment: job.variables!,
      terminal: hasText ? terminalOf(ask, job.environment!) : "",
      ...job.statements!,
      result: {
        status: 0,
        out: out.slice(),
        err: err.slice(),
        oneOutput: (ask.flags & askFlags.one_output) !== 0,
        outputs,
      },
      workKind: job.kind,
      wallUs: Number(report!.wall_us),
      storedAt: this.#options.now(),
    };
  }

  #done(job: Job, outcome: Outcome, what: string): Message<"done"> {
    job.outcome = outcome, job.what = what;
    this.#release(job);
    return { name: "done", outcome };
  }

  /** Gives the record back; one that a process may still write into must serve no other run. */
  #release(job: Job): void {
    if (job.outcome === "pass_left_behind" || (job.outcome === undefined && job.report === undefined)) {
      job.record?.forget();
    } else job.record?.release();
    job.record = undefined;
    // What became a blob has another name by now; the rest must not stay (a full disk, a launcher that died).
    for (const staged of job.staged.splice(0)) this.#options.store.discard(staged);
  }

  /** The conversation is over, in whatever state. Called once for every job; counts its outcome. */
  ended(job: Job): void {
    this.#release(job);
    const outcome = job.outcome ?? (job.report === undefined ? "pass_untraceable" : "miss_not_stored");
    if (outcome !== "hit") {
      this.#options.log.info(`${outcome} ${shown(job.what)}: ${shown(job.ask.argv.slice(0, 6).join(" "))}`);
    }
    this.#options.count?.(outcome, job.kind, job.savedUs);
  }
}

function absolute(path: string, cwd: string): string {
  return path.startsWith("/") ? path : `${cwd}/${path}`;
}
