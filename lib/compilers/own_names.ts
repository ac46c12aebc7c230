/**
 * Whether a C or C++ text can learn what it is called: by `__FILE__` and its kin.
 *
 * A line that names its source in full gives the same object in every folder only if nothing in it asks for that name,
 * be it for its length alone. `__FILE__` is the name of the file in which it stands, or in which a macro is used whose
 * body holds it: so it counts in texts of one's own folder, and in macros of others that those reach. What tells the
 * name of the source, or of whoever calls, counts wherever it stands.
 *
 * Always true: comments, strings and branches that are not taken are read like all else, lines are joined as compilers
 * join them, and words that could be pasted together count as if they stood there.
 *
 * @module
 */
import { canBePasted, type Definition, definitionsIn, pastes, readings, wordsIn } from "./confess.ts";

/** A file that a compile read. `own`: it lies in the folder that must not matter. */
export interface Text {
  path: string;
  text: string;
  own: boolean;
}

const self = ["__FILE__"];
const caller = [
  ...["__BASE_FILE__", "__builtin_FILE", "__builtin_source_location", "__FUNCSIG__", "__builtin_FUNCSIG"],
];
/** clang names a lambda by its place in the source there. */
const clangs = ["__PRETTY_FUNCTION__"];

const selfIn = /__FILE__/;
const callerIn = /__BASE_FILE__|__builtin_(?:FILE|FUNCSIG|source_location)|__FUNCSIG__/;
const clangsIn = /__PRETTY_FUNCTION__/;
/** To ask whether there is such a thing is not to use it. */
const whether = /__has_(?:builtin|feature|extension|constexpr_builtin)\s*\(\s*\w+\s*\)/g;

/** What a text says by itself, whoever reads it. */
interface Said {
  self: boolean;
  caller: boolean;
  clangs: boolean;
  pastes: boolean;
  /** Words of which a caller's name could be pasted together. */
  pieces: string[];
}

/** Kept for as long as the text: those of the system serve many compiles. */
const known = new WeakMap<Text, Said>();
const definitions = new WeakMap<Text, Definition[]>();

function saidBy(text: Text): Said {
  const before = known.get(text);
  if (before !== undefined) return before;
  const said: Said = { self: false, caller: false, clangs: false, pastes: false, pieces: [] };
  for (const reading of readings(text.text)) {
    const uses = reading.replace(whether, "");
    said.self ||= selfIn.test(uses), said.caller ||= callerIn.test(uses), said.clangs ||= clangsIn.test(uses);
    said.pastes ||= pastes.test(reading);
    said.pieces.push(...new Set((reading.match(shortWord) ?? []).filter((word) => isPiece(word))));
  }
  known.set(text, said);
  return said;
}

const longest = Math.max(...[...caller, ...clangs].map((word) => word.length));
const shortWord = new RegExp(String.raw`(?<![\w$])\w{1,${longest}}(?![\w$])`, "g");

function isPiece(word: string): boolean {
  return [...caller, ...clangs].some((whole) => whole.includes(word));
}

/**
 * The word by which one of the texts may learn its name, or undefined where none does.
 *
 * @param options.macros Those of the command line, as a text. @param options.isClang Who compiles.
 */
export function asksForName(
  texts: readonly Text[],
  options: { macros: string; isClang: boolean },
): string | undefined {
  const wanted = [...caller, ...options.isClang ? clangs : []], pieces = new Set<string>();
  let mentioned = false, pasting = pastes.test(options.macros);
  for (const text of texts) {
    const said = saidBy(text);
    if (said.caller || (said.clangs && options.isClang)) return `${wanted[0]} or its like`;
    mentioned ||= said.self, pasting ||= said.pastes;
    for (const piece of said.pieces) pieces.add(piece);
  }
  const pasted = pasting ? wanted.find((word) => canBePasted(word, pieces)) : undefined;
  if (pasted !== undefined) return pasted;
  const line = [options.macros],
    own = texts.filter((text) => text.own).flatMap((text) => readings(text.text));
  const words = new Set([...line, ...own].flatMap(wordsIn));
  if (!mentioned && !pasting) return self.find((word) => words.has(word));
  return reached(words, texts, [...self, ...wanted], pasting);
}

/** The first of `wanted` to which words lead by the macros of all texts, or of which they hold the pieces. */
function reached(
  words: ReadonlySet<string>,
  texts: readonly Text[],
  wanted: readonly string[],
  pasting: boolean,
): string | undefined {
  const macros = new Map<string, string[]>(), met = new Set(words);
  for (const text of texts) {
    for (const { name, words } of macrosIn(text)) macros.set(name, [...macros.get(name) ?? [], ...words]);
  }
  for (const name of met) for (const next of macros.get(name) ?? []) met.add(next);
  return wanted.find((word) => met.has(word) || (pasting && canBePasted(word, met)));
}

function macrosIn(text: Text): Definition[] {
  let found = definitions.get(text);
  if (found === undefined) definitions.set(text, found = readings(text.text).flatMap(definitionsIn));
  return found;
}
