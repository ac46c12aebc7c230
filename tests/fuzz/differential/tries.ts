/**
 * Lines as CMake tries things out: sources in full, objects and programs under drawn names, in folders that come and go;
 * with sources that may ask what they are called, headers of whoever, and links that fail.
 *
 * @module
 */
import type { Dice } from "./dice.ts";
import { type File, line, type Step, type ToolStep } from "./sequence.ts";

/** What a source says: nothing of its name; its name where M asks for it; by a macro; by pieces; by a header of others. */
const bodies: Readonly<Record<string, string>> = {
  n: "int n_values[] = { X, M };\n",
  f: "#if M == 1\nint f_length = sizeof __FILE__;\n#endif\n",
  k: "#if M == 1\nint k_length = sizeof WHO;\n#endif\n",
  j: "#if M == 1\nint j_length = sizeof J(__FI, LE__);\n#endif\n",
  h: "#if M == 1\nint h_length = sizeof who();\n#endif\n",
  w: "int w(void) { int unused = M; return X; }\n",
};

const source = (name: string) =>
  `#include "x.h"\n#include <who.h>\n#ifndef M\n#define M 0\n#endif\n#if M == 2\n#error ${name}\n#elif M == 3\n#warning ${name}\n#endif\n` +
  `${bodies[name]}int ${name}_said(void);\nint main(void) { return MISSING; }\n`;

const header = `#define WHO __FILE__
#define J(a, b) a##b
#ifdef ASKS
static inline const char *who_asks(void) { return __BASE_FILE__; }
#endif
#ifdef CALLS
static inline int who_calls(const char *c) { return __builtin_FILE() == c; }
#endif
#define who() "nobody"
#ifdef UNKNOWN
#define MISSING unknown()
int unknown(void);
#else
#define MISSING 0
#endif
`;

/** The files, in the project and its copy. */
export const tryFiles: readonly File[] = [
  ...Object.keys(bodies).map((name) => ({ name: `p/tries/${name}.c`, text: source(name) })),
  ...Object.keys(bodies).map((name) => ({ name: `p/tries/${name}.cc`, text: source(name) })),
  { name: "p/asked/who.h", text: header },
];

const words = [
  ...["", "", "", "-O2", "-Wall", "-g", "-DM=1", "-DM=2", "-DM=3", "-DUNKNOWN", "-DASKS", "-DCALLS", "-DX2"],
  ...["-MD", "-Iinc1", "-DWHO=__FILE__", "-include asked/who.h", "-fdiagnostics-color=always", "-std=gnu11"],
];

/** A copy of the project in a folder whose name has another length. */
export const longer: Step = {
  kind: "event",
  name: "prelude",
  lines: [line("exec", "cp", "-a", "$WORK/p", "$WORK/longer")],
};

/** What is tried, and how often it likes: each time in some folder, under drawn names. */
export function newTry(dice: Dice): () => Step[] {
  const isCxx = dice.chance(0.3),
    tool = dice.chance(0.6) ? isCxx ? "g++" : "gcc" : isCxx ? "clang++" : "clang";
  const name = dice.of(Object.keys(bodies)), file = `tries/${name}.${isCxx ? "cc" : "c"}`;
  const inOne = dice.chance(0.25),
    inFull = dice.chance(0.7),
    kind = dice.chance(0.1) ? "-fsyntax-only" : "-c";
  const more = [dice.of(words), dice.chance(0.3) ? dice.of(words) : ""]
    .filter((text) => text !== "").map((text) => text.split(" "));
  const linkWords = dice.chance(0.2)
    ? [[dice.of(["-O2", "-rdynamic", "-Wl,--as-needed", "-static", "-s", "-lnowhere"])]]
    : [];
  const second = dice.chance(0.15) ? [[dice.of(["out/t0.o", "out/t1.o"])]] : [];
  const libraries = dice.chance(0.3) ? [["-lm"]] : [];
  const step = (...groups: string[][]): ToolStep => ({
    kind: "tool",
    assignments: [],
    groups: [[tool], ...groups],
    redirections: [],
  });
  return () => {
    const place = dice.of(["p", "r", "longer", "longer", "q"]);
    const named = dice.chance(0.93) ? place : dice.of(["p", "r"]);
    const here = `$WORK/${named}`, drawn = dice.below(4);
    const folders = inFull ? [`-I${here}/asked`, "-Ibase"] : ["-Iasked", `-I${here}/base`];
    const object = dice.of([`out/t${drawn}.o`, `deps/t${drawn}.o`, `out/cmTC_${drawn}.dir.o`]);
    const path = dice.chance(0.95) ? `${here}/${file}` : file;
    const program = dice.of([`out/prog${drawn}`, `cmTC_${drawn}`, `inc1/prog${drawn}`]);
    const cd: Step = { kind: "event", name: "another folder", lines: [line("cd", `$WORK/${place}`)] };
    const compile = step(...more, folders, ["-o", object], [kind, path]);
    const whole = step(...linkWords, ...more, ["-Iasked", "-Ibase"], [file], ["-o", program], ...libraries);
    if (inOne) return [cd, whole];
    const link = step(...linkWords, [object], ...second, ["-o", program], ...libraries);
    return dice.chance(0.7) ? [cd, compile, link] : [cd, compile];
  };
}
