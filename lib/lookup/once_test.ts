import { assertEquals } from "@std/assert";
import { saysOnce } from "./once.ts";

const cases: [why: string, header: string, others: string[], want: boolean][] = [
  ["a comment", "/* dummy */\n", ['#include "a.h"\n'], false],
  ["the pragma", "#pragma once\n", [], true],
  ["the pragma, over lines", "#pra\\\ngma on\\\nce\n", [], true],
  ["the pragma, over lines with trigraphs", "#pragma on??/\nce\n", [], true],
  ["the pragma, with a comment within", "# /**/ pragma /**/ once\n", [], true],
  ["another pragma", "#pragma GCC poison x\n", [], false],
  ["a word like it", "int once;\n", ["int pragma;\n"], false],
  ["the operator in a macro elsewhere", "ONCE\n", ['#define ONCE _Pragma("once")\n'], true],
  ["#import elsewhere", "int a;\n", ['#import "a.h"\n'], true],
];
for (const [why, header, others, want] of cases) {
  Deno.test(`saysOnce() of ${why}`, () => assertEquals(saysOnce(header, others), want));
}
