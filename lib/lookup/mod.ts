/**
 * Decides, for one request after another: deliver, run or pass; and stores what a run gave.
 *
 * The story in order: `ask` names the action and looks for a candidate all of whose statements hold; `report` reads the
 * trace of a run and makes the statements of a new candidate; `kept` takes the outputs' bytes and stores the unit; `left`
 * does both, for outputs that were foreseen.
 * What decides writes no file of the user; what acts (the launcher) decides nothing.
 *
 * Always true: any doubt ends in the tool being run by the launcher, and a run is stored whole or not at all.
 *
 * @module
 */
import { byteString, shown } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { absolute } from "../base/paths.ts";
import { kindOf } from "../compilers/mod.ts";
import { Inputs } from "../inputs/mod.ts";
import { readSmall } from "../os/mod.ts";
import { askFlags, inputFlags, maxTextBytes, type Message, styles } from "../protocol/mod.ts";
import { cpuIdentity } from "./action.ts";
import { environmentOf, lacksTemporaryFolder } from "./circumstances.ts";
import { Comments } from "./comments.ts";
import { type EarlyOptions, startsEarly } from "./early.ts";
import type { Followed } from "./following.ts";
import { type Job, newJob } from "./job.ts";
import { Learner } from "./learn.ts";
import { Memo, type Remembered } from "./memo.ts";
import { Naming } from "./naming.ts";
import type { Answer, DeciderOptions, Reply, Said, Wait } from "./options.ts";
import type { Ended, Outcome } from "./outcome.ts";
import { answerByParts } from "./parts.ts";
import { oweForeseen, payDebts } from "./owed.ts";
import { prepareRun } from "./prepare.ts";
import { Remapping, rootOf, wantsRemap } from "./remap.ts";
import { Search } from "./search.ts";
import { Turns } from "./turns.ts";
import { Twins } from "./twins.ts";
import { mostAtOnce } from "./wishes.ts";

export type { Job } from "./job.ts";
export type { DeciderOptions } from "./options.ts";
export { type Fallback, type Outcome, type OutcomeRow, outcomes } from "./outcome.ts";

/**
 * For an equal run: most compiles are over by then, and one that is stopped must not stop its equals. For a turn: no run
 * waits for another in a way that we cannot see, but if one does, it waits no longer.
 */
const mostMs = { twin: 60_000, turn: 600_000 } as const;

/** Compilers hold up to some 10 MB of response text; beyond this a file is not read to name the kind of work. */
const responseLimit = 4 << 20;

export class Decider {
  readonly #options: DeciderOptions;
  readonly #inputs: Inputs;
  readonly #comments: Comments;
  readonly #memo = new Memo();
  readonly #learner: Learner;
  readonly #search: Search;
  readonly #naming: Naming;
  readonly #early: EarlyOptions;
  readonly #twins = new Twins();
  readonly #remapping: Remapping;
  readonly #turns = new Turns();
  #jobs = 0;
  #cpu: string | undefined;

  constructor(options: DeciderOptions) {
    this.#options = options;
    const { store, watch, later } = options, comments = options.comments !== "off";
    this.#comments = new Comments({ store, comments, later, lives: watch !== undefined });
    this.#inputs = new Inputs(store, Deno.osRelease(), watch?.tree, this.#comments);
    const shared = {
      ...options,
      inputs: this.#inputs,
      comments: this.#comments,
      cpu: () => this.#processor(),
    };
    this.#learner = new Learner(shared);
    this.#search = new Search(shared);
    this.#naming = new Naming(shared);
    this.#early = { store, naming: this.#naming, twins: this.#twins };
    this.#remapping = new Remapping(this.#inputs);
  }

