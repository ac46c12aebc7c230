import { assertEquals } from "@std/assert";
import { type Counts, countsOf, otherParts, scenarioModes, summary, total, unitTests } from "./testing.ts";

// deno-fmt-ignore: a table
const cases: { name: string; code: number; text: string; want: Counts }[] = [
  { name: "reads a good run", code: 0, text: "a ... ok (0ms)\n\nok | 3 passed (2 steps) | 0 failed (8ms)\n",
    want: { passed: 3, failed: 0, skipped: [], failures: [] } },
  { name: "names what was skipped", code: 0, text: "b skipped: no x ... ignored (0ms)\n\nok | 1 passed | 0 failed | 1 ignored (8ms)\n",
    want: { passed: 1, failed: 0, skipped: ["b skipped: no x"], failures: [] } },
  { name: "names what failed, once", code: 1,
    text: "d => ./a_test.ts:1:2\nerror\n FAILURES \n\nd => ./a_test.ts:1:2\n\nFAILED | 2 passed (1 step) | 1 failed | 0 ignored (8ms)\n",
    want: { passed: 2, failed: 1, skipped: [], failures: ["d"] } },
  { name: "takes the last summary, not one that a test printed", code: 0,
    text: "ok | 99 passed | 0 failed (1ms)\nok | 1 passed | 0 failed (1ms)\n",
    want: { passed: 1, failed: 0, skipped: [], failures: [] } },
  { name: "reads through colours", code: 0, text: "\x1b[32mok\x1b[0m | 3 passed | 0 failed \x1b[90m(8ms)\x1b[0m\n",
    want: { passed: 3, failed: 0, skipped: [], failures: [] } },
  { name: "counts a killed runner as a failure", code: 137, text: "x ...",
    want: { passed: 0, failed: 1, skipped: [], failures: ["part: the runner ended with code 137"] } },
  { name: "counts a bad end after good tests as a failure", code: 1, text: "ok | 3 passed | 0 failed (8ms)\n",
    want: { passed: 3, failed: 1, skipped: [], failures: ["part: the runner ended with code 1"] } },
  { name: "counts a silent runner as a failure", code: 0, text: "",
    want: { passed: 0, failed: 1, skipped: [], failures: ["part: the runner ended with code 0"] } },
];
for (const { name, code, text, want } of cases) {
  Deno.test(`countsOf() ${name}`, () => assertEquals(countsOf("part", { code, text }), want));
}

Deno.test("summary() ends with the counts of all parts", () => {
  const one = { passed: 2, failed: 1, skipped: [], failures: ["d"] };
  assertEquals(summary(total([one, one])).split("\n").at(-1), "4 passed, 2 failed");
  const skipping = { passed: 1, failed: 0, skipped: ["b"], failures: [] };
  assertEquals(summary(skipping), "\nSkipped:\n  b\n\n1 passed, 0 failed, 1 skipped");
});

Deno.test("otherParts() runs the scenarios in every mode, and every file below tests/ that holds tests", () => {
  const parts = otherParts();
  assertEquals(parts.flatMap(({ env }) => env?.SCENARIO_MODES ?? []), [...scenarioModes]);
  const covered = (path: string) => parts.some(({ paths }) => paths.some((part) => path.startsWith(part)));
  assertEquals([...filesBelow("tests")].filter((path) => path.endsWith("_test.ts") && !covered(path)), []);
});

Deno.test("unitTests hold no file that the runner takes for a test by its name alone", () => {
  // `deno test` runs test.ts as well as a_test.ts and a.test.ts; a script of that name would start itself for ever.
  const taken = unitTests.paths.flatMap((folder) => [...filesBelow(folder)])
    .filter((path) => /(^|[/._])test\.[cm]?[jt]sx?$/.test(path) && !path.endsWith("_test.ts"));
  assertEquals(taken, []);
});

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`../${folder}`, import.meta.url))) {
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
