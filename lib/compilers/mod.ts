/**
 * What a command line is, where that matters: which kind of work it names, and whether a result could be kept at all.
 *
 * Inputs and outputs are observed, never derived from options (design: "Observe, do not guess"); so all that is read
 * here is the tool's name and the few words that make caching senseless: questions about the tool itself, texts that
 * people read for what happens now, standard input as a source. No file is opened; a response file's text comes
 * from the caller.
 *
 * @module
 */
import { clWords, passes, toolNames, type WorkKind } from "./tools.ts";
import { responseWords } from "./response.ts";

export { codeOf, codeVersion, mayBlank, mostCodeBytes } from "./code.ts";
export { addsNothing, type CommentUse, commentUse, isClang, readAs, readsSources } from "./comments.ts";
export { confess, type Confession, type Spelled, tellingOf, type Told } from "./confess.ts";
export { type Declared, declaredBy, dependenciesIn } from "./declared.ts";
export { linkNamesOf, withoutLinkWords } from "./link_names.ts";
export { type List, type Names, namesFrom, namesOf, namesText } from "./names.ts";
export { asksForName, type Text } from "./own_names.ts";
export { type Part, partsOf } from "./parts.ts";
export { timelessInputs } from "./precompiled.ts";
export { type DependencyList, listOf, listRule, listText, retargeted } from "./depfile.ts";
export { type FolderUse, folderUse } from "./folder.ts";
export { isMappable, mapWords, type TreeUse, treeUse, unmappedWord } from "./tree.ts";
export { type StrictMode, strictRules, strictViolation } from "./strict_paths.ts";
export type { WorkKind } from "./tools.ts";

/** What a run is, or the outcome under which it passes, with the word that says so. */
export type Work = {
  kind: WorkKind;
  family: string;
  /** The source comes on standard input. */
  fromInput: boolean;
  /** A word, or a file of options that one names, may ask for this machine's own processor. */
  native: boolean;
} | { pass: PassReason; word: string };
export type PassReason =
  | "pass_unknown_tool"
  | "pass_query"
  | "pass_stdin"
  | "pass_prints_now"
  | "pass_leaves_temporary"
  | "pass_descriptor";

const sourceSuffix =
  /\.(?:c|cc|cp|cpp|cxx|c\+\+|C|CPP|m|mm|M|i|ii|mi|mii|s|S|sx|f|f90|cppm|ixx|cu|d|go|adb)$/;
// The longest name first, so that x-gcc-ar is gcc-ar and not ar.
const longestFirst = Object.keys(toolNames).sort((a, b) => b.length - a.length);

/** Name of a tool without folder, target prefix and version: "gcc" for /usr/bin/x86_64-linux-gnu-gcc-12. */
export function toolName(path: string): string {
  const base = path.slice(path.lastIndexOf("/") + 1);
  const plain = base.replace(/(?:-[\d.]+)?(?:\.exe)?$/, "");
  return longestFirst.find((name) => plain === name || plain.endsWith(`-${name}`)) ?? base;
}

/** What runs of the tool with this name are, "driver" for a compiler's; undefined where it is not cached by name. */
export function knownTool(name: string): WorkKind | "driver" | undefined {
  const family = toolName(name);
  return Object.hasOwn(toolNames, family) ? toolNames[family].kind : undefined;
}

/** Options whose next word is a value, so that a value `-` or `-v` is not taken for an option. */
const takesNext = new Set(
  ("-o -D -U -I -include -imacros -isystem -iquote -idirafter -isysroot -iprefix -iwithprefix -iwithprefixbefore " +
    "-MF -MT -MQ -MJ -x -L -l -T -u -z -e -h -m -Xclang -Xlinker -Xassembler -Xpreprocessor -mllvm -arch -target " +
    "-aux-info -dumpbase -dumpdir -dumpbase-ext --param -G -B -wrapper -specs -soname -rpath -rpath-link -y -Y -A -F")
    .split(" "),
);

/** A driver that is told one of these does not link. */
const compileWords = new Set(["-c", "-S", "-E", "--preprocess", "-fsyntax-only", "-M", "-MM"]);

export interface KindQuestion {
  /** As found: the file that will be started. */
  tool: string;
  /** With argv[0]. Byte strings. */
  argv: readonly string[];
  /** What a symbolic link named like the tool leads to, or the tool itself. */
  realTool: string;
  /** Text of a response file, undefined where it cannot be read. */
  readResponse(name: string): string | undefined;
}

/** The kind of work a command line names, or why it passes. */
export function kindOf(question: KindQuestion): Work {
  const words = responseWords(question.argv.slice(1), question.readResponse);
  const family = familyOf(question, words);
  if (family === undefined) return { pass: "pass_unknown_tool", word: question.argv[0] };
  const refused = refusal(toolNames[family].kind, words);
  if (refused !== undefined) return refused;
  const kind = toolNames[family].kind;
  const native = words.some((word) => asksForProcessor.test(word));
  if (kind !== "driver") return { kind, family, native, fromInput: family === "as" && readsInput(words) };
  const asCl = family === clWords.family || words.includes(clWords.mode);
  const query = words.find((word) => asCl && isAmong(word, clWords.queries));
  if (query !== undefined) return { pass: "pass_query", word: query };
  const compiles = words.some((word) => compileWords.has(word) || (asCl && isAmong(word, clWords.compile)));
  return { kind: compiles ? "compile" : "link", family, native, fromInput: namesInput(words) };
}

function isAmong(word: string, words: readonly string[]): boolean {
  return words.includes(word);
}

/** `-march=native` and its like, and options that name files of options. */
const asksForProcessor = /native|^--?(?:specs|config)/;

/** Whether a driver's source is `-`. */
function namesInput(words: readonly string[]): boolean {
  return words.some((word, i) => word === "-" && !takesNext.has(words[i - 1]));
}

function familyOf({ tool, argv, realTool }: KindQuestion, words: readonly string[]): string | undefined {
  for (const path of [argv[0], tool, realTool]) {
    const name = toolName(path);
    if (Object.hasOwn(toolNames, name)) return name;
  }
  // A script around a compiler, under any name.
  return words.includes("-c") && words.some((w) => w[0] !== "-" && sourceSuffix.test(w)) ? "cc" : undefined;
}

/** Words of `as` whose next word is a value. */
const assemblerTakesNext = new Set(["-o", "-I", "-G", "--defsym", "--MD", "--hash-size"]);

/** Whether `as` reads standard input: where no source is named, or `-` is. */
function readsInput(words: readonly string[]): boolean {
  const sources = words.filter((word, i) =>
    (word[0] !== "-" || word === "-") && !assemblerTakesNext.has(words[i - 1])
  );
  return sources.length === 0 || sources.includes("-");
}

/** Names of what is open, also right behind `-o`. */
const descriptor = /^(?:-o)?\/(?:dev\/(?:fd|stdin|stdout|stderr)|proc\/(?:self|\d+)\/fd)\b/;

function refusal(kind: WorkKind | "driver", words: readonly string[]): Work | undefined {
  if (words.length === 0) return { pass: "pass_query", word: "" };
  const table = passes[kind];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (descriptor.test(word)) {
      return { pass: "pass_descriptor", word };
    }
    if (kind === "driver" && /^--?print-/.test(word)) return { pass: "pass_query", word };
    const row = table[word] ?? (word.startsWith("-Wl,") ? passes.link[word.slice(4)] : undefined);
    if (row !== undefined) return { pass: row, word };
    if (kind === "driver" && takesNext.has(word)) i++;
  }
  return undefined;
}
