/**
 * What a decider is made of, the same for a daemon, which watches, and for an engine that decides once; and what it says.
 *
 * @module
 */
import type { Message } from "../protocol/mod.ts";
import type { Tree } from "../inputs/mod.ts";
import type { Store } from "../store/mod.ts";
import type { RecordPool } from "../trace/mod.ts";
import type { Job } from "./job.ts";
import type { Fallback, Outcome } from "./outcome.ts";

export interface DeciderOptions {
  store: Store;
  records: RecordPool;
  /** Path of the tracer's library; empty where runs cannot be watched. */
  tracer: string;
  /** Program interpreters into which the tracer may be loaded. */
  interpreters: readonly { dev: bigint; ino: bigint }[];
  log: { info(text: string): void; warn(text: string): void };
  trace: "auto" | "off";
  /** Off: comments count like all else. By default they do. */
  comments?: "auto" | "off";
  /** Does work while nobody waits for an answer; by default at once. */
  later?(work: () => void): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** Off: every statement is looked at, each time. */
  watch?: { tree: Tree; wake(): void };
  /** Whether a client may be told to ask for the parts of its request. */
  divides: boolean;
  /** Called once for each run. `savedUs`: what the hit saved. `unshared`: why it is not shared between trees. */
  count?(outcome: Outcome, kind: string, savedUs: number, unshared?: Fallback): void;
}

/** What to say, and what to do once that is said; `slices`: the same in pieces, of which all but the first may come later. */
export interface Said<M> {
  reply: M;
  after: () => void;
  slices?: () => Iterable<void>;
}

/** What a request is answered with in the end. */
export type Answer = Message<"hit"> | Message<"run"> | Message<"parts"> | Message<"pass">;

/** An answer, or a question; `after`: what is left to do once that is said. */
export interface Reply<A> {
  reply: A;
  job: Job;
  after?: () => void;
}

/** When to ask again, and how long that may take at most. */
export interface Wait {
  over: Promise<void>;
  mostMs: number;
}
