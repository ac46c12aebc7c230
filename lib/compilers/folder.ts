/**
 * Whether the working folder can reach the bytes of a compile: a table of words that keep it out.
 *
 * The folder's name stands in debug information, in coverage data, in what a line names in full; and in nothing that an
 * ordinary optimised compile of files named from the folder gives. So here, as in the declared way, only words that are
 * listed are trusted; what is not listed keeps a result in its folder.
 *
 * @module
 */
import { harmless } from "./declared.ts";

/** Words with a value, in the same word or the next: folders, files, macros. */
// deno-fmt-ignore: a table
const valued = [
  "-o", "-D", "-U", "-I", "-x", "-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-MF", "-MT", "-MQ",
];
/** Beyond the declared way's: kinds of work whose text names files as the line does, and dependency lists. */
const more =
  /^-(?:S|E|P|M|MM|MD|MMD|MP|MG|fsyntax-only|dM|dD|dN|undef|Wp,-MM?D,.*|march=native|mtune=native)$/;
const debug = /^-g(?!0$)/;

/** Words whose values are folders or files that are read: those may be named in full. */
const read = ["-I", "-isystem", "-iquote", "-idirafter", "-include", "-imacros"];
/** What may stand beside files that are named in full: nothing that would print or list their names. */
const alike = /^-(?:c|fsyntax-only)$/, printing = /^-(?:S|E|P|MM?|d[MDN]|fopenmp)$/;
const sourceName = /\.(?:c|cc|cp|cpp|cxx|c\+\+|C|CPP)$/;
/** Names of folders that stand in every text as they are. */
const plain = /^\/[\w/.,+@~-]+$/;

/** What a compile line says of its folder. */
export interface FolderUse {
  /** Debug information holds it, if there is any. */
  debug: boolean;
  /** The sources, as written. */
  sources: string[];
  /** Where files below the folder are named in full: the macros of the line, as a source would define them. */
  full?: { macros: string };
}

/** How the words (argv without argv[0]) of a driver use the folder `cwd`; undefined where that is not known. */
export function folderUse(words: readonly string[], cwd: string): FolderUse | undefined {
  const use: FolderUse = { debug: false, sources: [] };
  let isFull = false, macros = "";
  /** Whether a value may stand here: a name that merely begins like the folder's is kept in its folder, too. */
  const fits = (value: string, isRead: boolean) => {
    if (!value.includes(cwd)) return true;
    isFull = true;
    return isRead && isBelow(value, cwd);
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word.startsWith("@")) return undefined;
    const option = valued.find((name) => word.startsWith(name));
    if (option !== undefined) {
      const value = word.length > option.length ? word.slice(option.length) : words[++i];
      if (value === undefined || !fits(value, read.includes(option))) return undefined;
      if (option === "-D") macros += `#define ${value.replace("=", " ")}\n`;
    } else if (debug.test(word) && harmless.test(word)) use.debug = true;
    else if (word[0] !== "-" || word === "-") {
      if (!fits(word, sourceName.test(word))) return undefined;
      use.sources.push(word);
    } else if (word.includes(cwd) || (!harmless.test(word) && !more.test(word))) return undefined;
  }
  if (use.sources.length === 0) return undefined;
  if (!isFull) return use;
  // A word that holds the slot's own name would be taken for one with the folder.
  const isKnown = words.some((word) => alike.test(word)) && plain.test(cwd) &&
    !words.some((word) => printing.test(word) || word.includes("$cwd") || word.startsWith("-x")) &&
    use.sources.every((source) => sourceName.test(source));
  return isKnown ? { ...use, full: { macros } } : undefined;
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder) && /^(?:$|\/)/.test(path.slice(folder.length)) &&
    !path.includes(folder, 1);
}
