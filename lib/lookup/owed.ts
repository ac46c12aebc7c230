/**
 * Runs whose launchers do not wait until they are stored: what they said, and the record, are put down as a debt of the
 * store, and whoever opens the cache after a kill holds the conversation once more.
 *
 * Where the outputs are foreseen, that is put down while the tool runs: the request, and where the record lies, into which
 * the launcher writes how the run went. It is owed from then on.
 *
 * Always true: nothing is made of a debt that a run would not have given: the request must have the same name again, and
 * each file the signature that the run saw. Runs of which more than that was looked at before are stored first.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { hex } from "../base/digest.ts";
import type { Inputs } from "../inputs/mod.ts";
import { c, type FileState, statx } from "../os/mod.ts";
import { decode, encode, type Message } from "../protocol/mod.ts";
import type { Debt, OpenDebt, Store } from "../store/mod.ts";
import { leftIn, type Observation, type Record, recordOf } from "../trace/mod.ts";
import { inheritsReadable } from "./descriptors.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

/** What no frame says. */
interface Facts {
  /** Job.startedAt, as digits. */
  startedAt: string;
  missed: Outcome;
  /** What is staged: where it is from, and its mode. */
  files: { path: string; mode: number }[];
  /** What the request was called. */
  names: string[];
  /** Where the record lies, if it is not part of the debt; and Job.inherits then. */
  record?: string;
  inherits?: boolean;
}

/** A conversation that was acknowledged, from its request to its end. */
interface Owed {
  facts: Facts;
  ask: Message<"ask">;
  record: Record;
  end: Message<"report"> | Message<"left">;
}

function namesOf({ action }: Job): string[] {
  return [action!.digest, action!.anywhere ?? new Uint8Array(0)].map(hex);
}

function stagedPaths({ products }: Job): string[] {
  return products.filter(({ staged }) => staged).map(({ path }) => path);
}

/** Whether a run is a compile of which nothing will be known but what its frames and its record say. */
export function isPlain({ frame, kind, record, input, parts, remap, unknownTool }: Job): boolean {
  if (kind !== "compile" || record === undefined || frame === undefined || unknownTool) return false;
  return input === undefined && parts === undefined && remap === undefined;
}

/** Whether a run that has ended may be acknowledged before it is stored. */
function mayOwe(job: Job, { files, written }: Observation): boolean {
  if (!isPlain(job) || job.report?.status !== 0) return false;
  for (const path of written.keys()) if (files.has(path)) return false; // what it held is gone
  return true;
}

/**
 * Puts down once what a run is to be made of again should it go as is foreseen, and asks what can be asked only while the
 * launcher is there.
 */
export function oweForeseen(job: Job, store: Pick<Store, "owe">): void {
  const { frame, record, foreseen = [], owing, startedAt, missed } = job;
  if (foreseen.length === 0 || record === undefined || owing !== undefined) return;
  const files = foreseen.map(({ path }) => ({ path, mode: 0 })),
    inherits = inheritsReadable(job.ask.pid, job.environment!);
  const facts: Facts = {
    startedAt: String(startedAt),
    missed,
    files,
    names: namesOf(job),
    record: record.path,
    inherits,
  };
  job.inherits = inherits;
  const debt = { staged: foreseen.map(({ to }) => to), parts: [textOf(facts), frame!] };
  job.owing = store.owe(debt) ?? { paid() {} };
}

function textOf(facts: Facts): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(facts));
}

/** Puts down what a run is to be made of again, its outputs being about to be staged; false: it is to be stored first. */
export function owe(
  job: Job,
  found: Observation,
  { store, inputs }: { store: Pick<Store, "owe">; inputs: Inputs },
): boolean {
  const debt = mayOwe(job, found) ? debtOf(job, (path) => inputs.linkState(path)) : undefined;
  job.owing = debt && store.owe(debt);
  return job.owing !== undefined;
}

