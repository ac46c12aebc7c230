/**
 * Runs whose launchers do not wait until they are stored: what they said, and the record, are put down as a debt of the
 * store, and whoever opens the cache after a kill holds the conversation once more.
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
import type { Observation, Record } from "../trace/mod.ts";
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
}

/** A conversation that was acknowledged. */
interface Owed extends Facts {
  ask: Message<"ask">;
  report: Message<"report">;
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
function mayOwe(
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
  return {
    staged: [...staged],
    parts: [new TextEncoder().encode(JSON.stringify(facts)), ...said, record!.read()],
  };
}

/** The conversation that a debt is about; undefined: it is not understood, by another version for example. */
function owedBy({ parts }: OpenDebt): Owed | undefined {
  if (parts.length !== 4) return undefined;
  const [facts, ask, report] = [parts[0], messageIn(parts[1]), messageIn(parts[2])];
  if (ask?.name !== "ask" || report?.name !== "report") return undefined;
  return {
    ...JSON.parse(new TextDecoder().decode(facts)) as Facts,
    ask: ask as Message<"ask">,
    report: report as Message<"report">,
    record: recordOf(parts[3].slice()),
  };
}

/** Bits of a staged file that is whole. */
const wholeMode = 0o444;

/** What the launcher said, or would have, once the outputs were staged. */
function keptOf({ staged, digests }: OpenDebt, { files }: Owed): Message<"kept"> {
  const rows = staged.map((path, i) => {
    const state = statx(path, { follow: false });
    const isWhole = digests[i] !== undefined ||
      (typeof state === "object" && (state.mode & 0o777) === wholeMode);
    return { errno: isWhole ? 0 : c.ENOENT, mode: files[i].mode, size: 0n };
  });
  return { name: "kept", files: rows };
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

function pay(debt: OpenDebt, holding: Holding): Outcome | undefined {
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
    if (stagedPaths(job).join("\0") !== owed.files.map(({ path }) => path).join("\0")) return undefined;
    job.staged = [...debt.staged];
    holding.kept(job, keptOf(debt, owed));
    holding.ended(job);
    return job.outcome;
  } finally {
    holding.forget(job);
  }
}
