/**
 * Whether a compile's words keep its source tree out of what it makes, once the tree's name is mapped away.
 *
 * A compiler with `-ffile-prefix-map=<tree>=.` says `./a.c` where it would have said `/home/me/tree/a.c`: in debug
 * information, in `__FILE__`, in coverage data. Then two checkouts may share what was made, if no other word names the
 * tree. Paths that are read or written may: they are written with the slot `$root`. As in lib/compilers/folder.ts only
 * words that are listed are trusted, and what a tree's name could reach in a form that nobody can find again
 * (compressed, hashed) is not listed: link-time optimisation, split or compressed debug information, profiles, sanitizers.
 *
 * @module
 */
import { harmless } from "./declared.ts";

/** Words with a value, in the same word or the next. Those of the first list name files or folders. */
// deno-fmt-ignore: a table
const paths = ["-o", "-I", "-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-MF", "-MT", "-MQ", "-isysroot"],
  texts = ["-D", "-U", "-x"];
/** Words that end with a path, and maps, which begin with one. */
const ending = /^(?:-Wp,-MM?D,|--sysroot=)/, map = /^-f(?:file|debug|macro)-prefix-map=/;
/** Beyond the declared way's harmless words. */
const more =
  /^-(?:S|MD|MMD|MP|MG|undef|g(?:line-tables-only|mlt|(?:no-)?column-info|pubnames|gnu-pubnames|(?:no-)?strict-dwarf)|Wp,-D\w+(?:=\d+)?|m(?!llvm)[\w.+=-]+|f(?:diagnostics-color(?:=\w+)?|diagnostics-show-option|message-length=0|max-errors=\d+|template-depth=\d+|constexpr-depth=\d+))$/;
/** clang names what it offloads by device and inode of the source. */
const unfit = "-fopenmp";
/** What a compile is not, or cannot be told by words before all others. */
const elsewhere = /^-(?:E|M|MM|fsyntax-only|-preprocess|cc1.*)$/;
const source = /\.(?:c|cc|cp|cpp|cxx|c\+\+|C|CPP|m|mm|M)$/,
  language = /^(?:c|c\+\+|objective-c|objective-c\+\+)$/;
/** Names of trees that stand in every text as they are: make, C strings and assemblers escape others. */
const plain = /^\/[\w/.,+@~-]+$/;

/** How a compile line names its tree. */
export interface TreeUse {
  /** The words, with `$root` for the tree. */
  words: string[];
  /** The sources, as written. */
  sources: string[];
  /** The dependency list: its path as written, true where the compiler names it. */
  list?: string | true;
}

/** The words before all others that map a tree, and the folder in it, to `.`: where the user's own do not. */
export function mapWords(words: readonly string[], root: string, cwd: string): string[] {
  return [...new Set([root, cwd])].map((folder) => `-ffile-prefix-map=${folder}=`)
    .filter((begin) => !words.some((word) => word.startsWith(begin))).map((begin) => `${begin}.`);
}

/** Whether a folder can be mapped at all: a map ends its first half at the first equals sign. */
export function isMappable(folder: string): boolean {
  return folder !== "/" && !folder.includes("=");
}

/** The first word by which a compile is none of C or C++ into a file of its own; undefined: it is one. */
export function unmappedWord(words: readonly string[]): string | undefined {
  let told = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i], option = [...paths, ...texts].find((name) => word.startsWith(name));
    if (elsewhere.test(word)) return word;
    if (option !== undefined) {
      const value = word.length > option.length ? word.slice(option.length) : words[++i] ?? "";
      if (option === "-x" && !language.test(value)) return `-x ${value}`;
      told ||= option === "-x";
    } else if (word[0] !== "-" && word[0] !== "@" && !told && !source.test(word)) return word;
  }
  return undefined;
}

/** How the words (argv without argv[0]) of a driver use the tree `root`, or the first that may let it in. */
export function treeUse(words: readonly string[], root: string): TreeUse | { word: string } {
  if (!plain.test(root)) return { word: root };
  const use: TreeUse = { words: [], sources: [] };
  for (let i = 0; i < words.length; i++) {
    const word = words[i],
      option = paths.find((name) => word.startsWith(name)),
      text = texts.find((name) => word.startsWith(name)),
      begin = (ending.exec(word) ?? map.exec(word))?.[0];
    let value = word, before = "", after = "";
    if (option !== undefined || text !== undefined) {
      const name = (option ?? text)!, apart = word.length === name.length;
      if (apart && i + 1 === words.length) return { word };
      value = apart ? words[++i] : word.slice(name.length), before = name;
      if (apart) use.words.push(name), before = "";
      if (option === "-MF") use.list = value;
    } else if (begin !== undefined) {
      const end = map.test(word) ? word.indexOf("=", begin.length) : word.length;
      if (end < 0) return { word };
      before = begin, value = word.slice(begin.length, end), after = word.slice(end);
      if (begin.startsWith("-Wp")) use.list = value;
    } else if (word === "-MD" || word === "-MMD") use.list ??= true;
    else if (word[0] !== "-") use.sources.push(word);
    else if (word === "-") use.sources.push(word);
    else if (word === unfit || (!harmless.test(word) && !more.test(word))) return { word };
    // A value that is text reaches the bytes as it is; and `$root` itself must not be anybody's.
    const moved = text === undefined ? inTree(value, root) : value;
    if (`${before}${value}${after}`.includes("$root") || `${moved}${after}`.includes(root)) return { word };
    if (word.startsWith("@")) return { word };
    use.words.push(before + moved + after);
  }
  return use.sources.length > 0 ? use : { word: words[0] ?? "" };
}

function inTree(path: string, root: string): string {
  return path === root || path.startsWith(root + "/") ? "$root" + path.slice(root.length) : path;
}
