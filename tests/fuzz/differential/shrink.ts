/**
 * Makes a failing sequence small: steps, options, variables and files go as long as it still fails the same way.
 *
 * The caller says what "fails" means; nothing here runs anything. Keeps true: the result fails, and no single part
 * of it can be left out, unless the caller's patience ended first (`fails` then answers false).
 *
 * @module
 */
import type { Sequence, Step, ToolStep } from "./sequence.ts";

/** The items without which it does not fail, in their order. Tries large pieces first. */
export function shrinkList<T>(items: readonly T[], fails: (fewer: T[]) => boolean): T[] {
  let kept = [...items];
  for (let size = Math.ceil(kept.length / 2); size >= 1;) {
    let removed = false;
    // From the end: what came last depends on what came first, not the other way round.
    for (let end = kept.length; end > 0; end -= size) {
      const fewer = [...kept.slice(0, Math.max(0, end - size)), ...kept.slice(end)];
      if (!fails(fewer)) continue;
      kept = fewer;
      removed = true;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!removed) break;
  }
  return kept;
}

/** The smallest sequence found that still fails. */
export function shrink(sequence: Sequence, fails: (smaller: Sequence) => boolean): Sequence {
  let { files, steps } = sequence;
  const shrinkSteps = () => {
    steps = shrinkList(steps, (fewer) => fails({ files, steps: fewer }));
  };
  // Files first: with fewer of them every further trial is faster.
  const shrinkFiles = () => {
    files = shrinkList(files, (fewer) => fails({ files: fewer, steps }));
  };
  shrinkFiles();
  shrinkSteps();
  for (let at = 0; at < steps.length; at++) {
    const put = (step: Step) => steps.map((old, i) => i === at ? step : old);
    steps = put(shrinkStep(steps[at], (step) => fails({ files, steps: put(step) })));
  }
  shrinkSteps(); // options that are gone may have been what needed a step
  shrinkFiles();
  return { files, steps };
}

function shrinkStep(step: Step, fails: (step: Step) => boolean): Step {
  if (step.kind === "event") {
    return { ...step, lines: shrinkList(step.lines, (lines) => fails({ ...step, lines })) };
  }
  const [tool, ...options] = step.groups;
  let smaller: ToolStep = step;
  const attempt = <K extends keyof ToolStep>(key: K, of: (fewer: ToolStep[K]) => ToolStep[K]) => ({
    fails: (fewer: ToolStep[K]) => fails({ ...smaller, [key]: of(fewer) }),
    take: (fewer: ToolStep[K]) => smaller = { ...smaller, [key]: of(fewer) },
  });
  const groups = attempt("groups", (fewer) => [tool, ...fewer]);
  groups.take(shrinkList(options, groups.fails));
  const assignments = attempt("assignments", (fewer) => fewer);
  assignments.take(shrinkList(smaller.assignments, assignments.fails));
  const redirections = attempt("redirections", (fewer) => fewer);
  redirections.take(shrinkList(smaller.redirections, redirections.fails));
  return smaller;
}
