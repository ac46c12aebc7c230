/**
 * Compiles of several sources: which of them are known, and what one run of all teaches about each (decisions.md 22).
 *
 * Always true: a part is found under the action of a compile of its source alone; it is delivered only if it has no
 * text; and of parts that name each other's outputs nothing is delivered at once, since the order decides there.
 *
 * @module
 */
import type { Message } from "../protocol/mod.ts";
import type { Unit } from "../store/unit.ts";
import { variablesAsked } from "./circumstances.ts";
import type { Job } from "./job.ts";
import { isStated, namesAreFree } from "./renamed.ts";

/** A part for which a candidate serves. */
interface Known {
  unit: Unit;
  hit: Message<"hit">;
}

/** What all parts give as one delivery, or undefined where one may depend on another's output. */
function together(known: readonly Known[]): Message<"hit"> | undefined {
  const made = new Set(known.flatMap(({ hit }) => hit.files.map(({ path }) => baseOf(path))));
  const files = known.flatMap(({ hit }) => hit.files);
  if (made.size !== files.length) return undefined;
  if (known.some(({ unit }) => isStated(unit, [...made]))) return undefined;
  return { ...known[0].hit, files };
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a candidate's delivery says nothing, so that it reads the same among others. */
function isSilent({ status, out, err }: Message<"hit">): boolean {
  return status === 0 && out.length + err.length === 0;
}

/**
 * The answer to a compile of several sources by what is known of each: all at once, or that those be asked for one by
 * one; undefined: the tool runs for all. Sets what the job's end needs of that.
 *
 * @param found The delivery of each part, in order.
 * @param divides Whether the client may be told to ask for each.
 */
export function answerByParts(
  job: Job,
  found: readonly (Message<"hit"> | undefined)[],
  divides: boolean,
): Message<"hit"> | Message<"parts"> | undefined {
  const parts = job.parts!, hits = found.filter((hit) => hit !== undefined);
  // What says something is compiled with the others, as it was (decisions.md 22).
  if (hits.length === 0 || !hits.every(isSilent)) return undefined;
  const used = parts.filter((_, i) => found[i] !== undefined);
  if (!used.every(({ job: part }) => namesAreFree(part.unit!.environment))) return undefined;
  const all = hits.length < parts.length
    ? undefined
    : together(hits.map((hit, i) => ({ hit, unit: parts[i].job.unit! })));
  if (all !== undefined) {
    job.outcome = "hit", job.savedUs = parts.reduce((sum, { job: part }) => sum + part.savedUs, 0);
    return all;
  }
  if (!divides) return undefined;
  job.isDivided = true;
  return { name: "parts", sources: parts.map(({ source }) => source) };
}

/** Gives each part its share of the run of all, as if it had been a run of its own; false where that is not clear. */
export function shareRun({ report, products, parts, partsFound, startedAt, environment }: Job): boolean {
  const owners = products.map(({ path }) => partsFound!.filter(({ written }) => written.has(path)));
  if (owners.some(({ length }) => length !== 1)) return false;
  for (const [i, { job: part }] of parts!.entries()) {
    const found = partsFound![i];
    part.products = products.filter((_, at) => owners[at][0] === found);
    if (part.products.length === 0) return false;
    part.startedAt = startedAt;
    part.report = { ...report!, wall_us: report!.wall_us / BigInt(parts!.length) };
    part.givesModes = found.givesModes;
    part.variables = variablesAsked(environment!, found.variables, false);
  }
  return true;
}
