/**
 * Tables: the tools that are cached by name, and the words that make a run pass.
 *
 * Any other tool passes until `exec` names it; a script with `-c` and a source is taken for a compiler.
 *
 * @module
 */
import type { PassReason } from "./mod.ts";

/** compile and link are a driver's; other: a tool that is neither. */
export type WorkKind = "compile" | "link" | "archive" | "other";

// deno-fmt-ignore: a row stays a line
export const toolNames: Readonly<Record<string, { kind: WorkKind | "driver" }>> = {
  "ar": { kind: "archive" },
  "as": { kind: "compile" },
  "c++": { kind: "driver" },
  "cc": { kind: "driver" },
  "clang": { kind: "driver" },
  "clang++": { kind: "driver" },
  "clang-cl": { kind: "driver" },
  "g++": { kind: "driver" },
  "gcc": { kind: "driver" },
  "gcc-ar": { kind: "archive" },
  "gcc-ranlib": { kind: "archive" },
  "ld": { kind: "link" },
  "ld.bfd": { kind: "link" },
  "ld.gold": { kind: "link" },
  "ld.lld": { kind: "link" },
  "ld.mold": { kind: "link" },
  "lld": { kind: "link" },
  "llvm-ar": { kind: "archive" },
  "llvm-objcopy": { kind: "other" },
  "llvm-ranlib": { kind: "archive" },
  "llvm-strip": { kind: "other" },
  "mold": { kind: "link" },
  "objcopy": { kind: "other" },
  "ranlib": { kind: "archive" },
  "strip": { kind: "other" },
  "tcc": { kind: "driver" },
};

/** Words by which clang behaves as Microsoft's compiler, whose options begin with a slash. */
export const clWords = {
  mode: "--driver-mode=cl",
  family: "clang-cl",
  compile: ["/c", "/E", "/EP", "/P", "/Zs"],
  queries: ["/?", "-?", "/help"],
} as const;

/** Questions about the tool, besides `-print-...`: their answer is worth less than asking the cache. */
const queries = [
  "--version",
  "--help",
  "-dumpversion",
  "-dumpmachine",
  "-dumpspecs",
  "-dumpfullversion",
  "-V",
  "--target-help",
];

function rows(reason: PassReason, words: readonly string[]): Record<string, PassReason> {
  return Object.fromEntries(words.map((word) => [word, reason]));
}

/** Words, by kind of tool, that make a run pass, with the outcome. */
export const passes: Readonly<Record<WorkKind | "driver", Readonly<Record<string, PassReason>>>> = {
  driver: {
    ...rows("pass_query", queries),
    ...rows("pass_prints_now", ["-v", "-###", "--verbose", "-ftime-report", "-Q", "-run", "-bench"]),
    ...rows("pass_stdin", ["@-"]),
  },
  compile: {
    ...rows("pass_query", queries),
    ...rows("pass_prints_now", ["-v"]),
    ...rows("pass_stdin", ["--"]),
  },
  link: {
    ...rows("pass_query", ["--version", "--help", "-v", "-V"]),
    ...rows("pass_prints_now", ["-t", "--trace", "--verbose", "--stats"]),
  },
  archive: {
    ...rows("pass_query", ["--version", "--help", "-V", "-h", "-H"]),
    ...rows("pass_stdin", ["-M"]),
  },
  other: {
    ...rows("pass_query", ["--version", "-V", "--help", "-h", "--info"]),
    ...rows("pass_prints_now", ["-v", "--verbose"]),
  },
};
