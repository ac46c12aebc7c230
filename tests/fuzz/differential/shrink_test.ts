/** The shrinker finds the smallest sequence that shows an artificial fault, whatever lies around it. */
import { assert, assertEquals } from "@std/assert";
import { Dice } from "./dice.ts";
import type { EventStep, Sequence, Step, ToolStep } from "./sequence.ts";
import { shrink, shrinkList } from "./shrink.ts";

const event = (...lines: string[]): EventStep => ({ kind: "event", name: "", lines });
const tool = (...options: string[]): ToolStep => ({
  kind: "tool",
  assignments: [["A", "1"], ["B", "2"]],
  groups: [["gcc"], ...options.map((option) => option.split(" "))],
  redirections: ["2>&1"],
});

/** Fails where an edit comes after a compile with -g that reads a.h, and another compile comes after the edit. */
function isStale({ files, steps }: Sequence): boolean {
  const words = steps.map((step) => step.kind === "event" ? step.lines : step.groups.flat());
  const first = steps.findIndex((step, i) =>
    step.kind === "tool" && ["-g", "out"].every((word) => words[i].includes(word))
  );
  const edit = words.findIndex((lines, i) => i > first && lines.includes("edit a.h"));
  const again = steps.findIndex((step, i) =>
    i > edit && step.kind === "tool" && step.assignments.some(([name]) => name === "B")
  );
  return first >= 0 && edit > first && again > edit && files.some(({ name }) => name === "a.h");
}

function sample(dice: Dice): Sequence {
  const filler = (): Step => dice.chance(0.5) ? event("touch b.h", "umask 022") : tool("-O2", "-DX");
  const fillers = () => Array.from({ length: dice.below(8) }, filler);
  return {
    files: ["b.h", "a.h", "c.h"].map((name) => ({ name, text: "" })),
    steps: [
      ...fillers(),
      tool("-O2", "-g", "-o out", "a.c"),
      ...fillers(),
      event("touch x", "edit a.h", "kill"),
      ...fillers(),
      tool("-c"),
    ],
  };
}

Deno.test("shrink() leaves only what the fault needs", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const whole = sample(new Dice(seed));
    assert(isStale(whole), "the sample does not fail");
    const { files, steps } = shrink(whole, isStale);
    assertEquals(files.map(({ name }) => name), ["a.h"]);
    assertEquals(steps.slice(0, 2), [
      { kind: "tool", groups: [["gcc"], ["-g"], ["-o", "out"]], assignments: [], redirections: [] },
      event("edit a.h"),
    ]);
    assertEquals(steps.slice(2), [{
      kind: "tool",
      groups: [["gcc"]],
      assignments: [["B", "2"]],
      redirections: [],
    }]);
  }
});

Deno.test("shrinkList() asks about fewer lists than there are pairs", () => {
  let asked = 0;
  const items = Array.from({ length: 64 }, (_, i) => i);
  const kept = shrinkList(items, (fewer) => (asked++, fewer.includes(7) && fewer.includes(50)));
  assertEquals(kept, [7, 50]);
  assert(asked < 60, `${asked} questions`);
});

Deno.test("shrink() returns the whole where nothing smaller fails, or nobody answers any more", () => {
  const whole = sample(new Dice(3));
  assertEquals(shrink(whole, () => false), whole);
});
