import { assertEquals } from "@std/assert";
import { type Declared, declaredBy, dependenciesIn } from "./declared.ts";

const lines: [string, string][] = [
  ["-MD -c a.c", "a.c > a.o + a.d"],
  ["-c a.c", "a.c > a.o"],
  ["-O2 -g -Wall -fPIC -c src/a.c -o out/a.o -MD", "src/a.c > out/a.o + out/a.d"],
  ["-MD -MFdeps -c a.cc", "a.cc > a.o + deps"],
  ["-MD -Iinc -I inc2 -isystem s -include pre.h -c a.c", "a.c > a.o + a.d inc,inc2,s pre.h"],
  ["-MD -DA -D B=a##b -m32 -c a.c", "a.c > a.o + a.d #define A\n#define B a##b\n -m32"],
  ["-c a.c b.c", "not understood: b.c"],
  ["a.c", "not understood: a.c"],
  ["-MMD -c a.c", "a.c > a.o + a.d?"],
  ["-MF x -c a.c", "not understood: -MF"],
  ["-Wp,-MD,x -c a.c", "a.c > a.o + x"],
  ["-Wp,-MD,x -MF y -c a.c", "not understood: -Wp,-MD"],
  ["-MF y -Wp,-MD,x -c a.c", "not understood: -Wp,-MD"],
  ["-MD -Wp,-MD,x -c a.c", "not understood: -Wp,-MD"],
  ["-MMD -MF y -Wp,-MD,x -c a.c", "not understood: -Wp,-MD"],
  ["-Wp,-MD,x -Wp,-MD,y -c a.c", "not understood: -Wp,-MD,y"],
  ["-Wp,-MMD,x -c a.c", "a.c > a.o + x?"],
  ["-MD -MMD -MF x -c a.c", "a.c > a.o + x?"],
  ["-MD -MT t -MQ q -MP -MF x -c a.c -o o/a.o", "a.c > o/a.o + x"],
  ["-Wp,-MD,x,-DA -c a.c", "not understood: -Wp,-MD,x,-DA"],
  ["-Wa,-a=l -c a.c", "not understood: -Wa,-a=l"],
  ["-fprofile-use -c a.c", "not understood: -fprofile-use"],
  ["-fno-profile-use=x -c a.c", "not understood: -fno-profile-use=x"],
  [
    "-gsplit-dwarf --coverage -fstack-usage -fcallgraph-info -c a.c -o o/b.o",
    "a.c > o/b.o + o/b.dwo + o/b.gcno + o/b.su + o/b.ci",
  ],
  ["-gsplit-dwarf=single -c a.c", "not understood: -gsplit-dwarf=single"],
  ["-MD -MF a.o -c a.c", "not understood: a.o"],
  ["-save-temps -c a.c", "not understood: -save-temps"],
  ["-fdump-tree-all -c a.c", "not understood: -fdump-tree-all"],
  ["-fprofile-generate -c a.c", "not understood: -fprofile-generate"],
  ["-frecord-gcc-switches -c a.c", "not understood: -frecord-gcc-switches"],
  ["-fsanitize=address -c a.c", "not understood: -fsanitize=address"],
  ["-mllvm -c a.c", "not understood: -mllvm"],
  ["--param max-inline-insns-auto=9 --param=l1-cache-size=3 -c a.c", "a.c > a.o"],
  ["--param x -c a.c", "not understood: --param"],
  ["-traditional-cpp -c a.c", "not understood: -traditional-cpp"],
  ["-no-canonical-prefixes -c a.c", "not understood: -no-canonical-prefixes"],
  ["-x assembler -c a.c", "not understood: -x"],
  ["-I- -c a.c", "not understood: -I-"],
  ["-I=inc -c a.c", "not understood: -I=inc"],
  ["-Wp,-D_A=2,-U_B -c a.c", "a.c > a.o #define _A 2\n"],
  ["-Wp,-DT=__TIME__ -c a.c", "not understood: -Wp,-DT=__TIME__"],
  ["-D__has_include=x -c a.c", "not understood: -D__has_include=x"],
  ["-D__STDC_FORMAT_MACROS -c a.c", "a.c > a.o #define __STDC_FORMAT_MACROS\n"],
  ["-fsched-verbose=1 -c a.c", "not understood: -fsched-verbose=1"],
  [
    "-x c++ -fvisibility=hidden -fmax-errors=3 -gz=zlib -flto=auto -Wl,-O1 -Wp,-D_A -c a.c",
    "a.c > a.o #define _A\n",
  ],
  ["-stdlib=libc++ --sysroot=/x -c a.c", "a.c > a.o -stdlib=libc++ --sysroot=/x"],
  ["-march=native -c a.c", "a.c > a.o -march=native"],
  ["-DT=__TIME__ -c a.c", "not understood: -DT=__TIME__"],
  ["-fplugin=x.so -c a.c", "not understood: -fplugin=x.so"],
  ["-c a.s", "not understood: a.s"],
  ["@a.rsp -c a.c", "not understood: @a.rsp"],
  ["-c a.c -o", "not understood: -o"],
];
/** The dependency list; `?` behind one that leaves something out. */
function listOf({ list }: Declared): string {
  return list === undefined ? "" : `${list.path}${list.full ? "" : "?"}`;
}

for (const [line, want] of lines) {
  Deno.test(`declaredBy() of "${line}"`, () => {
    const found = declaredBy(line.split(" "));
    const text = "word" in found ? `not understood: ${found.word}` : [
      [`${found.source} > ${found.object}`, ...found.sides, listOf(found)].filter(Boolean).join(" + "),
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
