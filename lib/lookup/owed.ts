/**
 * Runs that are acknowledged before they are stored: what the launcher said, and the record, are put down as a debt of the
 * store, and whoever opens the cache after a kill holds the conversation once more.
 *
 * Always true: nothing is made of a debt that a run would not have given: the request must have the same name again, and
 * each file the signature that the run saw. Runs of which more than that was looked at before are stored first.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { hex } from "../base/digest.ts";
import { decode, encode, type Message } from "../protocol/mod.ts";
import type { Debt, Store } from "../store/mod.ts";
import type { Observation, Record } from "../trace/mod.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

/** What no frame says. */
interface Facts {
  /** Job.startedAt, as digits. */
  startedAt: string;
  missed: Outcome;
  /** Where the staged files are from. */
  paths: string[];
  /** What the request was called. */
  names: string[];
}

/** A conversation that was acknowledged. */
export interface Owed extends Facts {
  ask: Message<"ask">;
  report: Message<"report">;
  kept: Message<"kept">;
  record: Record;
}

function namesOf({ action }: Job): string[] {
  return [action!.digest, action!.anywhere ?? new Uint8Array(0)].map(hex);
}

function stagedPaths({ products }: Job): string[] {
  return products.filter(({ staged }) => staged).map(({ path }) => path);
}

/**
 * Whether a run may be acknowledged before it is stored: a compile that succeeded, of which nothing is known but what
 * its frames and its record say.
 */
export function mayOwe(
  { frame, kind, report, record, input, parts, remap, unknownTool }: Job,
  { files, written }: Observation,
): boolean {
  const isPlain = kind === "compile" && report?.status === 0 && record !== undefined && !unknownTool;
  if (!isPlain || frame === undefined || input !== undefined || parts !== undefined || remap !== undefined) {
    return false;
  }
  for (const path of written.keys()) if (files.has(path)) return false; // what it held is gone
  return true;
}

/** What a run is to be made of again; undefined: it is to be stored first. */
export function debtOf(job: Job, kept: Message<"kept">): Debt | undefined {
  const { frame, record, report, statements, staged, judge } = job;
  // Who was judged already was none to wait for that.
  if (frame === undefined || judge === undefined || statements === undefined || "outcome" in statements) {
    return undefined;
  }
  if (kept.files.length !== staged.length || kept.files.some(({ errno }) => errno !== 0)) return undefined;
  const { startedAt, missed } = job;
  const facts: Facts = { startedAt: String(startedAt), missed, paths: stagedPaths(job), names: namesOf(job) };
  const frames = [frame, encode(report!, 0n), encode(kept, 0n)];
  return {
    staged: [...staged],
    parts: [new TextEncoder().encode(JSON.stringify(facts)), ...frames, record!.read()],
  };
}

/** The conversation that a debt is about; undefined: it is not understood, by another version for example. */
export function owedBy({ parts }: Debt): Owed | undefined {
  const [facts, ask, report, kept] = [parts[0], ...parts.slice(1, 4).map(messageIn)];
  if (parts.length !== 5 || ask?.name !== "ask" || report?.name !== "report" || kept?.name !== "kept") {
    return undefined;
  }
  const record = recordOf(parts[4].slice());
  return { ...JSON.parse(new TextDecoder().decode(facts)) as Facts, ask, report, kept, record };
}

function messageIn(frame: Uint8Array) {
  const decoded = decode(frame);
  return "message" in decoded ? decoded.message : undefined;
}

function recordOf(bytes: Uint8Array<ArrayBuffer>): Record {
  return { path: "", read: (from = 0) => bytes.slice(from), release() {}, forget() {} };
}

/** The conversation as a decider holds it. */
export interface Holding {
  /** Decides anew; `runs`: the tool would be run. */
  begin(ask: Message<"ask">): { job: Job; runs: boolean };
  report(job: Job, report: Message<"report">): void;
  kept(job: Job, kept: Message<"kept">): void;
  ended(job: Job): void;
  /** Gives back what a job uses that does not go on. */
  forget(job: Job): void;
}

/** Stores what processes have acknowledged that died before they had stored it. */
export function payDebts(
  { store, log }: { store: Store; log: { info(text: string): void; warn(text: string): void } },
  holding: Holding,
): void {
  for (const debt of store.debts()) {
    try {
      const outcome = pay(debt, holding) ?? "nothing that can be stored any more";
      log.info(`owed by a process that died: ${outcome}`);
    } catch (cause) {
      log.warn(`Cannot store what a process owed: ${messageOf(cause)}`);
    }
    debt.forget();
  }
}

function pay(debt: Debt, holding: Holding): Outcome | undefined {
  const owed = owedBy(debt);
  if (owed === undefined) return undefined;
  const { job, runs } = holding.begin(owed.ask);
  try {
    // What does not run has a result by now; under other settings it is called otherwise, or not watched.
    const isSame = runs && job.record !== undefined && namesOf(job).join() === owed.names.join();
    if (!isSame) return undefined;
    job.record!.release();
    job.record = owed.record, job.startedAt = BigInt(owed.startedAt), job.missed = owed.missed;
    holding.report(job, owed.report);
    if (stagedPaths(job).join("\0") !== owed.paths.join("\0")) return undefined;
    job.staged = [...debt.staged];
    holding.kept(job, owed.kept);
    holding.ended(job);
    return job.outcome;
  } finally {
    holding.forget(job);
  }
}
