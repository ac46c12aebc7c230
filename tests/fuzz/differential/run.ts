/**
 * Runs a sequence in one mode, each step plainly and through the cache, and says where the two differ first.
 *
 * Keeps true: what is run are the lines of a scenario, by the scenarios' own engine, so that the lines which a trial
 * returns are a scenario that fails the same way.
 *
 * @module
 */
import { readLine, runLine, writeFiles } from "../../script/engine.ts";
import type { Programs } from "../../script/programs.ts";
import { parseLine } from "../../script/words.ts";
import { type Mode, World } from "../../script/world.ts";
import { special } from "./project.ts";
import { linesOf, type Sequence } from "./sequence.ts";

/** A way to run a sequence: the world's mode, and lines that come before all others. */
export interface Way {
  mode: Mode;
  first: readonly string[];
  /** A part of sources that no run keeps here, whatever its words. */
  without?: string;
}

/** Every way by name; `plain` goes through no cache and compares the tools with themselves. */
export const ways: Readonly<Record<string, Way>> = {
  plain: { mode: "plain", first: [] },
  "one-shot": { mode: "one-shot", first: [] },
  daemon: { mode: "daemon", first: [] },
  launcher: { mode: "launcher", first: [] },
  masquerade: { mode: "masquerade", first: [] },
  declared: { mode: "daemon", first: ["env ZCCACHE_TRACE=off", "stop"], without: special },
};

export interface Trial {
  /** What differed at the last step that was run; undefined where nothing ever did. */
  failure?: { step: number; text: string };
  /** The lines that were run, as a scenario spells them. */
  said: string[];
  /** Tool lines that were run, and those that failed when plain. */
  lines: number;
  failing: number;
  outcomes: Record<string, number>;
}

/** Words that cannot be undone by the state of a folder: if they fail, something is wrong. */
const mustWork = new Set(["stop", "kill", "zccache"]);

/** A sequence with the files that it has in a way. */
export function inWay(sequence: Sequence, { without }: Way): Sequence {
  if (without === undefined) return sequence;
  const files = sequence.files.map(({ name, text }) => ({ name, text: text.replace(without, "") }));
  return { ...sequence, files };
}

/** Runs a sequence up to the first difference. */
export function runSequence(sequence: Sequence, way: Way, programs: Programs | undefined): Trial {
  const trial: Trial = { said: [...way.first], lines: 0, failing: 0, outcomes: {} };
  const world = new World(way.mode, programs);
  let at = 0;
  try {
    writeFiles(world, sequence.files);
    for (const text of way.first) runLine(world, parseLine(text, 0));
    world.beginCounting();
    for (const [i, step] of sequence.steps.entries()) {
      at = i;
      const run = step.kind === "tool" ? runTool : happen;
      const found = linesOf(step).map((text) => run(world, text, trial)).filter((text) => text !== "");
      if (found.length > 0) return { ...trial, failure: { step: i, text: found.join("\n") } };
    }
    countOutcomes(world, trial);
    return trial;
  } catch (error) {
    // The cache's own commands failed: whatever the state of the project, they may not.
    return { ...trial, failure: { step: at, text: error instanceof Error ? error.message : String(error) } };
  } finally {
    world.close();
  }
}

function countOutcomes(world: World, trial: Trial): void {
  if (world.mode === "plain") return;
  for (const name of world.outcomes()) trial.outcomes[name] = (trial.outcomes[name] ?? 0) + 1;
}

/** Runs a tool line; what differed. */
function runTool(world: World, text: string, trial: Trial): string {
  const line = readLine(world, parseLine(text, 0));
  if (line.argv[0] === "run") line.argv.shift();
  const { ran, differences, unsteady } = world.differential(line, { patient: true });
  const inWork = unsteady.filter((path) => !path.includes("*")).map((path) =>
    `loose ${JSON.stringify(path)}`
  );
  trial.said.push(
    ...inWork.filter((other) => !trial.said.includes(other)),
    `${ran.code === 0 ? "" : "! "}${text}`,
  );
  trial.lines++;
  if (ran.code !== 0) trial.failing++;
  return differences.join("\n");
}

/** Does what an event's line says, where that is possible; what is wrong with the cache. */
function happen(world: World, text: string, trial: Trial): string {
  try {
    runLine(world, parseLine(text, 0));
    trial.said.push(text);
    return "";
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!mustWork.has(text.split(" ")[0])) return "";
    trial.said.push(text);
    return error.message;
  }
}

/** The kind of a difference, whatever the names and numbers: what a smaller sequence must still show. */
export function kindsOf(text: string): Set<string> {
  const kinds = text.split("\n").flatMap((line) => {
    const found =
      /exit code|stdout when|stderr when|TMPDIR holds|drawn names|only the \w+ run|differs from byte|its time is older|mode \d|link to|hard links|left alone when \w+|when plain, \w+ when cached|daemon/
        .exec(line);
    return found === null ? [] : [found[0].replace(/\d+/g, "N")];
  });
  return new Set(kinds.length === 0 ? ["other"] : kinds);
}
