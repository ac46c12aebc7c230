/**
 * The declared way: what a compile without a tracer may be trusted to have read and written, from its own words.
 *
 * Here options are guessed from, so only those that are listed may stand on the line; any other word or a second source
 * makes the run pass. No word is added: one of ours could make a compile fail that would not have failed. Headers come
 * from the dependency list that the user asked for by `-MD`; where he asked for none, or for one that leaves out what the
 * system has (`-MMD`), from the texts themselves (lib/lookup/closure.ts).
 *
 * @module
 */
import { isOrdinary, leading, sideSuffix } from "./declared_words.ts";

/** A compile of one source into one object, as its words declare it. Paths as written. */
export interface Declared {
  source: string;
  object: string;
  /** The dependency list, which is an output too. `full`: it names every header. */
  list?: { path: string; full: boolean };
  /** What is made beside the object. */
  sides: string[];
  /** Folders that are searched for headers, as written. */
  folders: string[];
  /** Headers named on the line. */
  included: string[];
  /** Macros given on the line, as a source would define them. */
  macros: string;
  /** Words for the machine and others that may lead a compiler elsewhere. */
  machine: string[];
}

/**
 * Words that change how an object is made and neither name nor make another file, as patterns without the letters that
 * they begin with.
 */
const words: readonly [letters: string, what: string, patterns: string][] = [
  [
    "-",
    "the compile, its standard and warnings",
    String.raw`
    c O[0-3sgz]? Ofast g[0-3]? ggdb[0-3]? gdwarf(?:-[2-5])? w W W(?!p,|a,|l,|rite)[\w+=-]+ ansi
    pedantic(?:-errors)? std=[\w+:]+ pipe pthread nostdinc nostdinc\+\+ MP
  `,
  ],
  [
    "-m",
    "the machine",
    String.raw`
    32 64 avx\w* sse[\w.]* fma bmi2? popcnt tune=[\w-]+ arch=(?!native)[\w.+-]+ cmodel=\w+ no-[\w-]+
    aes pclmul rdrnd rdseed sha adx cx16 sahf movbe lzcnt abm f16c xsave\w* mmx gfni
    v(?:aes|pclmulqdq) fpmath=[\w,+]+ stackrealign preferred-stack-boundary=\d+ long-double-\d+
    general-regs-only indirect-branch=[\w-]+ function-return=[\w-]+ harden-sls=\w+
    omit-leaf-frame-pointer
  `,
  ],
  [
    "-f",
    "what the language is",
    String.raw`
    PIC pic PIE pie no-(?!profile|working|temp)[\w=-]+ visibility=\w+ visibility-inlines-hidden
    strict-aliasing wrapv exceptions rtti common signed-char unsigned-char short-enums
    diagnostics-color=never threadsafe-statics openmp permissive freestanding hosted builtin
    ms-extensions gnu89-inline short-wchar pack-struct(?:=\d+)? sized-deallocation
    aligned-new(?:=\d+)? char8_t coroutines concepts extended-identifiers strict-enums
    strict-flex-arrays(?:=\d)? trapv strict-overflow lax-vector-conversions openmp-simd
    dollars-in-identifiers asm gnu-keywords plan9-extensions (?:un)?signed-bitfields
    non-call-exceptions delete-dead-exceptions (?:pcc|reg)-struct-return trampolines wrapv-pointer
    strict-vtable-pointers
  `,
  ],
  [
    "-f",
    "how it becomes code",
    String.raw`
    stack-protector(?:-strong|-all)? stack-clash-protection cf-protection(?:=\w+)?
    omit-frame-pointer function-sections data-sections unroll-(?:all-)?loops peel-loops
    tree-(?:slp-)?vectorize inline-(?:small-)?functions inline-limit=\d+ keep-inline-functions
    merge-(?:all-)?constants unwind-tables asynchronous-unwind-tables tls-model=[\w-]+ plt
    semantic-interposition jump-tables ident delete-null-pointer-checks align-\w+(?:=[\d:]+)?
    zero-call-used-regs=[\w-]+ trivial-auto-var-init=\w+ reorder-(?:blocks|functions)
    vect-cost-model=\w+
  `,
  ],
  [
    "-f",
    "the optimiser's passes",
    String.raw`
    tree-[\w-]+(?:=\d+)? ipa-[\w-]+ gcse(?:-\w+)* ivopts if-conversion2? schedule-insns2? sched-[\w-]+
    split-(?:wide-types(?:-early)?|ivs-in-unroller|loops|paths) crossjumping cse-follow-jumps
    cse-skip-blocks dce dse devirtualize(?:-speculatively)? expensive-optimizations
    forward-propagate hoist-adjacent-loads isolate-erroneous-paths-\w+ lra-remat
    modulo-sched(?:-allow-regmoves)? move-loop-(?:invariants|stores) optimize-sibling-calls
    optimize-strlen partial-inlining predictive-commoning prefetch-loop-arrays ree rename-registers
    rerun-cse-after-loop shrink-wrap(?:-separate)? ssa-[\w-]+ thread-jumps unswitch-loops
    version-loops-for-strides web loop-(?:block|interchange|nest-optimize|parallelize-all|strip-mine)
    graphite(?:-identity)? code-hoisting combine-stack-adjustments compare-elim cprop-registers
    branch-count-reg early-inlining indirect-inlining ira-[\w-]+(?:=\w+)? stdarg-opt store-merging
    toplevel-reorder allow-store-data-races finite-loops function-cse defer-pop inline
    keep-static-(?:consts|functions) zero-initialized-in-bss (?:slp-)?vectorize caller-saves
    stack-reuse=\w+ guess-branch-probability reorder-blocks-(?:and-partition|algorithm=\w+)
  `,
  ],
  [
    "-f",
    "how it counts",
    String.raw`
    math-errno fast-math finite-math-only associative-math reciprocal-math rounding-math
    trapping-math signed-zeros unsafe-math-optimizations single-precision-constant float-store
    excess-precision=\w+ fp-contract=\w+
  `,
  ],
];

