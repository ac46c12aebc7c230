import { assertEquals } from "@std/assert";
import { countsOf } from "./tests.ts";

const cases: { name: string; code: number; text: string; want: [number, number, number] }[] = [
  { name: "a good run", code: 0, text: "\nok | 26 passed | 0 failed (431ms)\n", want: [26, 0, 0] },
  { name: "skipped cases", code: 0, text: "ok | 3 passed | 0 failed | 2 ignored (1s)\n", want: [3, 0, 2] },
  {
    name: "steps",
    code: 1,
    text: "FAILED | 3 passed (5 steps) | 2 failed (1 step) | 1 ignored (9s)",
    want: [3, 2, 1],
  },
  { name: "a failure outside of tests", code: 1, text: "ok | 3 passed | 0 failed (1s)", want: [3, 1, 0] },
  { name: "a crash", code: 134, text: "thread 'main' panicked\n", want: [0, 1, 0] },
  {
    name: "the last of two lines",
    code: 0,
    text: "ok | 1 passed | 0 failed (1s)\nok | 7 passed | 0 failed (1s)\n",
    want: [7, 0, 0],
  },
];
for (const { name, code, text, want: [passed, failed, skipped] } of cases) {
  Deno.test(`countsOf() reads ${name}`, () =>
    assertEquals(countsOf(code, text), { passed, failed, skipped }));
}
