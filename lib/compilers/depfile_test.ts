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

/** The list that a compiler makes of `folder`/a.c for a target. */
function listBy(compiler: string, folder: string, target: string): string {
  const args = ["-MM", "-MP", "-MT", target, "a.c"];
  const { stdout } = new Deno.Command(compiler, { args, cwd: folder }).outputSync();
  return new TextDecoder().decode(stdout);
}

for (const compiler of ["gcc", "clang"]) {
  const isThere = (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${compiler}`).isFile;
    } catch {
      return false;
    }
  });
  Deno.test({
    name: `retargeted() gives what ${compiler} itself gives, whatever the target's length`,
    ignore: !isThere,
    fn() {
      const folder = Deno.makeTempDirSync();
      try {
        const names = Array.from({ length: 14 }, (_, i) => `h${"x".repeat(i * 7 % 23)}${i}.h`);
        for (const name of names) Deno.writeTextFileSync(`${folder}/${name}`, "");
        Deno.writeTextFileSync(`${folder}/a.c`, names.map((name) => `#include "${name}"\n`).join(""));
        const own = listBy(compiler, folder, "own.o");
        for (let length = 1; length < 100; length++) {
          const target = "t".repeat(length);
          assertEquals(retargeted(own, "own.o", target), listBy(compiler, folder, target));
        }
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    },
  });
}
