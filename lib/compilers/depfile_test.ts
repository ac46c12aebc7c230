import { assertEquals } from "@std/assert";
import { retargeted } from "./depfile.ts";

/** The same rule as gcc 12 and clang 14 lay it out, for two targets. */
const gcc = [
  "x.o: a.c folder/header0.h folder/header1.h folder/header2.h \\\n folder/header3.h folder/header4.h\n",
  "longer-name-than/x.o: a.c folder/header0.h folder/header1.h \\\n" +
  " folder/header2.h folder/header3.h folder/header4.h\n",
];
const clang = [
  "x.o: a.c folder/header0.h folder/header1.h folder/header2.h \\\n  folder/header3.h folder/header4.h\n",
  "longer-name-than/x.o: a.c folder/header0.h folder/header1.h \\\n" +
  "  folder/header2.h folder/header3.h folder/header4.h\n",
];

for (const [compiler, [short, long]] of Object.entries({ gcc, clang })) {
  Deno.test(`retargeted() breaks lines as ${compiler} does`, () => {
    assertEquals(retargeted(short, "x.o", "longer-name-than/x.o"), long);
    assertEquals(retargeted(long, "longer-name-than/x.o", "x.o"), short);
  });
}

Deno.test("retargeted() leaves other rules as they are", () => {
  assertEquals(retargeted("x.o: a.c v.h\nv.h:\n\nw.h:\n", "x.o", "y.o"), "y.o: a.c v.h\nv.h:\n\nw.h:\n");
});

const refused: [what: string, text: string, to: string][] = [
  ["another target", "z.o: a.c\n", "y.o"],
  ["lines broken in an unknown way", "x.o: a.c \\\n b.h\n", "y.o"],
  ["a spelling of make's", "x.o: a\\ b.c\n", "y.o"],
  ["a long line that shows nothing", "x.o: a.c v.h\n", `${"long".repeat(15)}.o`],
  ["text that is no rule", "x.o", "y.o"],
  ["an empty text", "", "y.o"],
];
for (const [what, text, to] of refused) {
  Deno.test(`retargeted() refuses ${what}`, () => assertEquals(retargeted(text, "x.o", to), undefined));
}
