/**
 * The small project that every sequence works on, as data: sources with something of everything that makes a result
 * depend on more than its words, headers in several folders of one search path, and names as odd as they come.
 *
 *     p   the project          q   a link to p          r   a copy of p, for changes of the working folder
 *
 * @module
 */
import { type File, line, type Step } from "./sequence.ts";
import { tryFiles } from "./tries.ts";

/** Which lines a header holds: the value decides what it means, the note only its comments, blanks how a line ends. */
export interface HeaderState {
  value: number;
  note: number;
  blanks?: string;
}

/** What comments say, by number: of some length, and all that makes a comment hard to see, or lets it count. */
export const notes: readonly string[] = [
  ..."0 1 2 10 it's \" 'q' /* // \\ ??/ n\u00e9 @param R\"( #endif TODO __TIME__".split(" "),
  "of two\nlines",
  "that falls through",
];

/** What headers are called; `z` is only asked for by `__has_include`. */
export const headerNames = ["x", "y", "z"] as const;

/** Folders of the search path, first to last; all but the last come and go. */
export const headerFolders = ["inc1", "real1/inc2", "real2/inc2", "inc3", "src", "quoted"] as const;

/** The text of a header, line by line. Equal values make equal files, which compilers tell apart under `once`. */
export function headerLines(name: string, { value, note, blanks = "" }: HeaderState): string[] {
  const macro = name.toUpperCase();
  return [
    "#pragma once",
    `/* note ${notes[note]} */`,
    ...(name === "y"
      ? ["#if defined NEXT && __has_include_next(<y.h>)", "#include_next <y.h>", "#endif"]
      : []),
    ...(value === 3 ? [`#warning ${name} is three`] : []),
    `#undef ${macro}`,
    `#define ${macro} ${value} // note ${notes[note].split("\n")[0]} .${blanks}`,
    ...(value > 9 ? [`extern int long_${name};`] : []),
    `extern int counted[__COUNTER__ >= 0 ? 1 : -1];${blanks}`,
  ];
}

/** What a list of dependencies does not tell; where runs cannot be watched a source that holds it is not kept. */
export const special = `#ifdef TIMES
const char *when = __DATE__ __TIME__;
#endif
#ifdef STAMP
const char *stamp = __TIMESTAMP__;
#endif
#ifdef DATA
__asm__(".data\\n.incbin \\"data.bin\\"\\n");
#endif
`;

const cSource = `#include "x.h"
#include <y.h>
#if __has_include(<z.h>)
#include <z.h>
#else
#define Z 7
#endif
#ifndef Z
#define Z 8
#endif
#ifdef __cplusplus
extern "C" int NAME(int);
#endif
/* note 0 */
SPECIAL#ifdef ONCE
#include "real1/inc2/x.h"
#include "real2/inc2/x.h"
int times = __COUNTER__;
#endif
#ifdef SYSTEM
#include <stddef.h>
#endif
#ifndef M
#define M 0
#endif
#ifndef TEXT
#define TEXT "none"
#endif
#if M == 1
static int unused;
#elif M == 2
#warning said by M
#elif M == 3
#error said by M
#endif
int NAME_values[] = { X, Y, Z, M };
const char *NAME_file = __FILE__, *NAME_text = TEXT;
int NAME(int n) { int sum = n; // note 0 .
  for (int i = 0; i < n; i++) sum += NAME_values[i & 3]; return sum; }
`;

const cxxSource = `#include "x.h"
#include <y.h>
/* note 0 */
#ifdef SYSTEM
#include <cstddef>
#endif
namespace part { template <class T> T twice(T t) { return t + t + X; } }
inline int shared_NAME() { static int n = Y; return n++; }
int NAME(int n) { return part::twice(n) + (int) part::twice(1.5) + shared_NAME(); }
const char *NAME_file = __FILE__;
`;

const named = (text: string, name: string) => text.replaceAll("NAME", name);