function debtOf(job: Job, state: (path: string) => FileState | number): Debt | undefined {
  const { frame, record, report, staged, startedAt, missed } = job;
  const files = stagedPaths(job).map((path) => ({ path, state: state(path) }));
  if (files.some(({ state }) => typeof state === "number")) return undefined;
  const facts: Facts = {
    startedAt: String(startedAt),
    missed,
    files: files.map(({ path, state }) => ({ path, mode: (state as FileState).mode })),
    names: namesOf(job),
  };
  const said = [frame!, encode(report!, 0n)];
  return { staged: [...staged], parts: [textOf(facts), ...said, record!.read()] };
}

/** The conversation that a debt is about; undefined: it never came to its end, or is not understood (another version). */
function owedBy({ parts, staged, digests }: OpenDebt): Owed | undefined {
  if (parts.length < 2) return undefined;
  const facts = JSON.parse(new TextDecoder().decode(parts[0])) as Facts, ask = messageIn(parts[1]);
  if (ask?.name !== "ask") return undefined;
  const asked = ask as Message<"ask">;
  if (facts.record !== undefined) {
    const left = leftIn(facts.record);
    if (left === undefined) return undefined;
    const files = rowsOf(staged, digests, left.modes);
    return { facts, ask: asked, record: left.record, end: { name: "left", wall_us: left.wallUs, files } };
  }
  const report = parts.length === 4 ? messageIn(parts[2]) : undefined;
  if (report?.name !== "report") return undefined;
  return { facts, ask: asked, record: recordOf(parts[3].slice()), end: report as Message<"report"> };
}

/** Bits of a staged file that is whole. */
const wholeMode = 0o444;

/** What the launcher said, or would have, once the outputs were staged. */
function rowsOf(
  staged: readonly string[],
  digests: OpenDebt["digests"],
  modes: readonly number[],
): Message<"kept">["files"] {
  return staged.map((path, i) => {
    const state = statx(path, { follow: false });
    const isWhole = digests[i] !== undefined ||
      (typeof state === "object" && (state.mode & 0o777) === wholeMode);
    return { errno: isWhole ? 0 : c.ENOENT, mode: modes[i], size: 0n };
  });
}

function messageIn(frame: Uint8Array) {
  const decoded = decode(frame);
  return "message" in decoded ? decoded.message : undefined;
}

/** The conversation as a decider holds it. */
export interface Holding {
  /** Decides anew; `runs`: the tool would be run. */
  begin(ask: Message<"ask">): { job: Job; runs: boolean };
  report(job: Job, report: Message<"report">): void;
  kept(job: Job, kept: Message<"kept">): void;
  left(job: Job, left: Message<"left">): void;
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

function pay(debt: OpenDebt, holding: Holding): Outcome | undefined {
  const owed = owedBy(debt);
  if (owed === undefined) return undefined;
  const { facts, end } = owed, { job, runs } = holding.begin(owed.ask);
  try {
    // What does not run has a result by now; under other settings it is called otherwise, or not watched.
    const isSame = runs && job.record !== undefined && namesOf(job).join() === facts.names.join();
    if (!isSame) return undefined;
    job.record!.release();
    job.record = owed.record, job.startedAt = BigInt(facts.startedAt), job.missed = facts.missed;
    if (end.name === "left") {
      job.inherits = facts.inherits;
      job.foreseen = facts.files.map(({ path }, i) => ({ path, to: debt.staged[i] }));
      holding.left(job, end);
    } else {
      holding.report(job, end);
      if (stagedPaths(job).join("\0") !== facts.files.map(({ path }) => path).join("\0")) return undefined;
      job.staged = [...debt.staged];
      const files = rowsOf(debt.staged, debt.digests, facts.files.map(({ mode }) => mode));
      holding.kept(job, { name: "kept", files });
    }
    holding.ended(job);
    return job.outcome;
  } finally {
    holding.forget(job);
    if (end.name === "left") owed.record.forget();
  }
}
