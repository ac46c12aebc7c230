import { assertEquals } from "@std/assert";
import { declaredBy, dependenciesIn } from "./declared.ts";

const lines: [string, string][] = [
  ["-MD -c a.c", "a.c > a.o + a.d"],
  ["-c a.c", "not understood: no -MD"],
  ["-O2 -g -Wall -fPIC -c src/a.c -o out/a.o -MD", "src/a.c > out/a.o + out/a.d"],
  ["-MD -MFdeps -c a.cc", "a.cc > a.o + deps"],
  ["-MD -Iinc -I inc2 -isystem s -include pre.h -c a.c", "a.c > a.o + a.d inc,inc2,s pre.h"],
  ["-MD -DA -D B=a##b -m32 -c a.c", "a.c > a.o + a.d #define A\n#define B a##b\n -m32"],
  ["-c a.c b.c", "not understood: b.c"],
  ["a.c", "not understood: a.c"],
  ["-MMD -c a.c", "not understood: -MMD"],
  ["-MF x -c a.c", "not understood: no -MD"],
  ["-Wp,-MD,x -c a.c", "a.c > a.o + x"],
  ["-Wp,-MD,x -MF y -c a.c", "not understood: -MF"],
  ["-MF y -Wp,-MD,x -c a.c", "not understood: -Wp,-MD,x"],
  ["-MD -Wp,-MD,x -c a.c", "not understood: -Wp,-MD,x"],
  ["-Wp,-MD,x -MD -c a.c", "not understood: -MD"],
  ["-Wp,-MMD,x -c a.c", "not understood: -Wp,-MMD,x"],
  ["-Wp,-MD,x,-DA -c a.c", "not understood: -Wp,-MD,x,-DA"],
  ["-Wa,-a=l -c a.c", "not understood: -Wa,-a=l"],
  ["-fprofile-use -c a.c", "not understood: -fprofile-use"],
  ["-fno-profile-use=x -c a.c", "not understood: -fno-profile-use=x"],
  ["-gsplit-dwarf -c a.c", "not understood: -gsplit-dwarf"],
  ["-march=native -c a.c", "not understood: -march=native"],
  ["-DT=__TIME__ -c a.c", "not understood: -DT=__TIME__"],
  ["-fplugin=x.so -c a.c", "not understood: -fplugin=x.so"],
  ["-c a.s", "not understood: a.s"],
  ["@a.rsp -c a.c", "not understood: @a.rsp"],
  ["-c a.c -o", "not understood: -o"],
];
for (const [line, want] of lines) {
  Deno.test(`declaredBy() of "${line}"`, () => {
    const found = declaredBy(line.split(" "));
    const text = "word" in found ? `not understood: ${found.word}` : [
      `${found.source} > ${found.object} + ${found.depfile}`,
      ...(found.folders.length > 0 ? [found.folders.join()] : []),
      ...found.included,
      ...(found.macros === "" ? [] : [found.macros]),
      ...found.machine,
    ].join(" ");
    assertEquals(text, want);
  });
}

const lists: [string, string, string[] | undefined][] = [
  ["continued lines", "a.o: a.c \\\n b.h \\\n c.h\n", ["a.c", "b.h", "c.h"]],
  ["odd names", "a.o: a\\ b.c \\#c.h d$$e.h x\\y.h\n", ["a b.c", "#c.h", "d$e.h", "x\\y.h"]],
  ["several targets, and rules for missing headers", "a.o b.d: a.c b.h\nb.h:\n", ["a.c", "b.h"]],
  ["a target with a colon", "c:a.o: a.c\n", ["a.c"]],
  ["no list", "nothing here\n", undefined],
];
for (const [name, text, want] of lists) {
  Deno.test(`dependenciesIn() of ${name}`, () => assertEquals(dependenciesIn(text), want));
}