export const harmless = new RegExp(
  `^(?:${
    words.map(([letters, , patterns]) => `${letters}(?:${patterns.trim().split(/\s+/).join("|")})`).join("|")
  })$`,
);

/** Words whose value follows, in the same word or the next. */
// deno-fmt-ignore: a table
const valued = [
  "-o", "-D", "-U", "-I", "-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-MF", "-MT", "-MQ", "-x",
  "--param",
] as const;
/** The list as the preprocessor's own option: with another about it, compilers disagree which file is written. */
const preprocessorsList = /^-Wp,-M(M?)D,([^,]+)$/;
const preprocessorsMacros = /^-Wp(?:,-[DU]\w+(?:=[\w.-]*)?)+$/;
const folderWords = new Set<string>(["-I", "-isystem", "-iquote", "-idirafter"]);
/** A folder that begins so is another one. */
const otherFolder = /^(?:=|\$SYSROOT|-$)/;
const sourceName = /\.(?:c|cc|cp|cpp|cxx|c\+\+|C|CPP)$/;
const languages = new Set(["c", "c++"]);

/** What the words (argv without argv[0]) declare, or the word that is not understood. */
export function declaredBy(words: readonly string[]): Declared | { word: string } {
  const reading = new Reading();
  for (let i = 0; i < words.length; i++) {
    const word = words[i], option = valued.find((name) => word.startsWith(name));
    const isGlued = option !== undefined && word.length > option.length;
    const good = option === undefined
      ? reading.word(word)
      : reading.value(option, isGlued ? word.slice(option.length) : words[++i]);
    if (!good) return { word };
  }
  return reading.end(words[0] ?? "");
}

/** What has been read of a line; each word is taken, or is not understood. */
class Reading {
  readonly #found = {
    folders: [] as string[],
    included: [] as string[],
    macros: "",
    machine: [] as string[],
  };
  readonly #suffixes = new Set<string>();
  readonly #lists = new Set<string>();
  #source: string | undefined;
  #object: string | undefined;
  #depfile: string | undefined;
  /** By the preprocessor's own option. */
  #ownList: { path: string; full: boolean } | undefined;
  #compiles = false;

  value(option: typeof valued[number], value: string | undefined): boolean {
    if (value === undefined) return false;
    const found = this.#found;
    if (option === "-o") this.#object = value;
    else if (option === "-x") return languages.has(value);
    else if (option === "--param") return /^=?[\w-]+=\d+$/.test(value);
    else if (option === "-MF") this.#depfile = value;
    else if (option === "-D") return this.#define(value);
    else if (option === "-include" || option === "-imacros") found.included.push(value);
    else if (folderWords.has(option)) {
      if (otherFolder.test(value)) return false;
      found.folders.push(value);
    }
    return true;
  }

  word(word: string): boolean {
    const list = preprocessorsList.exec(word), suffix = sideSuffix(word);
    if (word === "-c") this.#compiles = true;
    else if (word === "-MD" || word === "-MMD") this.#lists.add(word);
    else if (list !== null) {
      if (this.#ownList !== undefined) return false;
      this.#ownList = { path: list[2], full: list[1] === "" };
    } else if (preprocessorsMacros.test(word)) {
      return word.split(",").every((part) => !part.startsWith("-D") || this.#define(part.slice(2)));
    } else if (suffix !== undefined) this.#suffixes.add(suffix);
    else if (harmless.test(word) || isOrdinary(word)) {
      if (leading.test(word)) this.#found.machine.push(word);
    } else if (word[0] === "-" || word[0] === "@" || !sourceName.test(word) || this.#source !== undefined) {
      return false;
    } else this.#source = word;
    return true;
  }

  #define(macro: string): boolean {
    const [name] = macro.split("=", 1);
    if (name.startsWith("__has") || macro.includes("__", name.length)) return false;
    this.#found.macros += `#define ${macro.replace("=", " ")}\n`;
    return true;
  }

  end(first: string): Declared | { word: string } {
    const source = this.#source, given = this.#depfile;
    if (!this.#compiles || source === undefined) return { word: first };
    const object = this.#object ?? withSuffix(source.slice(source.lastIndexOf("/") + 1), ".o");
    const own = this.#ownList, wanted = this.#lists.size > 0;
    if ((own !== undefined && (wanted || given !== undefined)) || (given !== undefined && !wanted)) {
      return { word: own === undefined ? "-MF" : "-Wp,-MD" };
    }
    // Of both, compilers take one or the other.
    const list = wanted
      ? { path: given ?? withSuffix(object, ".d"), full: !this.#lists.has("-MMD") }
      : this.#ownList;
    const sides = [...this.#suffixes].map((suffix) => withSuffix(object, suffix));
    const outputs = [object, ...(list === undefined ? [] : [list.path]), ...sides];
    if (new Set(outputs).size < outputs.length) return { word: object };
    return { source, object, list, sides, ...this.#found };
  }
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
