import { assertEquals } from "@std/assert";
import { listOf, listRule, listText, retargeted } from "./depfile.ts";

/** Lists as compilers wrote them; `other`: what the same compiler wrote in a tree called /w/another-tree. */
const lists: { name: string; text: string; other?: string }[] = [
  {
    name: "gcc's",
    text: `a.o: /w/one/src/a.c /usr/include/stdc-predef.h /w/one/inc/v.h \\
 /usr/include/stdio.h
`,
    other: `a.o: /w/another-tree/src/a.c /usr/include/stdc-predef.h \\
 /w/another-tree/inc/v.h /usr/include/stdio.h
`,
  },
  {
    name: "gcc's with lines for headers that may vanish, and a target in full",
    text: "/w/one/a.o: a.c /w/one/inc/v.h\n/w/one/inc/v.h:\n",
    other: "/w/another-tree/a.o: a.c /w/another-tree/inc/v.h\n/w/another-tree/inc/v.h:\n",
  },
  {
    name: "clang's",
    text: `a.o: /w/one/src/a.c /w/one/inc/v.h /usr/include/stdio.h \\
  /usr/include/x86_64-linux-gnu/bits/libc-header-start.h
`,
    other: `a.o: /w/another-tree/src/a.c /w/another-tree/inc/v.h /usr/include/stdio.h \\
  /usr/include/x86_64-linux-gnu/bits/libc-header-start.h
`,
  },
  {
    name: "clang's whose lines gcc would break as well",
    text: "/w/one/a.o: /w/one/src/a.c /w/one/inc/values2.h\n",
    other: "/w/another-tree/a.o: /w/another-tree/src/a.c \\\n  /w/another-tree/inc/values2.h\n",
  },
  {
    name: "one of clang's for gcc's",
    text: "a.o: a.c /usr/include/x86_64-linux-gnu/bits/libc-header-start.h \\\n  /w/one/v.h\n",
  },
  { name: "one whose lines nobody breaks so", text: "a.o: \\\n /w/one/a.c \\\n /w/one/v.h\n" },
  { name: "one with an escaped name", text: "a.o: /w/one/my\\ file.c\n" },
  { name: "one with a dollar", text: "a.o: /w/one/$$x.c\n" },
  { name: "one that names a neighbour", text: "a.o: /w/one/a.c /w/one-more/v.h\n" },
  { name: "one with the tree in the middle of a word", text: "x:/w/one/a.o: a.c\n" },
  { name: "one without its end", text: "a.o: /w/one/a.c" },
  { name: "a text that is no list", text: "/w/one/a.c\n" },
];
for (const { name, text, other } of lists) {
  Deno.test(`listOf() takes ${name} ${other === undefined ? "for nothing" : "apart"}`, () => {
    const list = listOf(text, "/w/one", name.startsWith("clang") ? "clang" : "gcc");
    assertEquals(list && listText(list, "/w/one"), other && text);
    assertEquals(list && listText(list, "/w/another-tree"), other);
  });
}

const drivers: [driver: string, programs: string[], want: string | undefined][] = [
  ["clang", ["/usr/lib/llvm-14/bin/clang"], "clang"],
  ["clang++", [], "clang"],
  ["gcc", ["/usr/bin/gcc-12", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1"], "gcc"],
  ["g++", ["/opt/libexec/gcc/x86_64-pc-linux-gnu/10.2.0/cc1plus"], "gcc"],
  ["gcc", ["/usr/lib/gcc/x86_64-linux-gnu/9/cc1"], undefined],
  ["cc", ["/usr/bin/cc", "/opt/cc1"], undefined],
];
for (const [driver, programs, want] of drivers) {
  Deno.test(`listRule() of ${driver} with ${programs.at(-1)} is ${want}`, () => {
    assertEquals(listRule(driver, programs), want as never);
  });
}

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