/** Sources by their language; each defines a function called as its file. */
export const sources = {
  c: ["src/a.c", "src/b.c"],
  main: ["src/main.c"],
  cxx: ["src/u.cc", "src/w.C"],
  asm: ["src/s.S", "src/t.s"],
  preprocessed: ["src/i.i"],
  odd: [
    "odd/sp ace.c",
    "odd/$d#h%p.c",
    `odd/it's "q".c`,
    "odd/n\u00e9\u4e2d.c",
    "odd/back\\slash.c",
    "./-dash.c",
    "./@at.c",
    "odd/two.dots.c",
    "odd/semi;amp&.c",
    "odd/colon:eq=.c",
    "odd/trail .c",
    "odd/new\nline.c",
    "odd/tab\tstar*.c",
  ],
} as const;

const oddSource = '#include "x.h"\n/* note 0 */\nint odd = X;\nconst char *odd_file = __FILE__;\n';

/** All files that a scenario can name. */
export const files: readonly File[] = [
  { name: "p/src/a.c", text: named(cSource, "a").replace("SPECIAL", special) },
  { name: "p/src/b.c", text: named(cSource, "b").replace("SPECIAL", "") },
  {
    name: "p/src/main.c",
    text:
      '#ifdef __cplusplus\n#define C extern "C"\n#else\n#define C\n#endif\nC int a(int);\n#ifdef B\nC int b(int);\n#else\n#define b a\n#endif\n' +
      "int main(void) { return a(1) + b(2); }\n",
  },
  { name: "p/src/u.cc", text: named(cxxSource, "u") },
  { name: "p/src/w.C", text: named(cxxSource, "w") },
  {
    name: "p/src/s.S",
    text: '#include "x.h"\n.data\ns: .long X\n.incbin "data.bin"\n.section .note.GNU-stack,"",@progbits\n',
  },
  {
    name: "p/src/t.s",
    text: '.include "part.inc"\n.data\nt: .long PART\n.section .note.GNU-stack,"",@progbits\n',
  },
  { name: "p/src/i.i", text: '# 1 "i.c"\nint i(int n) { return n + 1; }\n' },
  ...sources.odd.filter((name) => !name.includes("\n")).map((name) => ({
    name: `p/${name.replace(/^\.\//, "")}`,
    text: oddSource,
  })),
  { name: "p/part.inc", text: ".set PART, 1\n" },
  { name: "p/data.bin", text: "0\n" },
  { name: "p/args", text: "-DM=0\n" },
  { name: "p/more args", text: "-DTEXT='\"a b\"' @args\n" },
  { name: "p/my.specs", text: "*cc1_options:\n+ -DM=4\n" },
  { name: "p/version.map", text: "{ global: a; local: *; };\n" },
  { name: "p/objects", text: "out/a.o\nout/b.o\n" },
  ...["real1/inc2", "real2/inc2", "base"].flatMap((folder, i) =>
    ["x", "y"].map((name) => ({
      name: `p/${folder}/${name}.h`,
      text: headerLines(name, { value: i, note: 0 }).join("\n") + "\n",
    }))
  ),
  ...["inc1", "out", "libs1", "libs2", "deps", "quoted"].map((name) => ({
    name: `p/${name}/keep`,
    text: "",
  })),
  ...tryFiles,
  { name: "p/bin/cc", text: '#!/bin/sh\nexec gcc "$@"\n' },
  { name: "p/tools/as", text: '#!/bin/sh\nexec as "$@"\n' },
];

/** What comes before the first step: names that no marker line can hold, modes, links, the copy. */
export const prelude: readonly Step[] = [
  line("write", "p/odd/new\nline.c", ...oddSource.trimEnd().split("\n")),
  line("chmod", "755", "p/bin/cc", "p/tools/as"),
  line("symlink", "real1", "p/link"),
  line("exec", "sh", "-c", 'ln -s "$(command -v gcc)" p/bin/tool'),
  line("exec", "cp", "-a", "p", "r"),
  line("symlink", "p", "q"),
  line("cd", "p"),
].map((text) => ({ kind: "event", name: "prelude", lines: [text] }));
