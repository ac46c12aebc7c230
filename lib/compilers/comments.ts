/**
 * Whether comments can reach the bytes of a compile: the conditions as tables.
 *
 * Only what is listed is trusted, as in the declared way: a word, a program, a file or a variable that no row names keeps
 * every byte of every source an input. What the files themselves must not hold stands in code.ts.
 *
 * @module
 */
import { harmless } from "./declared.ts";

/** Words with a value, in the same word or the next. */
const valued = [
  ...["-o", "-D", "-U", "-I", "-isystem", "-iquote", "-idirafter", "-include", "-MF", "-MT", "-MQ"],
];
/** Beyond the declared way's: dependency lists, names of files, the form of diagnostics that there are none of. */
const more =
  /^-(?:MM?D|MP|Wp,-MM?D,[^,]*|m(?:arch|tune)=native|f(?:debug|file|macro)-prefix-map=.*|fdiagnostics-color(?:=\w+)?|fmessage-length=\d+)$/;

/** Of the harmless words, those by which comments count after all. */
const counting: readonly RegExp[] = [
  /^-(?:ansi$|std=(?:c89|c90|gnu89|gnu90|iso9899:199(?!9)))/, // `//` is two divisions, or warned of
  // They read comments, or blanks at the ends of lines, or say in which standards a comment is one.
  /^-W(?!no-).*(?:documentation|everything|whitespace|traditional|c90-c99|fallthrough=1)/,
];

const pedantic = /^-(?:W(?:error=)?)?pedantic/;

/** Of a `-g` line of clang: without checksums of the sources, which came with DWARF 5. */
const debug = /^-g(?!0$)/, plainDwarf = /^-gdwarf-[234]$/, dwarf = /^-gdwarf/;

/** What is compiled: a list of options beside it, or assembler, is no source whose comments are known. */
const source = /\.(?:c|cc|cp|cpp|cxx|c\+\+|C|CPP)$/;

/** What compilers include. A name without a suffix is a header of C++, or one as in Qt. */
const included =
  /(?:^|\/)[^./]+$|\.(?:c|cc|cp|cpp|cxx|c\+\+|C|CPP|h|hh|hp|hpp|hxx|h\+\+|H|HPP|inc|inl|ipp|tcc|tpp|txx|ixx|def|tbl)$/;
/** What compilers read of the system beside sources; none of it is compiled. */
const bystanders = /^\/(?:etc|proc|sys|dev)\//;

/** Programs that read sources as sources alone; those that read files as bytes; those that start them. */
const programs: Readonly<Record<string, "source" | "bytes" | "none">> = {
  "cc1": "source",
  "cc1plus": "source",
  "clang": "source",
  "clang++": "source",
  "as": "bytes",
  "gcc": "none",
  "g++": "none",
  "cc": "none",
  "c++": "none",
};

/** Variables that add options, or libraries which may read anything. */
const variables = /^(?:CCC_.*|QA_OVERRIDE_.*|GCC_COMPARE_DEBUG|LD_PRELOAD)$/;

/** A compile whose words keep comments out of its object. */
export interface CommentUse {
  /** clang would write checksums of its sources. */
  checksums: boolean;
}

/** How the words (argv without argv[0]) of a driver use comments; undefined where they may reach the object. */
export function commentUse(words: readonly string[]): CommentUse | undefined {
  let compiles = false, sources = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i], option = valued.find((name) => word.startsWith(name));
    if (option !== undefined) {
      if (word.length === option.length) i++;
    } else if (word === "-x") {
      if (!/^c(?:\+\+)?$/.test(words[++i] ?? "")) return undefined;
    } else if (word[0] !== "-") {
      if (!source.test(word) || word[0] === "@") return undefined;
      sources++;
    } else if (!harmless.test(word) && !more.test(word)) return undefined;
    else if (counting.some((pattern) => pattern.test(word))) return undefined;
    compiles ||= word === "-c";
  }
  if (!compiles || sources === 0) return undefined;
  // Old compilers warn of the first `//` where nobody names a standard.
  if (words.some((word) => pedantic.test(word)) && !words.some((word) => word.startsWith("-std="))) {
    return undefined;
  }
  const versions = words.filter((word) => dwarf.test(word));
  const hasChecksums = versions.length === 0 || !versions.every((word) => plainDwarf.test(word));
  return { checksums: hasChecksums && words.some((word) => debug.test(word)) };
}

/**
 * What a file that was opened as data is: source, bytes, or "unknown", after which nothing is known of the run.
 *
 * @param program The one that opened it, by name; any other text where several did.
 */
export function readAs(path: string, program: string): "source" | "bytes" | "unknown" {
  if (bystanders.test(path)) return "bytes";
  const habit = Object.hasOwn(programs, program) ? programs[program] : "none";
  if (habit === "bytes") return "bytes";
  return habit === "source" && included.test(path) ? "source" : "unknown";
}

/** Whether it is known how each of the programs (by name) reads sources. */
export function readsSources(names: Iterable<string>): boolean {
  return [...names].every((name) => Object.hasOwn(programs, name));
}

/** Whether an environment (names) adds nothing to the words. */
export function addsNothing(names: Iterable<string>): boolean {
  return [...names].every((name) => !variables.test(name));
}

/** Whether the programs (by name) are clang's. */
export function isClang(names: Iterable<string>): boolean {
  return [...names].some((name) => name.startsWith("clang"));
}
