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
import { bytesOf, byteString } from "../base/bytes.ts";
import { blankedText } from "./code.ts";
import { canBePasted, type Definition, definitionsIn, pastes, readings, wordsIn } from "./confess.ts";

/** A file that a compile read. `own`: it lies in the folder that must not matter. */
export interface Text {
  path: string;
  text: string;
  own: boolean;
}

export interface Compile {
  /** Those of the command line, as a text. */
  macros: string;
  isClang: boolean;
}

const self = "__FILE__";
const caller = ["__BASE_FILE__", "__builtin_FILE", "__builtin_source_location"];
/** clang names a lambda by its place in the source there. */
const clangs = ["__PRETTY_FUNCTION__", "__FUNCSIG__", "__builtin_FUNCSIG"];
const all = [self, ...caller, ...clangs];

/** To ask whether there is such a thing is not to use it. */
const whether = /__has_(?:builtin|feature|extension|constexpr_builtin)\s*\(\s*\w+\s*\)/g;

/** What a text says by itself, whoever reads it. */
interface Said {
  /** Those of the words above that it holds. */
  names: ReadonlySet<string>;
  pastes: boolean;
  /** Words of which one of those could be pasted together. */
  pieces: string[];
  /** The macros that it defines, once somebody asked. */
  macros?: Definition[];
  readings: string[];
}

/** Kept for as long as the text: those of the system serve many compiles. */
const asWritten = new WeakMap<Text, Said>(), asBlanked = new WeakMap<Text, Said>();

const longest = Math.max(...all.map((word) => word.length));
const shortWord = new RegExp(String.raw`(?<![\w$])\w{1,${longest}}(?![\w$])`, "g");

function saidBy(text: Text, known: WeakMap<Text, Said>): Said {
  const before = known.get(text);
  if (before !== undefined) return before;
  const blanked = known === asBlanked ? blankedText(bytesOf(text.text)) : undefined;
  const said = saidIn(readings(blanked === undefined ? text.text : byteString(blanked)));
  known.set(text, said);
  return said;
}

function saidIn(readings: string[]): Said {
  const uses = readings.map((reading) => reading.replace(whether, ""));
  const words = new Set(readings.flatMap((reading) => reading.match(shortWord) ?? []));
  return {
    names: new Set(all.filter((word) => uses.some((reading) => reading.includes(word)))),
    pastes: readings.some((reading) => pastes.test(reading)),
    pieces: [...words].filter((word) => all.some((whole) => whole !== word && whole.includes(word))),
    readings,
  };
}

/** The word by which one of the texts may learn its name, or undefined where none does. */
export function asksForName(texts: readonly Text[], compile: Compile): string | undefined {
  // Few texts hold such a word. Where one does, or it could be pasted, it may still stand in a comment.
  return asked(texts, compile, asWritten) && asked(texts, compile, asBlanked);
}

function asked(
  texts: readonly Text[],
  { macros, isClang }: Compile,
  known: WeakMap<Text, Said>,
): string | undefined {
  const wanted = isClang ? [...caller, ...clangs] : caller;
  const said = texts.map((text) => saidBy(text, known)), line = saidIn([macros]);
  const pieces = new Set<string>();
  for (const { names, pieces: more } of [...said, line]) {
    const named = wanted.find((word) => names.has(word));
    if (named !== undefined) return named;
    for (const piece of more) pieces.add(piece);
  }
  const pasting = [...said, line].some(({ pastes }) => pastes);
  const pasted = pasting ? wanted.find((word) => canBePasted(word, pieces)) : undefined;
  if (pasted !== undefined) return pasted;
  const own = [line, ...said.filter((_, i) => texts[i].own)];
  if (own.some(({ names }) => names.has(self))) return self;
  const mayReach = said.some(({ names }) => names.has(self)) || (pasting && canBePasted(self, pieces));
  return mayReach && reachesSelf(own, said, pasting) ? self : undefined;
}

/** Whether words of one's own lead to a file's name by the macros of all texts, or hold the pieces of one. */
function reachesSelf(own: readonly Said[], all: readonly Said[], pasting: boolean): boolean {
  const macros = new Map<string, string[]>();
  for (const said of all) {
    said.macros ??= said.readings.flatMap(definitionsIn);
    for (const { name, words } of said.macros) macros.set(name, [...macros.get(name) ?? [], ...words]);
  }
  const met = new Set(own.flatMap(({ readings }) => readings.flatMap(wordsIn)));
  for (const name of met) for (const next of macros.get(name) ?? []) met.add(next);
  return met.has(self) || (pasting && canBePasted(self, met));
}