  /**
   * Answers a request, or says when to ask by `again`: an equal run is under way, or there is no place to run in. The
   * job goes with every later message of the same conversation.
   */
  ask(ask: Message<"ask">, frame?: Uint8Array): Reply<Answer | Message<"read">> | Wait & { job: Job } {
    const job = newJob(++this.#jobs, ask);
    job.frame = frame;
    const reply = this.#decide(job);
    if ("over" in reply) return { ...reply, job };
    // A long text is read from its blob each time.
    const isShort = !job.stored?.unit.result.outputs.some(({ style }) => style > styles.link);
    const repeatable = job.repeatable && isShort;
    if (reply.name === "hit" && frame !== undefined && this.#search.watches && repeatable) {
      const { action, environment, lacksTemporary, kind, realTool, stored, remap } = job;
      this.#memo.set(frame, {
        ask,
        action: action!,
        environment: environment!,
        lacksTemporary,
        kind,
        realTool,
        stored: stored!,
        unit: job.unit!,
        root: remap?.root,
        reply,
      });
    }
    const isUnnamed = reply.name === "run" && job.action === undefined;
    return { reply, job, after: isUnnamed ? () => this.#nameNow(job) : undefined };
  }

  /** Answers a request whose source came on standard input. */
  input(job: Job, { flags, bytes }: Message<"input">): Reply<Answer> | Wait & { job: Job } {
    this.#search.begin();
    if (flags & inputFlags.too_long) return { reply: this.#pass(job, "pass_stdin", "too long"), job };
    job.input = sha256(bytes);
    const reply = this.#findOrRun(job);
    return "over" in reply ? { ...reply, job } : { reply, job };
  }

  /** A hit for a request that hit before with the same bytes, if everything still holds. `sees`: as `ask` is asked. */
  recall(
    frame: Uint8Array,
    sees: (ask: Message<"ask">) => boolean,
  ): { reply: Message<"hit">; job: Job } | undefined {
    if (!this.#search.watches || !this.#memo.mayKnow(frame)) return undefined;
    const key = Memo.key(frame), known = this.#memo.get(key);
    if (known === undefined || !sees(known.ask)) return undefined;
    this.#search.begin();
    const { stored, unit, reply } = known, { store } = this.#options;
    this.#comments.begin();
    const good = this.#isRoot(known.root, known) && store.holds(stored) &&
      lacksTemporaryFolder(known.environment, known.ask.cwd) === known.lacksTemporary &&
      this.#search.failing(unit) === undefined &&
      unit.result.outputs.every(({ blob }) => blob.length === 0 || store.blobPath(blob) !== undefined);
    if (!good) {
      this.#memo.forget(key); // the long way says what is wrong
      return undefined;
    }
    store.touch(stored.id);
    const { ask, action, environment, kind, realTool } = known, { spared } = this.#comments;
    return {
      reply,
      job: {
        ...newJob(++this.#jobs, ask),
        action,
        environment,
        kind,
        realTool,
        stored,
        outcome: spared === undefined ? "hit" : "hit_comment",
        what: spared ?? "",
        savedUs: stored.unit.wallUs,
      },
    };
  }

  /** Whether a tree's root is still where it was; undefined: it does not matter. */
  #isRoot(root: string | undefined, { environment, ask }: Pick<Remembered, "environment" | "ask">): boolean {
    return root === undefined || rootOf(environment, ask.cwd, this.#inputs).root === root;
  }

  /** Answers a request that has waited, if it must not wait on. `late`: it has waited as long as it may. */
  again(job: Job, late: boolean): Answer | Wait {
    this.#search.begin();
    const hit = this.#search.find(job, job.environment!);
    if (hit !== undefined) return this.#turns.leave(job.id), hit;
    if (job.waits === "twin") return this.#runInTurn(job);
    const over = this.#twins.underWay(job);
    if (over !== undefined && !late) return this.#turns.leave(job.id), this.#wait(job, "twin", over);
    return late ? this.#runNow(job) : this.#runInTurn(job);
  }

  #wait(job: Job, what: keyof typeof mostMs, over: Promise<void>): Wait {
    job.waits = what;
    return { over, mostMs: mostMs[what] };
  }

  #decide(job: Job): Answer | Message<"read"> | Wait {
    const { ask } = job;
    this.#search.begin();
    const real = this.#inputs.physical(absolute(ask.tool, ask.cwd));
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
    job.kind = work.kind, job.native = work.native;
    job.environment = environmentOf(ask.env);
    job.lacksTemporary = lacksTemporaryFolder(job.environment, ask.cwd);
    if (work.fromInput) {
      // What a person types is for the tool to read.
      if (ask.flags & (askFlags.tty0 | askFlags.stdin_closed)) return this.#pass(job, "pass_stdin", "");
      if (!(ask.flags & askFlags.stdin_null)) return { name: "read", most: maxTextBytes };
      job.input = sha256(new Uint8Array(0));
    }
    return this.#findOrRun(job);
  }

  #findOrRun(job: Job): Answer | Wait {
    if (wantsRemap(job.environment!)) this.#remapping.plan(job);
    else if (this.#search.watches && startsEarly(job, this.#early)) return this.#runNow(job);
    this.#naming.name(job);
    const hit = this.#search.find(job, job.environment!) ?? this.#ofParts(job);
    if (hit !== undefined) return hit;
    const over = this.#twins.underWay(job);
    return over === undefined ? this.#runInTurn(job) : this.#wait(job, "twin", over);
  }

  /** Gives a run that has started its name. */
  #nameNow(job: Job): void {
    this.#naming.name(job);
    this.#twins.begin(job);
  }

