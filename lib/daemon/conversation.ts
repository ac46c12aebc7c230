/**
 * One connection, one run of one tool (or one administrative question): which frame may follow which.
 *
 *     start -> asked:   hit, run, parts, pass   start -> answered: admin
 *     start -> read:    input -> asked                the source is on standard input
 *     start -> wait:    hit, run, pass, once an equal run is over, or there is a place to run in
 *     hit   -> cannot:  run, pass               run   -> report:   keep, done
 *                                               run   -> left:     done
 *     keep  -> kept:    done, or nothing where nobody waits for it
 *
 * Knows nothing of sockets, so that every order of frames can be tested. What cannot be understood, and what the
 * decider throws, costs this one conversation its cache, never the build and never the daemon: the answer is
 * `pass` while the tool has not run, `done` afterwards, and then the connection closes.
 *
 * Always true: `ended` of the decider is called exactly once for each job, however the connection ends.
 *
 * @module
 */
import { messageOf, traceOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type AnyMessage, decode, encode, type Message, type MessageName } from "../protocol/mod.ts";

type Answer = Message<"hit"> | Message<"run"> | Message<"parts"> | Message<"pass">;

/** When to ask again, and how long that may take at most. */
interface Wait {
  over: Promise<void>;
  mostMs: number;
}

/** `after`: what is left to do once that is said. */
interface Reply<Job, A> {
  reply: A;
  job: Job;
  after?: () => void;
}

/** What decides, as seen from here; lib/lookup's Decider fits. `Job` is opaque. */
export interface Deciding<Job> {
  /** `frame`: the request as it came, to know it again. */
  ask(
    ask: Message<"ask">,
    frame?: Uint8Array,
  ): Reply<Job, Answer | Message<"read">> | Wait & { job: Job };
  /** The answer to a request whose source came on standard input. */
  input(job: Job, message: Message<"input">): Reply<Job, Answer> | Wait & { job: Job };
  /** The answer to a request that has waited. `late`: it has waited as long as it may. */
  again(job: Job, late: boolean): Answer | Wait;
  /** The answer to a request that was asked before with these bytes, if it still holds. */
  recall?(
    frame: Uint8Array,
    sees: (ask: Message<"ask">) => boolean,
  ): { reply: Message<"hit">; job: Job } | undefined;
  cannot(job: Job, message: Message<"cannot">): Message<"run"> | Message<"pass">;
  /** To be called now and then while the tool runs: what there was to do. */
  follow?(job: Job): "none" | "some" | "more";
  report(job: Job, message: Message<"report">): Learning<Message<"keep"> | Message<"done">>;
  kept(job: Job, message: Message<"kept">): Learning<Message<"done"> | undefined>;
  left(job: Job, message: Message<"left">): Learning<Message<"done">>;
  ended(job: Job): void;
}

/**
 * What to say, if the launcher still listens, and what to do then: it works or ends meanwhile. `slices`: the same in
 * pieces, where nobody waits.
 */
export interface Learning<M> {
  reply: M;
  after: () => void;
  slices?: () => Iterable<unknown>;
}

export interface Circumstances<Job> {
  decider: Deciding<Job>;
  /** First 8 bytes of our build id. */
  build: bigint;
  log: Log;
  /** The asker's pid as we see it, which may be another in its own pid namespace. */
  peer?: number;
  /** Why this asker is not served, as an outcome; undefined: it is. */
  refuse(ask: Message<"ask">): string | undefined;
  /** Counts a pass that the decider never saw. */
  count(outcome: string): void;
  /** A client of a newer build was served: let its own daemon take over (decisions.md 10). */
  newerClient?(): void;
  /** Answers an administrative question; the value becomes JSON. */
  admin(verb: string, args: readonly string[]): Promise<unknown>;
}

/**
 * What the server does next: send, call `after`, then perhaps close; instead of `after` it may go through `slices`, with
 * others between them, if it calls `end` only then. `later`: what it does when that is ready.
 */
export interface Step {
  frame?: Uint8Array<ArrayBuffer>;
  after?: () => void;
  slices?: () => Iterable<unknown>;
  later?: Promise<Step>;
  close: boolean;
}

/** What may come next, or "over". */
type State = "start" | "read" | "wait" | "hit" | "run" | "keep" | "over";

/**
 * How long a silent client keeps a connection, by state, in ms. A compile may take hours, and its end is seen as
 * the end of the connection; the others are a few system calls away from their next frame.
 */
const patienceMs: Record<State, number> = {
  start: 10_000,
  read: Infinity, // whoever writes the source may take his time
  wait: Infinity, // it is our turn
  hit: 120_000,
  run: Infinity,
  keep: 120_000,
  over: 0,
};

/** How often somebody who waits hears from us, and how long silence is then to be borne, in ms. */
const sayWaitMs = 2_000, bearMs = 6_000;

export class Conversation<Job> {
  readonly #with: Circumstances<Job>;
  #state: State = "start";
  #job: Job | undefined;

  constructor(circumstances: Circumstances<Job>) {
    this.#with = circumstances;
  }

