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

/** What a compile line says of its folder. */
export interface FolderUse {
  /** Debug information holds it, if there is any. */
  debug: boolean;
  /** The sources, as written. */
  sources: string[];
}

/** How the words (argv without argv[0]) of a driver use the folder `cwd`; undefined where that is not known. */
export function folderUse(words: readonly string[], cwd: string): FolderUse | undefined {
  const use: FolderUse = { debug: false, sources: [] };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    // A name that merely begins like the folder's is kept in its folder, too.
    if (word.includes(cwd) || word.startsWith("@")) return undefined;
    const option = valued.find((name) => word.startsWith(name));
    if (option !== undefined) {
      const value = word.length > option.length ? word : words[++i];
      if (value === undefined || value.includes(cwd)) return undefined;
    } else if (debug.test(word) && harmless.test(word)) use.debug = true;
    else if (word[0] !== "-" || word === "-") use.sources.push(word);
    else if (!harmless.test(word) && !more.test(word)) return undefined;
  }
  return use.sources.length > 0 ? use : undefined;
}
