/**
 * The declared way: what the texts of a compile say of things that its dependency list does not hold.
 *
 * The time, files that the assembler reads, headers that are only asked for. The texts are read as a compiler reads them
 * before it sees words: lines joined, trigraphs and digraphs replaced. Words can also be pasted together, by `##` in
 * one's own text or by a macro of the system that one's text names; then it counts that the pieces are there.
 *
 * Always true: what is not understood is confessed. Comments and strings are read like all else, so that nothing can be
 * hidden by where they seem to end.
 *
 * @module
 */

/** A text that took part. */
export interface Told {
  path: string;
  text: string;
  /** It lies where the compiler itself looks: such headers name symbols to the assembler and read no file by it. */
  system: boolean;
}

export interface Confession {
  /** Why a run that read these texts cannot be kept, and the text that says so. */
  refusal?: "pass_time" | "pass_unmodelled";
  what: string;
  /** Headers as they are spelled, where they are included or asked for, whether that was done or not. */
  spelled: Set<string>;
  /** Those of them that one's own texts spell. */
  mine: Set<string>;
  /** The text in which a header is included whose name is computed, or may be hidden. */
  computed?: string;
}

/** A header as a text spells it. `quoted`: it is looked for beside that text first. */
export interface Spelled {
  name: string;
  quoted: boolean;
}

/** What one text says by itself. */
export interface Telling {
  refusal?: Refusal;
  spelled: Spelled[];
  computed: boolean;
}

type Refusal = NonNullable<Confession["refusal"]>;

/** Words that need not stand in a text to be read by a compiler, where they can be pasted. */
const pasted: readonly (readonly [string, Refusal])[] = [
  ["__DATE__", "pass_time"],
  ["__TIME__", "pass_time"],
  ["__TIMESTAMP__", "pass_time"],
  ["asm", "pass_unmodelled"],
  ["__asm", "pass_unmodelled"],
  ["__asm__", "pass_unmodelled"],
  ["_Pragma", "pass_unmodelled"],
  ["__pragma", "pass_unmodelled"],
  ["__has_include", "pass_unmodelled"],
  ["__has_include_next", "pass_unmodelled"],
  ["__has_embed", "pass_unmodelled"],
];

const time = /__(?:DATE|TIME|TIMESTAMP)__/;
const assembles = /\basm\b|__asm/;
/** Directives that read what no list names, and what may spell them by `_Pragma`. */
const directives =
  /__has_embed|#\s*embed\b|\bpch_preprocess\b|\bpush_macro\b|\binclude_alias\b|\bclang\s+module\b|#\s*pragma\s+(?:GCC\s+)?(?:pch|dependency)\b/;
const dependency = /_Pragma|__pragma/;
/** A directive of the assembler that reads a file, in a string. */
const readsByString = /"[^"\n]*\.inc(?:bin|lude)\b/;
const includes = /#\s*(?:include|include_next|import)\b[^<"\n]*(?:<([^>\n]+)>|"([^"\n]+)")/g;
/** A directive is the first on its line, but for comments. */
const computes =
  /(?:^(?:\xef\xbb\xbf)?|\*\/)[^\S\n]*#\s*(?:include|include_next|import)\b\s*[A-Za-z_$\\/\x80-\xff]/m;
