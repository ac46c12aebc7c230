/**
 * Which words of a link name what it takes and makes, and reach no byte of the program.
 *
 * Where CMake tries whether something links, object and program have drawn names. GNU ld writes neither into what it makes:
 * a program's file symbols come from its objects, its build id from its bytes. Only where objects define versions of
 * symbols, the program's own name is the first of them, and stands there to be found (lib/lookup/keep.ts). What does count
 * is the order of the objects, and names that the default script knows (`crtbegin.o`). As for compiles, only words that are listed are trusted.
 *
 * @module
 */
import { absolute } from "../base/paths.ts";
import { harmless } from "./declared.ts";
import type { Names } from "./names.ts";

/** Words with a value, in the same word or the next, that stay as they are. */
const libraries = ["-L", "-l"], valued = [...libraries, "-D", "-U", "-I", "-isystem"];
const kept =
  /^-(?:rdynamic|static(?:-libgcc|-libstdc\+\+|-pie)?|shared|(?:no-)?pie|s|nostdlib|nodefaultlibs|nostartfiles|m(?:arch|tune)=native)$/;
/** What the linker is told by its driver. */
const linkers =
  /^-Wl(?:,(?:-?-(?:no-)?as-needed|-?-gc-sections|-?-no-undefined|-?-export-dynamic|-E|-s|-S|-?-strip-(?:all|debug)|-O\d|-z,?[\w-]+|-?-hash-style=\w+|-?-build-id(?:=(?:sha1|md5|none))?|-Bsymbolic(?:-functions)?|-?-(?:en|dis)able-new-dtags|-?-fatal-warnings|-?-warn-\w+|-?-push-state|-?-pop-state|-rpath(?:-link)?[,=][\w/.+:$-]+))+$/;
/** Names without a character that a shell, make or a linker's script takes for something else, and none that it knows. */
const objectName = /^(?![/-]|(?:.*\/)?\.\.\/)(?:[\w.+-]+\/)*(?!crt)[\w+-][\w.+-]*\.o(?:bj)?$/,
  programName = /^(?![/-]|(?:.*\/)?\.\.\/)[\w./+-]+$/;
/** Of a program that comes to be under a long name each time, few objects: each is looked at before the link is named. */
const mostObjects = 64;

/** The words (argv without argv[0]) that are no linker's: of a link of sources, those that compile them. */
export function withoutLinkWords(words: readonly string[]): string[] {
  const others: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i], option = libraries.find((name) => word.startsWith(name));
    if (option !== undefined) i += Number(word.length === option.length);
    else if (word === "-o") others.push(word, words[++i] ?? "");
    else if (!kept.test(word) && !linkers.test(word)) others.push(word);
  }
  return others;
}

/** What the words (argv without argv[0]) of a driver's link of objects name; undefined where that is not known. */
export function linkNamesOf(words: readonly string[]): Names | undefined {
  const others: string[] = [], objects: string[] = [];
  let program: string | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i], option = valued.find((name) => word.startsWith(name));
    if (option !== undefined) {
      const value = word.length > option.length ? word.slice(option.length) : words[++i];
      if (value === undefined) return undefined;
      others.push(option, value);
    } else if (word === "-o") {
      if (program !== undefined) return undefined;
      program = words[++i];
    } else if (objectName.test(word)) objects.push(word), others.push("object");
    else if (
      word[0] !== "-" || word === "-c" || !(harmless.test(word) || kept.test(word) || linkers.test(word))
    ) {
      return undefined;
    } else others.push(word);
  }
  if (program === undefined || !programName.test(program) || objects.length === 0) return undefined;
  // ld refuses to write over what it reads.
  const files = new Set([program, ...objects].map((name) => absolute(name, "/")));
  if (objects.length > mostObjects || files.size <= objects.length) return undefined;
  return { others, object: program, objects, colour: [] };
}
