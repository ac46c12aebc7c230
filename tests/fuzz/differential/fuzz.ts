/**
 * One seed from its drawing to a scenario file: draw, run, and of a failure make the smallest scenario that shows it.
 *
 * @module
 */
import type { Programs } from "../../script/programs.ts";
import { drawSequence } from "./draw.ts";
import { inWay, kindsOf, runSequence, type Trial, ways } from "./run.ts";
import { scenarioText, type Sequence } from "./sequence.ts";
import { shrink } from "./shrink.ts";
import { Tryout } from "./tryout.ts";

export interface Report {
  seed: number;
  way: string;
  lines: number;
  failing: number;
  outcomes: Record<string, number>;
  /** What differed, the scenario that shows it, and how many trials it took to make it small. */
  failure?: { text: string; scenario: string; trials: number; steady: boolean };
}

export interface Options {
  way: string;
  steps: number;
  programs: Programs | undefined;
  /** Trials after which a sequence is small enough. A trial takes as long as the sequence does. */
  patience?: number;
  /** When it is small enough, whatever it is (milliseconds since 1970). */
  until?: number;
}

/** Runs the sequence of a seed. The same seed, way and number of steps draw the same, with the same tools. */
export function fuzz(seed: number, options: Options): Report {
  const sequence = inWay(drawOnTrial(seed, options.steps), ways[options.way]);
  const trial = runSequence(sequence, ways[options.way], options.programs);
  const { lines, failing, outcomes } = trial;
  const report: Report = { seed, way: options.way, lines, failing, outcomes };
  if (trial.failure !== undefined) report.failure = { ...smallest(sequence, trial, seed, options) };
  return report;
}

function drawOnTrial(seed: number, steps: number): Sequence {
  using tryout = new Tryout();
  return drawSequence(seed, steps, (step) => tryout.works(step));
}

/** Shrinks a failing sequence, as far as patience goes. */
function smallest(
  whole: Sequence,
  first: Trial,
  seed: number,
  options: Options,
): Required<Report>["failure"] {
  const kinds = kindsOf(first.failure!.text);
  const upToFailure = { files: whole.files, steps: whole.steps.slice(0, first.failure!.step + 1) };
  let trials = 0, best: { sequence: Sequence; trial: Trial } = { sequence: upToFailure, trial: first };
  const fails = (smaller: Sequence): boolean => {
    if (trials >= (options.patience ?? 150) || Date.now() > (options.until ?? Infinity)) return false;
    trials++;
    const trial = runSequence(smaller, ways[options.way], options.programs);
    const isSame = trial.failure !== undefined && !kindsOf(trial.failure.text).isDisjointFrom(kinds);
    if (isSame) {
      best = { sequence: { ...smaller, steps: smaller.steps.slice(0, trial.failure!.step + 1) }, trial };
    }
    return isSame;
  };
  const steady = fails(upToFailure);
  if (steady) shrink(upToFailure, fails);
  const { text } = best.trial.failure!;
  const claim = `Found by the fuzzer (seed ${seed}, ${options.way}): ${text.split("\n")[0]}`;
  return { text, scenario: scenarioText(claim, best.trial.said, best.sequence.files), trials, steady };
}
