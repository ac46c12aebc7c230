/**
 * Compiles of several sources in one command, which are as many compiles one after the other: `cc -c a.c b.c`.
 *
 * That is so where no word names an output or reads across sources, so only words of the declared way are trusted, and
 * only sources of which each gives an object with a name of its own.
 *
 * @module
 */
import { harmless } from "./declared.ts";

/** Words with a value, in the same word or the next. */
const valued = ["-D", "-U", "-I", "-isystem", "-iquote", "-idirafter", "-include", "-imacros"];
const others = /^-(?:MD|MMD|MP|march=native|mtune=native|f(?:no-)?diagnostics-color(?:=\w+)?)$/;
const sourceName = /^(?!-)(?:[\w./+-]*\/)?([\w+-]+)\.(?:c|cc|cpp|cxx|C)$/;

/** A compile of one of several sources. */
export interface Part {
  source: string;
  /** The line's words (argv without argv[0]) without the other sources. */
  words: string[];
}

/** The compiles of the words (argv without argv[0]) of a driver; undefined where they are not several, or more than that. */
export function partsOf(words: readonly string[]): Part[] | undefined {
  const sources = new Map<string, string>();
  let compiles = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i], option = valued.find((name) => word.startsWith(name));
    if (option !== undefined) {
      if (word.length === option.length && words[++i] === undefined) return undefined;
    } else if (harmless.test(word) || others.test(word)) compiles ||= word === "-c";
    else {
      const stem = sourceName.exec(word)?.[1];
      if (stem === undefined || [...sources.values()].includes(stem)) return undefined;
      sources.set(word, stem);
    }
  }
  const isNamedTwice = words.filter((word) => sources.has(word)).length > sources.size;
  if (!compiles || sources.size < 2 || isNamedTwice) return undefined;
  return [...sources.keys()].map((source) => ({
    source,
    words: words.filter((word) => word === source || !sources.has(word)),
  }));
}
