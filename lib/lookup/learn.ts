/**
 * What a run teaches: from its report to a unit in the store.
 *
 * In three steps: which outputs to keep (the launcher waits), what the run depended on (meanwhile it puts the outputs
 * aside), names for the outputs and a unit. The launcher waits for the second where an input must be looked at before the
 * next build step edits it, and for the third where that could not be made good after a kill (owed.ts). Where the outputs
 * were foreseen (foresight.ts) it waits for none of the three. Whatever is not understood ends in an outcome with a name,
 * and nothing is stored.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { byteString } from "../base/bytes.ts";
import { absolute, partsOf } from "../base/paths.ts";
import type { Inputs } from "../inputs/mod.ts";
import { readSmall } from "../os/mod.ts";
import { askFlags, type Message, reportFlags } from "../protocol/mod.ts";
import type { Store } from "../store/mod.ts";
import { inputKinds, isAboutContent, noSignature, textStyles, type Unit } from "../store/unit.ts";
import { asksForTime, classOf, isUnmodelled, type Observation } from "../trace/mod.ts";
import { madeAnywhere, toSlot } from "./anywhere.ts";
import { Bounds } from "./bounds.ts";
import { addCatalogs } from "./catalogs.ts";
import {
  factRows,
  namesTemporary,
  temporaryRows,
  terminalOf,
  variablesAsked,
  withPlace,
  withPrograms,
} from "./circumstances.ts";
import type { Comments } from "./comments.ts";
import { inheritsReadable } from "./descriptors.ts";
import { isVerdict } from "./failures.ts";
import type { Followed } from "./following.ts";
import { Foresight } from "./foresight.ts";
import { hiddenOptions } from "./hidden_options.ts";
import { type Statements, statementsOf } from "./ingest.ts";
import type { Job } from "./job.ts";
import { Keeper } from "./keep.ts";
import type { Ended, Outcome } from "./outcome.ts";
import { Observing } from "./observing.ts";
import { mayOffload } from "./offload.ts";
import { productsOf } from "./outputs.ts";
import { isPlain, owe } from "./owed.ts";
import { shareRun } from "./parts.ts";
import { bind } from "./remap.ts";
import { boundToNames, namesRow } from "./renamed.ts";
import { foundOn, namesSought } from "./search_path.ts";
import { withMarkedTexts } from "./texts.ts";
import { type Times, timesThatCount } from "./times_that_count.ts";

/** What a run made: what is to be staged, and what to do meanwhile. */
export interface Made {
  files: Message<"keep">["files"];
  look: () => void;
}

export interface LearnerOptions {
  store: Store;
  inputs: Inputs;
  comments: Comments;
  log: { warn(text: string): void };
  /** What distinguishes this machine's processor. */
  cpu(): string;
  now(): number;
}

/**
 * Whether texts were found by the way to the tool: drivers look for the files of a moved toolchain from where they
 * lie, and a list or a debugger's table then names them so.
 */
function foundByTool(tool: string, inputs: Statements["inputs"]): boolean {
  const beside = `${tool.slice(0, tool.lastIndexOf("/"))}/../`;
  return inputs.some(({ kind, path }) =>
    isAboutContent(kind) && path.startsWith(beside) && path !== tool &&
    classOf(path) !== "compiler" && !/\.so[.\d]*$/.test(path)
  );
}

/** The program of a run whose habits are not known. */
function scriptIn({ programs }: Observation): string {
  return [...programs].find((path) => classOf(path) !== "compiler") ?? "";
}

/** The path of the dependency list that a line asks for. */
function listOf({ names, ask: { cwd } }: Job): string | undefined {
  return names?.list && absolute(names.list.path, cwd);
}

/** Where a run made files beside those for which there is a folder of temporary ones. */
function foldersWritten({ written }: Observation, { ask, environment, slot }: Job): string[] {
  const temporary = environment!.get("TMPDIR") || "/tmp";
  const folders = new Set(Array.from(written.keys(), (path) => partsOf(path).folder));
  return [...folders].filter((folder) => folder !== temporary || folder === ask.cwd)
    .map((folder) => toSlot(folder, slot));
}

/** Finds out what is left to be found out about a run's statements. */
function takeJudgement(job: Job): void {
  job.judge?.();
  job.judge = undefined;
}

function timesIn({ products, ask: { argv, cwd } }: Job, found: Observation): Times {
  const made = products.map(({ path }) => path), named = argv.map((word) => absolute(word, cwd));
  return timesThatCount(found, made, named);
}