  /** A compile of several sources of which all are known, or some: those are then asked for one by one. */
  #ofParts(job: Job): Message<"hit"> | Message<"parts"> | undefined {
    const parts = job.parts = this.#naming.parts(job);
    if (parts === undefined) return undefined;
    const found = parts.map(({ job: part }) => this.#search.find(part, part.environment!));
    return answerByParts(job, found, this.#options.divides);
  }

  #processor(): string {
    return this.#cpu ??= cpuIdentity();
  }

  #pass(job: Job, outcome: Outcome, what: string): Message<"pass"> {
    job.outcome = outcome, job.what = what;
    return { name: "pass", outcome };
  }

  #runInTurn(job: Job): Answer | Wait {
    if (!this.#confirm(job)) {
      const hit = this.#search.find(job, job.environment!);
      if (hit !== undefined) return hit;
    }
    const most = mostAtOnce(job.environment!),
      over = this.#turns.take({ id: job.id, pid: job.ask.pid, most });
    return over === undefined ? this.#run(job) : this.#wait(job, "turn", over);
  }

  /** Whether the tool takes the words that are added; if not, the action has another name now. */
  #confirm(job: Job): boolean {
    const takes = this.#remapping.confirm(job);
    if (!takes) this.#naming.name(job);
    return takes;
  }

  #runNow(job: Job): Message<"run"> | Message<"pass"> {
    this.#confirm(job);
    this.#turns.force({ id: job.id, pid: job.ask.pid, most: Infinity });
    return this.#run(job);
  }

  #run(job: Job): Message<"run"> | Message<"pass"> {
    const reply = prepareRun(job, { ...this.#options, inputs: this.#inputs });
    if ("word" in reply) {
      this.#turns.leave(job.id);
      return this.#pass(job, "pass_no_tracer", reply.word);
    }
    if (job.action !== undefined) this.#twins.begin(job);
    if (!this.#search.watches) return reply;
    const { store, later } = this.#options;
    later?.(() => store.prepareStaging());
    return { ...reply, foreseen: job.foreseen = this.#learner.foresee(job) };
  }

  /** The launcher could not deliver: the tool runs, so that its habit with such a target is learned. */
  cannot(job: Job, message: Message<"cannot">): Message<"run"> | Message<"pass"> {
    job.outcome = undefined, job.savedUs = 0;
    job.missed = "miss_target", job.what = message.path;
    return this.#runNow(job);
  }

  /** While a tool runs: takes in some of what it has asked. */
  follow(job: Job): Followed {
    if (job.record === undefined) return "none";
    oweForeseen(job, this.#options.store);
    this.#search.begin();
    return this.#learner.follow(job);
  }

  /** The tool has ended: what must be kept, or that nothing will be. `after` goes on once that is said. */
  report(job: Job, report: Message<"report">): Said<Message<"keep"> | Message<"done">> {
    this.#search.begin();
    this.#turns.leave(job.id);
    job.owing?.paid(), job.owing = undefined; // it did not go as was foreseen
    const learned = this.#learner.report(job, report);
    if ("files" in learned) {
      const wait = Number(!job.leavesEarly);
      return { reply: { name: "keep", wait, files: learned.files }, after: learned.look };
    }
    return { reply: { name: "done", outcome: learned.outcome }, after: () => this.#over(job, learned) };
  }

  /**
   * The outputs are staged. The launcher goes as soon as no kill can lose the result: once it is stored, or at once where
   * what it can be made of was put down; the unit is stored in `after` then. No reply: the launcher has gone already.
   */
  kept(job: Job, message: Message<"kept">): Said<Message<"done"> | undefined> {
    if (job.owing === undefined) {
      const ended = this.#learner.kept(job, message);
      return { reply: { name: "done", outcome: ended.outcome }, after: () => this.#over(job, ended) };
    }
    const after = () => this.#over(job, this.#learner.kept(job, message));
    return { reply: job.leavesEarly ? undefined : { name: "done", outcome: job.missed }, after };
  }

  /** The tool has succeeded in silence, and its outputs are staged as foreseen. What is known of files is so now. */
  left(job: Job, message: Message<"left">): Said<Message<"done">> {
    oweForeseen(job, this.#options.store);
    this.#search.begin();
    this.#turns.leave(job.id);
    const slices = () => this.#learnLeft(job, message);
    return { reply: { name: "done", outcome: job.missed }, after: () => void [...slices()], slices };
  }

  *#learnLeft(job: Job, message: Message<"left">): Generator<void> {
    this.#over(job, yield* this.#learner.left(job, message, () => this.#search.begin()));
  }

  /** Stores what processes have acknowledged that were killed before they had stored it. */
  payDebts(): void {
    payDebts(this.#options, {
      begin: (ask) => {
        const job = newJob(++this.#jobs, ask), reply = this.#decide(job);
        const runs = !("over" in reply) && reply.name === "run";
        if (runs && job.action === undefined) this.#nameNow(job);
        return { job, runs };
      },
      report: (job, report) => this.report(job, report).after(),
      kept: (job, kept) => this.#over(job, this.#learner.kept(job, kept)),
      left: (job, left) => void [...this.#learnLeft(job, left)],
      ended: (job) => this.ended(job),
      forget: (job) => this.#release(job),
    });
  }

  #over(job: Job, { outcome, what }: Ended): void {
    job.outcome = outcome, job.what = what;
    this.#release(job);
    if (job.learned !== undefined) this.#comments.learn(job.learned);
  }

  /** Does what was left for later. */
  settle(): void {
    this.#comments.settle();
  }

  /** Gives the record back; one that a process may still write into must serve no other run. */
  #release(job: Job): void {
    this.#twins.end(job);
    this.#turns.leave(job.id);
    if (job.outcome === "pass_left_behind" || (job.outcome === undefined && job.report === undefined)) {
      job.record?.forget();
    } else job.record?.release();
    job.record = job.following = undefined;
    job.owing?.paid();
    // What became a blob has another name by now; the rest must not stay (a full disk, a launcher that died).
    for (const staged of job.staged.splice(0)) if (staged !== "") this.#options.store.discard(staged);
    this.#discardForeseen(job);
  }

  /** What was foreseen for a run, and did not come. */
  #discardForeseen(job: Job): void {
    for (const { to } of job.foreseen ?? []) this.#options.store.discard(to);
    job.foreseen = undefined;
  }

  /** The conversation is over, in whatever state. Called once for every job; counts its outcome. */
  ended(job: Job): void {
    this.#release(job);
    if (job.isDivided) return; // each part is a request of its own
    const outcome = job.outcome ?? (job.report === undefined ? "pass_untraceable" : "miss_not_stored");
    if (outcome !== "hit") {
      const about = job.what === "" ? "" : ` ${shown(job.what)}`;
      this.#options.log.info(`${outcome}${about}: ${shown(job.ask.argv.slice(0, 6).join(" "))}`);
    }
    const unshared = outcome === "hit" ? undefined : job.unshared;
    if (unshared !== undefined) {
      this.#options.log.info(`not shared between trees: ${unshared.reason} ${shown(unshared.what)}`);
    }
    this.#options.count?.(outcome, job.kind, job.savedUs, unshared?.reason);
  }
}