  /** How long the client may now stay silent, in ms. */
  get patienceMs(): number {
    return patienceMs[this.#state];
  }

  /** Whether a tool runs, or its outputs are on their way to us. */
  get running(): boolean {
    return this.#state === "run" || this.#state === "keep";
  }

  /** While a tool runs and nobody needs us: what there was to do. */
  follow(): "none" | "some" | "more" {
    if (this.#state !== "run" || this.#job === undefined) return "none";
    try {
      return this.#with.decider.follow?.(this.#job) ?? "none";
    } catch (error) {
      this.#with.log.warn(`following a run failed: ${traceOf(error)}`);
      return "none";
    }
  }

  /** Answers a whole frame (size included). The bytes must not change afterwards: the decider may keep them. */
  receive(frame: Uint8Array): Step {
    if (this.#state === "start") {
      const step = this.#recall(frame);
      if (step !== undefined) return step;
    }
    const decoded = decode(frame);
    if ("problem" in decoded) return this.#giveUp(`a client sent nonsense: ${decoded.problem}`);
    try {
      const step = this.#answer(decoded.message, frame);
      if (decoded.message.name === "ask" && decoded.build > this.#with.build) this.#with.newerClient?.();
      return step;
    } catch (error) {
      return this.#giveUp(`a decision failed: ${traceOf(error)}`);
    }
  }

  /** The connection is gone. May be called more than once. */
  end(): void {
    this.#state = "over";
    const job = this.#job;
    this.#job = undefined;
    if (job === undefined) return;
    try {
      this.#with.decider.ended(job);
    } catch (error) {
      this.#with.log.warn(`the end of a run failed: ${traceOf(error)}`);
    }
  }

  #recall(frame: Uint8Array): Step | undefined {
    try {
      const { decider, refuse } = this.#with;
      const known = decider.recall?.(frame, (ask) => refuse(ask) === undefined);
      if (known === undefined) return undefined;
      this.#job = known.job;
      return this.#reply(known.reply);
    } catch (error) {
      this.#with.log.warn(`a recollection failed: ${traceOf(error)}`);
      return undefined;
    }
  }

  #answer(message: AnyMessage, frame: Uint8Array): Step {
    switch (`${this.#state} ${message.name}` as `${State} ${MessageName}`) {
      case "start ask":
        return this.#ask(message as Message<"ask">, frame);
      case "start admin":
        return this.#admin(message as Message<"admin">);
      case "read input":
        return this.#decided(this.#with.decider.input(this.#job!, message as Message<"input">));
      case "hit cannot":
        return this.#reply(this.#with.decider.cannot(this.#job!, message as Message<"cannot">));
      case "run report":
        return this.#learn(this.#with.decider.report(this.#job!, message as Message<"report">));
      case "run left":
        return this.#learn(this.#with.decider.left(this.#job!, message as Message<"left">));
      case "keep kept":
        return this.#learn(this.#with.decider.kept(this.#job!, message as Message<"kept">));
      default:
        return this.#giveUp(`a client sent ${message.name} when "${this.#state}" was the state`);
    }
  }

  #ask(ask: Message<"ask">, frame: Uint8Array): Step {
    const refusal = this.#with.refuse(ask);
    if (refusal !== undefined) {
      this.#with.count(refusal);
      return this.#reply({ name: "pass", outcome: refusal });
    }
    return this.#decided(this.#with.decider.ask({ ...ask, pid: this.#with.peer ?? ask.pid }, frame));
  }

  #decided(
    decided: Reply<Job, Answer | Message<"read">> | Wait & { job: Job },
  ): Step {
    this.#job = decided.job;
    if ("over" in decided) return this.#wait(decided);
    const { reply, after } = decided, step = this.#reply(reply);
    return after === undefined ? step : { ...step, after: this.#guarded("naming a run", after) };
  }

  #guarded(what: string, work: () => void): () => void {
    return () => {
      try {
        work();
      } catch (error) {
        this.#with.log.warn(`${what} failed: ${traceOf(error)}`);
      }
    };
  }

  /** Says "wait" until what is waited for is over, at most for so long; then the request is answered, or waits on. */
  #wait({ over, mostMs }: Wait): Step {
    this.#state = "wait";
    let timer: number;
    const pause = new Promise<"pause">((resolve) => timer = setTimeout(() => resolve("pause"), sayWaitMs));
    const later = Promise.race([over, pause]).then((what): Step => {
      clearTimeout(timer);
      if (this.#state !== "wait") return { close: true };
      if (what === "pause" && mostMs > sayWaitMs) return this.#wait({ over, mostMs: mostMs - sayWaitMs });
      try {
        const answer = this.#with.decider.again(this.#job!, what === "pause");
        return "over" in answer ? this.#wait(answer) : this.#reply(answer);
      } catch (error) {
        return this.#giveUp(`a decision failed: ${traceOf(error)}`);
      }
    });
    return { frame: encode({ name: "wait", ms: bearMs }, this.#with.build), later, close: false };
  }

  #admin(message: Message<"admin">): Step {
    this.#state = "over";
    const { admin, build, log } = this.#with;
    const failed = (error: unknown) => {
      log.warn(`"${message.verb}" failed: ${traceOf(error)}`);
      return { error: messageOf(error) };
    };
    const later = admin(message.verb, message.args).catch(failed).then((value) => ({
      frame: encode({ name: "answer", json: new TextEncoder().encode(JSON.stringify(value)) }, build),
      close: true,
    }));
    return { later, close: true };
  }

  #learn({ reply, after, slices }: Learning<Message<"keep"> | Message<"done"> | undefined>): Step {
    const guarded = this.#guarded("learning", after);
    if (reply !== undefined) return { ...this.#reply(reply), after: guarded, slices };
    this.#state = "over";
    return { after: guarded, slices, close: true };
  }

  #reply(message: Message<"read" | "hit" | "run" | "parts" | "pass" | "keep" | "done"> & AnyMessage): Step {
    const next = message.name;
    this.#state = next === "read" || next === "hit" || next === "run" || next === "keep" ? next : "over";
    return { frame: encode(message, this.#with.build), close: this.#state === "over" };
  }

  #giveUp(reason: string): Step {
    this.#with.log.warn(reason);
    const outcome = "error_internal";
    const before = this.#state === "start" || this.#state === "read" || this.#state === "wait" ||
      this.#state === "hit";
    return this.#reply(before ? { name: "pass", outcome } : { name: "done", outcome });
  }
}