/** A directive whose word stands behind a comment, or behind what compilers take for a blank. */
// deno-lint-ignore no-control-regex -- NUL is what is sought
const hides = /#\s*\/\*|\x00/;
const asks = /__has_include\w*/g;
const askedFor = /^\s*\(\s*(?:<([^>\n]+)>|"([^"\n]+)")/;
const askedWhether = /(?:ifn?def|define|undef|defined)[\s(]*$/;
/** A paste that joins words; behind a comma it only takes the comma away. */
export const pastes = /(?<!,\s*)##/;
const definition = /^[ \t]*#[ \t]*define[ \t]+(\w+)(.*)$/gm;
const word = /[\w$]+/g;

/** What each text says, kept for as long as the text: those of the system serve many compiles. */
const tellings = new WeakMap<Told, Telling>();

/** What one text says by itself. */
export function tellingOf(told: Told): Telling {
  const known = tellings.get(told);
  if (known !== undefined) return known;
  const telling: Telling = { spelled: [], computed: false };
  for (const reading of readings(told.text)) {
    const spelled = spellings(reading, told.system);
    telling.refusal ??= refusalOf(reading, told.system) ?? spelled.refusal;
    telling.spelled.push(...spelled.names);
    telling.computed ||= computes.test(reading) || hides.test(reading);
  }
  tellings.set(told, telling);
  return telling;
}

/** What the texts of one compile say, those of the command line's macros among them. */
export function confess(told: readonly Told[]): Confession {
  const confession: Confession = { what: "", spelled: new Set(), mine: new Set() };
  const refuse = (refusal: Refusal, what: string) => ({ ...confession, refusal, what });
  for (const text of told) {
    const { refusal, spelled, computed } = tellingOf(text);
    if (refusal !== undefined) return refuse(refusal, text.path);
    for (const { name } of spelled) {
      confession.spelled.add(name);
      if (!text.system) confession.mine.add(name);
    }
    if (computed) confession.computed ??= text.path;
  }
  const own = told.filter(({ system }) => !system), mine = own.flatMap(({ text }) => readings(text));
  const words = new Set(mine.flatMap(wordsIn));
  const reached = reach(words, told);
  if (reached.assembles !== undefined) return refuse("pass_unmodelled", reached.assembles);
  if (!reached.pastes && !mine.some((text) => pastes.test(text))) return confession;
  const made = pasted.find(([word]) => canBePasted(word, reached.words));
  return made === undefined ? confession : refuse(made[1], made[0]);
}

/** The text as compilers may read it: with lines joined, and with trigraphs, which only some read, or without. */
export function readings(text: string): string[] {
  const joined = join(text);
  if (!text.includes("??")) return [joined];
  return [joined, join(text.replaceAll("??=", "#").replaceAll("??/", "\\"))];
}

function join(text: string): string {
  return text.replace(/\\[ \t\f\v]*\r?\n/g, "").replaceAll("%:", "#");
}

function refusalOf(text: string, system: boolean): Refusal | undefined {
  if (time.test(text)) return "pass_time";
  if (system) return readsByString.test(text) && assembles.test(text) ? "pass_unmodelled" : undefined;
  const reads = assembles.test(text) || directives.test(text) ||
    (dependency.test(text) && text.includes("dependency"));
  return reads ? "pass_unmodelled" : undefined;
}

/** Each header that is spelled; a question about one whose name is computed is refused. */
function spellings(text: string, system: boolean): { names: Spelled[]; refusal?: Refusal } {
  const names = [...text.matchAll(includes)].map(([, angled, quoted]) => spelledAs(angled, quoted));
  for (const { 0: { length }, index } of text.matchAll(asks)) {
    const rest = text.slice(index + length, index + length + 512), asked = askedFor.exec(rest);
    if (asked !== null) names.push(spelledAs(asked[1], asked[2]));
    // A system's header may speak of the word; one's own text may give it another name.
    else if (system ? /^\s*\(/.test(rest) : !askedWhether.test(text.slice(Math.max(0, index - 32), index))) {
      return { names, refusal: "pass_unmodelled" };
    }
  }
  return { names };
}

function spelledAs(angled: string | undefined, quoted: string): Spelled {
  return angled === undefined ? { name: quoted, quoted: true } : { name: angled, quoted: false };
}

interface Reached {
  /** One's own, and those of all macros that they reach. */
  words: ReadonlySet<string>;
  pastes: boolean;
  assembles?: string;
}

/** What one's words lead to among the system's macros: a paste; an assembler's statement, by the macro's name. */
function reach(words: ReadonlySet<string>, told: readonly Told[]): Reached {
  const macros = new Map<string, Definition[]>();
  for (const { text, system } of told) {
    if (!system) continue;
    for (const macro of definitionsIn(join(text))) {
      const others = macros.get(macro.name);
      if (others === undefined) macros.set(macro.name, [macro]);
      else others.push(macro);
    }
  }
  const met = new Set(words), reached: Reached = { words: met, pastes: false };
  for (const name of met) {
    for (const { body, words } of macros.get(name) ?? []) {
      if (assembles.test(body)) reached.assembles = name;
      reached.pastes ||= pastes.test(body);
      for (const next of words) met.add(next);
    }
  }
  return reached;
}

/** A macro: what it stands for, and the words in that which are not its parameters' names. */
export interface Definition {
  name: string;
  body: string;
  words: string[];
}

/** The macros that a text (as one of its readings) defines. */
export function definitionsIn(reading: string): Definition[] {
  return Array.from(reading.matchAll(definition), ([, name, body]) => {
    const parameters = new Set(wordsIn(/^\([^)]*\)/.exec(body)?.[0] ?? ""));
    return { name, body, words: wordsIn(body).filter((word) => !parameters.has(word)) };
  });
}

/** Every word of a text. */
export function wordsIn(text: string): string[] {
  return text.match(word) ?? [];
}

/** Whether `word` is two or more of `pieces` in a row. */
export function canBePasted(word: string, pieces: ReadonlySet<string>): boolean {
  const made = [true];
  for (let end = 1; end <= word.length; end++) {
    made[end] = made.some((good, at) => good && end - at < word.length && pieces.has(word.slice(at, end)));
  }
  return made[word.length];
}
