/**
 * The declared way: what a compile without a tracer may be trusted to have read, from its own words.
 *
 * Here options are guessed from, so only those that are listed may stand on the line; any other word, a second source
 * or a file beside the object makes the run pass. Headers come from the dependency list that the user asked for by
 * `-MD`. A line without it passes: words of ours could make a compile fail that would not have failed.
 *
 * @module
 */

/** A compile of one source into one object, as its words declare it. Paths as written. */
export interface Declared {
  source: string;
  object: string;
  /** The dependency list, which is an output too. */
  depfile: string;
  /** Folders that are searched for headers, as written. */
  folders: string[];
  /** Headers named on the line. */
  included: string[];
  /** Macros given on the line, as a source would define them. */
  macros: string;
  /** Words for the machine, which may change where a compiler looks. */
  machine: string[];
}

/** Words that change how an object is made and neither name nor make another file. */
export const harmless =
  /^-(?:c|O[0-3sgz]?|Ofast|g[0-3]?|ggdb[0-3]?|gdwarf(?:-[2-5])?|w|W(?!p,|a,|l,|rite)[\w+=-]+|ansi|pedantic(?:-errors)?|std=[\w+:]+|pipe|pthread|nostdinc|nostdinc\+\+|MP|m(?:32|64|avx\w*|sse[\w.]*|fma|bmi2?|popcnt|tune=[\w-]+|arch=(?!native)[\w.+-]+|cmodel=\w+|no-red-zone)|f(?:PIC|pic|PIE|pie|no-(?!profile|working|temp)[\w=-]+|visibility=\w+|visibility-inlines-hidden|strict-aliasing|wrapv|stack-protector(?:-strong|-all)?|stack-clash-protection|cf-protection(?:=\w+)?|omit-frame-pointer|exceptions|rtti|common|function-sections|data-sections|signed-char|unsigned-char|short-enums|diagnostics-color=never|unroll-loops|tree-vectorize|math-errno|ffast-math|fast-math|inline-functions|merge-all-constants|threadsafe-statics|unwind-tables|asynchronous-unwind-tables|openmp|permissive|freestanding|hosted|builtin))$/;

/** Words whose value follows, in the same word or the next. */
const valued = ["-o", "-D", "-U", "-I", "-isystem", "-iquote", "-idirafter", "-include", "-MF", "-MT", "-MQ"];
/** The list as the preprocessor's own option: with another about it, compilers disagree which file is written. */
const preprocessorsList = /^-Wp,-MD,([^,]+)$/;
const folderWords = new Set(["-I", "-isystem", "-iquote", "-idirafter"]);
const sourceName = /\.(?:c|cc|cp|cpp|cxx|c\+\+|C)$/;

/** What the words (argv without argv[0]) declare, or the word that is not understood. */
export function declaredBy(words: readonly string[]): Declared | { word: string } {
  const found = { folders: [] as string[], included: [] as string[], macros: "", machine: [] as string[] };
  let source: string | undefined, object: string | undefined, depfile: string | undefined;
  let compiles = false, lists = false, isPreprocessors = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i], option = valued.find((name) => word.startsWith(name));
    const list = preprocessorsList.exec(word)?.[1];
    if (list !== undefined) {
      if (lists || depfile !== undefined) return { word };
      lists = true, depfile = list, isPreprocessors = true;
    } else if (option !== undefined) {
      const value = word.length > option.length ? word.slice(option.length) : words[++i];
      if (value === undefined || (option === "-D" && value.includes("__"))) return { word };
      if (option === "-o") object = value;
      else if (option === "-MF" && isPreprocessors) return { word };
      else if (option === "-MF") depfile = value;
      else if (option === "-D") found.macros += `#define ${value.replace("=", " ")}\n`;
      else if (option === "-include") found.included.push(value);
      else if (folderWords.has(option)) found.folders.push(value);
    } else if (word === "-MD") {
      if (isPreprocessors) return { word };
      lists = true;
    } else if (harmless.test(word)) {
      compiles ||= word === "-c";
      if (word.startsWith("-m")) found.machine.push(word);
    } else if (word[0] === "-" || word[0] === "@" || !sourceName.test(word) || source !== undefined) {
      return { word };
    } else source = word;
  }
  if (!compiles || source === undefined) return { word: words[0] ?? "" };
  if (!lists) return { word: "no -MD" };
  object ??= withSuffix(source.slice(source.lastIndexOf("/") + 1), ".o");
  return { source, object, depfile: depfile ?? withSuffix(object, ".d"), ...found };
}

function withSuffix(path: string, suffix: string): string {
  const name = path.lastIndexOf("/") + 1, dot = path.lastIndexOf(".");
  return (dot > name ? path.slice(0, dot) : path) + suffix;
}

/**
 * The files of a dependency list's first rule, in order, without what make's spelling adds.
 *
 * @returns Undefined where the text is no such list.
 */
export function dependenciesIn(text: string): string[] | undefined {
  const rule = text.replace(/\\\r?\n/g, " ").split("\n", 1)[0];
  const colon = rule.search(/:(?=\s|$)/);
  if (colon < 0) return undefined;
  const files: string[] = [];
  for (const [word] of rule.slice(colon + 1).matchAll(/(?:\\[\s#\\]|[^\s])+/g)) {
    files.push(word.replace(/\\([ #])/g, "$1").replaceAll("$$", "$"));
  }
  return files;
}
