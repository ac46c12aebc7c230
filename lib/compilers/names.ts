/**
 * Which words of a compile name the files that it writes or say how it speaks, and reach no byte of its object.
 *
 * Another `-o` name or folder, a dependency list under another name or none, and colour where nothing was said give
 * the same object. That is so for the words that are listed here and in the tables that keep the folder out, and for no
 * others: split debug information, coverage, dumps and recorded switches hold the name. With gcc 12 and clang 14 the
 * bytes were compared (tests/scripts/names_*.txtar).
 *
 * Names are taken as they are only where they need no spelling of make's, and an object's where every compiler derives
 * the name of the list from it in one way.
 *
 * @module
 */
import { harmless } from "./declared.ts";

/** What a compile line says of what it writes. */
export interface Names {
  /** The words that make the object, in order, without those that are told below. */
  others: string[];
  /** As written, or as a driver names it by itself. */
  object: string;
  /** The list of what the object depends on, where one is wanted. */
  list?: List;
  /** The words about colour, in order. */
  colour: string[];
  /** Of a link: the objects, in order; `object` is the program then (link_names.ts). */
  objects?: string[];
}

export interface List {
  /** `-MD` lists all files, `-MMD` those that are no system headers; `-MP` adds rules without prerequisites. */
  words: string;
  path: string;
  /** What the rule makes. */
  target: string;
}

/** Words with a value, in the same word or the next, that stay as they are. */
const valued = ["-D", "-U", "-I", "-x", "-isystem", "-iquote", "-idirafter", "-include", "-imacros"];
/** Words with a value that are told apart. */
const told = ["-o", "-MF", "-MT", "-MQ"] as const;
const withValue = [...told, ...valued];
const lists = new Set(["-MD", "-MMD", "-MP"]);
/** gcc knows the first spelling, clang both; a candidate shows whether its tool knows one. */
const colour = /^-f(?:no-)?(?:diagnostics-color|color-diagnostics)(?:=(?:auto|always|never))?$/;
const kept = /^-(?:march=native|mtune=native|undef)$/;
/** Names without a character that make, or a driver, takes for something else. */
const plain = /^(?!\/(?:dev|proc|sys)\/)[\w./+][\w./+-]*$/;
const objectName = /[\w+-]\.(?:o|lo|obj)$/;
/** What gives an object. A precompiled header may hold where it lies. */
const languages = new Set(["c", "c++", "assembler", "assembler-with-cpp", "objective-c", "objective-c++"]);
const sourceSuffix = /\.(?:c|cc|cp|cpp|cxx|c\+\+|C|CPP|i|ii|m|mm|s|S)$/;
const sourceName = /^(?:.*\/)?([\w+-]+)\.(?:c|cc|cpp|cxx|C|s|S)$/s;

/** What the words (argv without argv[0]) of a driver's compile of one source name; undefined where that is not known. */
export function namesOf(words: readonly string[]): Names | undefined {
  const others: string[] = [], colours: string[] = [], asked = new Set<string>(), sources: string[] = [];
  const values = new Map<string, string>();
  let compiles = false, hasLanguage = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const option = withValue.find((name) => word.startsWith(name));
    if (option !== undefined) {
      const value = word.length > option.length ? word.slice(option.length) : words[++i];
      if (value === undefined) return undefined;
      if ((told as readonly string[]).includes(option)) {
        const kind = option === "-MQ" ? "-MT" : option;
        if (values.has(kind) || !plain.test(value)) return undefined;
        values.set(kind, value);
        continue;
      }
      if (option === "-x" && !languages.has(value)) return undefined;
      hasLanguage ||= option === "-x";
      others.push(...(word.length > option.length ? [word] : [word, value]));
    } else if (lists.has(word)) {
      if (asked.has(word)) return undefined;
      asked.add(word);
    } else if (colour.test(word)) colours.push(word);
    else {
      const isSource = word[0] !== "-" && word[0] !== "@" || word === "-";
      if (isSource) sources.push(word);
      else if (!harmless.test(word) && !kept.test(word)) return undefined;
      compiles ||= word === "-c";
      others.push(word);
    }
  }
  if (!compiles || sources.length !== 1 || (!hasLanguage && !sourceSuffix.test(sources[0]))) return undefined;
  const object = values.get("-o") ?? (hasLanguage ? undefined : objectOf(sources[0]));
  if (object === undefined || !objectName.test(object)) return undefined;
  const list = listOf(object, asked, values);
  if (list === null || list?.path === object) return undefined;
  return { others, object, list, colour: colours };
}

/** The object that a driver makes of a source where no name is given. */
function objectOf(source: string): string | undefined {
  const stem = sourceName.exec(source)?.[1];
  return stem === undefined || stem.startsWith("-") ? undefined : `${stem}.o`;
}

/** The list that is asked for; null where the words about it are not understood. */
function listOf(
  object: string,
  asked: ReadonlySet<string>,
  values: ReadonlyMap<string, string>,
): List | undefined | null {
  const all = asked.has("-MD"), own = asked.has("-MMD");
  if (all && own) return null;
  if (!all && !own) return asked.size > 0 || values.has("-MF") || values.has("-MT") ? null : undefined;
  const target = values.get("-MT") ?? object;
  if (target.startsWith("./")) return null; // gcc leaves that out, clang does not
  return {
    words: `${all ? "-MD" : "-MMD"}${asked.has("-MP") ? " -MP" : ""}`,
    path: values.get("-MF") ?? object.replace(/\.\w+$/, ".d"),
    target,
  };
}

/** Everything that `names` says beyond the words that make the object, as one text. */
export function namesText({ object, list, colour, objects = [] }: Names): string {
  const parts = [object, list?.words ?? "", list?.path ?? "", list?.target ?? "", colour.join(" ")];
  return [...parts, ...objects].join("\0");
}

/** What namesText() wrote. */
export function namesFrom(text: string): Omit<Names, "others"> {
  const [object, words, path, target, colour, ...objects] = text.split("\0");
  return {
    object,
    list: words === "" ? undefined : { words, path, target },
    colour: colour === "" ? [] : colour.split(" "),
    ...(objects.length > 0 ? { objects } : {}),
  };
}