/** A script is no longer than this. */
const longestScript = 1 << 20;

function mayAskForTime(path: string): boolean {
  const bytes = readSmall(path, longestScript);
  return bytes === undefined || asksForTime(byteString(bytes));
}

export class Learner {
  readonly #with: LearnerOptions;
  readonly #keeper: Keeper;
  readonly #observing: Observing;
  readonly #bounds = new Bounds();
  readonly #foresight = new Foresight();

  constructor(options: LearnerOptions) {
    this.#with = options;
    this.#keeper = new Keeper(options.store);
    this.#observing = new Observing(options.inputs);
  }

  /** The tool has ended: what must be kept, or that nothing will be. `look` is to be called while that is done. */
  report(
    job: Job,
    report: Message<"report">,
  ): Made | Ended {
    const learned = this.#learn(job, report);
    // Whatever keeps a failure from being kept, what people see is that it failed.
    if (report.status === 0 || "files" in learned) return learned;
    return {
      outcome: "pass_failed",
      what: learned.outcome === "pass_failed" ? learned.what : learned.outcome,
    };
  }

  #learn(job: Job, report: Message<"report">): Made | Ended {
    const why = this.#unfit(job, report);
    if (why !== undefined) return { outcome: why, what: "" };
    const variable = [...job.environment!.keys()].find(isUnmodelled);
    if (variable !== undefined) return { outcome: "pass_unmodelled", what: variable };
    job.report = report;
    const found = this.#observing.observation(job);
    if ("refusal" in found) return { outcome: found.refusal, what: found.what };
    if (report.status !== 0 && (found.wholeEnvironment || found.refused.size > 0)) {
      return { outcome: "pass_failed", what: found.refused.keys().next().value ?? scriptIn(found) };
    }
    const { ask } = job, environment = job.environment!;
    // A compiler reads standard input where its words say so; a script may do so at any time.
    const mayRead = !(ask.flags & (askFlags.stdin_null | askFlags.stdin_closed | askFlags.tty0));
    if (mayRead && found.wholeEnvironment && job.running === undefined && job.input === undefined) {
      return { outcome: "pass_stdin", what: scriptIn(found) };
    }
    const isScript = found.wholeEnvironment && job.running === undefined, { left } = job;
    // Whose launcher has gone was asked before.
    if (isScript && (left === undefined ? inheritsReadable(ask.pid, environment) : job.inherits !== false)) {
      return { outcome: "pass_descriptor", what: scriptIn(found) };
    }
    const asking = [...found.scripts].find((path) => mayAskForTime(path));
    if (asking !== undefined) return { outcome: "pass_time", what: asking };
    const products = productsOf(found, {
      inputs: this.#with.inputs,
      cwd: ask.cwd,
      temporaryFolder: environment.get("TMPDIR") ?? "/tmp",
      argv: ask.argv,
      left,
    });
    if ("refusal" in products) {
      this.#foresight.forget(job);
      return { outcome: products.refusal, what: products.what };
    }
    // What a failure leaves behind is half of something; but a list is whole.
    const half = report.status === 0 ? undefined : products.find(({ path }) => path !== listOf(job));
    if (half !== undefined) return { outcome: "pass_failed", what: half.path };
    if (report.status === 0) this.#foresight.learn(job, products);
    job.products = products, job.unknownTool = found.wholeEnvironment;
    job.givesModes = found.givesModes;
    job.variables = variablesAsked(environment, found.variables, found.wholeEnvironment);
    if (job.partsFound !== undefined && !shareRun(job)) job.partsFound = undefined;
    const regular = products.filter(({ staged }) => staged);
    const programs = [job.realTool, ...found.programs];
    job.mayOffload = mayOffload(programs, { words: ask.argv, compiles: job.kind === "compile" });
    const unforeseen = left && products.find(({ path }) => !left.has(path));
    if (unforeseen !== undefined) return { outcome: "pass_unforeseen", what: unforeseen.path };
    job.staged = regular.map(({ path }) => left?.get(path)?.to ?? this.#with.store.stagingName());
    job.times = timesIn(job, found);
    // What else is asked of files is told by their signatures, now or later.
    job.leavesEarly = left === undefined && owe(job, found, this.#with) &&
      !this.#bounds.readsFiles(job) &&
      job.following!.foreseen.knowsAll(found, this.#with.inputs);
    return {
      files: regular.map(({ path }, i) => ({ path, to: job.staged[i] })),
      look: () => {
        this.#look(job, found);
        for (const [i, share] of job.partsFound?.entries() ?? []) this.#look(job.parts![i].job, share);
      },
    };
  }

  #look(job: Job, found: Observation): void {
    const { out, err } = job.report!;
    if (found.wholeEnvironment || out.length + err.length > 0) addCatalogs(found, job.environment!);
    const statements = job.statements = this.#statements(job, found), { ask } = job;
    if (job.report!.status !== 0) job.writtenIn = foldersWritten(found, job);
    if ("outcome" in statements || found.wholeEnvironment) return;
    const names = namesSought(job.environment!.get("PATH") ?? null, ask.cwd, statements);
    const isProgram = (path: string) => this.#with.inputs.isProgram(path);
    job.variables = withPrograms(job.variables!, names, (path) => foundOn(path, ask.cwd, names, isProgram));
    job.judge = () => {
      // Who would be told something is told where: a text that names a line may quote it.
      const silent = job.report!.status === 0 && out.length + err.length === 0;
      if (job.comments !== undefined && job.running === undefined && silent) {
        const run = { found, inputs: this.#with.inputs, environment: job.environment! };
        this.#with.comments.mark(statements.inputs, job.comments, run);
      }
      this.#bounds.note(job, statements, found);
    };
    if (job.owing === undefined || this.#bounds.readsFiles(job)) takeJudgement(job);
  }

  /** What the run depended on, as it is now. */
  #statements(job: Job, found: Observation): Statements | Ended {
    const { ask, startedAt, realTool, following, times = timesIn(job, found) } = job, { inputs } = this.#with;
    const statements = statementsOf(found, { inputs, startedAt, ...times }, following?.foreseen);
    if ("refusal" in statements) return { outcome: statements.refusal, what: statements.what };
    statements.inputs.push({
      kind: inputKinds.real_path,
      path: absolute(ask.tool, ask.cwd),
      value: this.#with.inputs.digestOf(realTool),
      signature: noSignature,
    });
    return statements;
  }

  /** Takes in some of what the run of a job has asked so far. */
  follow(job: Job): Followed {
    return job.report === undefined ? this.#observing.following(job).follow() : "none";
  }

  /** What the launcher is to stage without asking, where a run is likely to leave just that. */
  foresee(job: Job): Message<"run">["foreseen"] {
    const isUsual = isPlain(job) && !this.#bounds.readsFiles(job);
    // Whoever writes over what it has read destroys what its result would have to be made of again.
    const list = listOf(job),
      overwrites = list !== undefined && this.#with.inputs.lasting(list) !== undefined;
    const paths = isUsual && !overwrites ? this.#foresight.outputs(job) : undefined;
    return (paths ?? []).map((path) => ({ path, to: this.#with.store.stagingName() }));
  }

  #unfit({ environment, running }: Job, report: Message<"report">): Outcome | undefined {
    const { status, flags } = report;
    if (status !== 0 && (running !== undefined || !isVerdict(report, environment!))) return "pass_failed";
    if (flags & (reportFlags.left_behind | reportFlags.unsure_children)) return "pass_left_behind";
    if (flags & reportFlags.deploy_failed) return "pass_deploy";
    return flags & (reportFlags.lost_text | reportFlags.rerun) ? "pass_lost_text" : undefined;
  }

  /**
   * The tool has succeeded in silence, its outputs were staged as foreseen, and nobody waits: all that is to be done, in
   * pieces, between which others may be decided. Inputs are looked at in the first alone, which must come at once: a build
   * may remove or edit what was compiled. The others have to `begin`.
   */
  *left(job: Job, { wall_us, files }: Message<"left">, begin: () => void): Generator<void, Ended> {
    const { foreseen = [] } = job, texts = { out: new Uint8Array(0), err: new Uint8Array(0) };
    if (files.length !== foreseen.length) {
      throw new Error(`${foreseen.length} files were foreseen, not ${files.length}`);
    }
    const left = job.left = new Map(foreseen.map(({ path, to }, i) => [path, { ...files[i], to }]));
    const learned = this.report(job, { name: "report", status: 0, flags: 0, wall_us, ...texts });
    if (!("files" in learned)) return learned;
    learned.look();
    yield;
    begin();
    takeJudgement(job);
    yield;
    begin();
    return this.kept(job, { name: "kept", files: learned.files.map(({ path }) => left.get(path)!) });
  }

  /** The outputs are staged: their bytes are named, and the unit is stored. */
  kept(job: Job, message: Message<"kept">): Ended {
    const { statements, staged } = job;
    if (statements === undefined || message.files.length !== staged.length) {
      return { outcome: "miss_not_stored", what: "out of turn" };
    }
    if ("outcome" in statements) return statements;
    try {
      takeJudgement(job);
      const outputs = this.#keeper.outputs(job, message);
      if ("outcome" in outputs) return outputs;
      const unit = this.#unit(job, statements, outputs), anywhere = job.action!.anywhere;
      if (job.remap?.use !== undefined && job.unknownTool) {
        bind(job, { reason: "unknown_program", what: "" });
      }
      const isBound = anywhere === undefined || job.unknownTool || job.bound !== undefined;
      if (!isBound && job.remap !== undefined) unit.environment = withPlace(unit.environment, job.ask.cwd);
      const everywhere = isBound ? undefined : withMarkedTexts(unit, job.ask.cwd);
      job.learned = statements.inputs;
      this.#with.store.put(everywhere === undefined ? unit : madeAnywhere(everywhere, anywhere!, job.slot));
      if (job.partsFound !== undefined) {
        for (const { job: part } of job.parts!) this.#putPart(part, outputs);
      }
    } catch (cause) {
      this.#with.log.warn(`Cannot store a result: ${messageOf(cause)}`);
      return { outcome: "miss_not_stored", what: job.what };
    }
    return { outcome: job.missed, what: job.what };
  }

  /** Stores what a part has of the run of all. */
  #putPart(part: Job, all: Unit["result"]["outputs"]): void {
    const { statements, products, action, bound } = part;
    if (statements === undefined || "outcome" in statements) return;
    const own = new Set(products.map(({ path }) => toSlot(path, part.slot)));
    const unit = this.#unit(part, statements, all.filter(({ path }) => own.has(path)));
    const isBound = action!.anywhere === undefined || bound !== undefined || part.use?.full !== undefined;
    this.#with.store.put(isBound ? unit : madeAnywhere(unit, action!.anywhere!, part.slot));
  }

  #unit(job: Job, statements: Statements, outputs: Unit["result"]["outputs"]): Unit {
    const { report, ask } = job, { out, err } = report!;
    const texts = {
      out: this.#keeper.text(out, textStyles.out),
      err: this.#keeper.text(err, textStyles.err),
    };
    const hasText = out.length + err.length > 0, environment = job.environment!;
    const isTemporary = job.namesTemporary ||
      [out, err].some((text) => namesTemporary(text, environment));
    // Texts hold how a driver was called; a tool whose habits are not known may use that, and any option, otherwise.
    const facts = factRows({
      lacksTemporary: job.lacksTemporary,
      tool: job.names !== undefined && foundByTool(absolute(ask.tool, ask.cwd), statements.inputs)
        ? ask.tool
        : undefined,
      called: hasText || job.unknownTool ? ask.argv[0] : undefined,
      writtenIn: job.writtenIn,
      umask: job.givesModes ? ask.umask : undefined,
      cpu: job.unknownTool ? this.#with.cpu() : undefined,
      descriptors: job.unknownTool && job.running === undefined ? false : undefined,
    });
    const unit: Unit = {
      key: job.action!.digest,
      environment: [...job.variables!, ...facts, ...isTemporary ? temporaryRows(environment) : []],
      terminal: hasText ? terminalOf(ask, environment) : "",
      ...statements,
      result: {
        status: report!.status >> 8, // no signal's: those are not kept
        out: texts.out.inline,
        err: texts.err.inline,
        oneOutput: (ask.flags & askFlags.one_output) !== 0,
        outputs: [...outputs, ...texts.out.blobs, ...texts.err.blobs],
      },
      workKind: job.kind,
      wallUs: Number(report!.wall_us),
      storedAt: this.#with.now(),
    };
    if (job.names === undefined) return unit;
    const why = job.unknownTool || job.running !== undefined
      ? "a tool that is not watched, or not known"
      : hiddenOptions(unit.environment, unit.inputs) ?? boundToNames(job.names, ask.cwd, unit);
    return { ...unit, environment: [...unit.environment, namesRow(job.names, why)] };
  }
}
