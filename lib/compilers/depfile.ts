/**
 * Dependency lists as compilers write them: their words, and where their lines break.
 *
 * With another target, or in another tree, a list is another text with other line breaks. Here a list is taken apart
 * into words and set again by its compiler's rule. Whoever takes one apart compares what setting it again gives: a list
 * that no rule gives back is not understood.
 *
 * @module
 */

/** A list with the tree's name as a slot; as JSON it is kept. */
export interface DependencyList {
  rule: keyof typeof rules;
  targets: string[];
  files: string[];
  /** What follows the rule: lines for headers that may vanish. */
  rest: string[];
}

interface Lines {
  text: string;
  column: number;
}

/** gcc breaks a line that would be longer than this; clang keeps room for the break itself. */
const gccWidth = 72, clangWidth = 75;

const rules = {
  gcc: { target: gccWord, file: gccWord },
  clang: {
    target(lines: Lines, word: string): void {
      if (lines.column === 0) put(lines, word, word.length);
      else if (lines.column + word.length + 2 > clangWidth) {
        lines.text += ` \\\n  ${word}`, lines.column = word.length + 2;
      } else put(lines, ` ${word}`, word.length + 1);
    },
    file(lines: Lines, word: string): void {
      if (lines.column + word.length + 3 > clangWidth) lines.text += " \\\n ", lines.column = 2;
      put(lines, ` ${word}`, word.length + 1);
    },
  },
} as const;

function put(lines: Lines, text: string, columns: number): void {
  lines.text += text, lines.column += columns;
}

function gccWord(lines: Lines, word: string): void {
  if (lines.column > 0) {
    if (lines.column + word.length > gccWidth) lines.text += " \\\n", lines.column = 0;
    put(lines, " ", 1);
  }
  put(lines, word, word.length);
}

/** The lines of a rule of make's. */
function set(rule: keyof typeof rules, targets: readonly string[], files: readonly string[]): string {
  const lines: Lines = { text: "", column: 0 };
  for (const target of targets) rules[rule].target(lines, target);
  put(lines, ":", 1);
  for (const file of files) rules[rule].file(lines, file);
  return lines.text;
}

/** The text of a list in the tree `root`. */
export function listText({ rule, targets, files, rest }: DependencyList, root: string): string {
  const here = (path: string) => path.replace(slot, () => root);
  return [set(rule, targets.map(here), files.map(here)), ...rest.map(here)].join("\n");
}

/** gcc 10 was the first to break lines so; where they are short, that does not show. */
const firstGcc = 10;
const partOfGcc = /\/(\d+)(?:\.[\d.]+)?\/cc1(?:plus|obj|objplus)?$/;

/** The rule by which a driver's lists are set, by its name and the programs that it started; undefined: not known. */
export function listRule(driver: string, programs: Iterable<string>): DependencyList["rule"] | undefined {
  if (driver.startsWith("clang")) return "clang";
  for (const path of programs) if (Number(partOfGcc.exec(path)?.[1]) >= firstGcc) return "gcc";
  return undefined;
}

const slot = /^\$root(?=$|[/:])/;

/** Takes a list of the tree `root` apart that a compiler of this rule wrote; undefined where it is not understood. */
export function listOf(
  text: string,
  root: string,
  rule: DependencyList["rule"],
): DependencyList | undefined {
  const end = /(?<!\\)\n/.exec(text)?.index;
  // What is escaped was of another length when its line was broken.
  if (end === undefined || /\\(?!\n)|\$|\r/.test(text)) return undefined;
  const words = text.slice(0, end).replaceAll("\\\n", " ").split(/ +/).filter((word) => word !== "");
  const last = words.findIndex((word) => word.endsWith(":"));
  if (last < 0) return undefined;
  const moved = (word: string) =>
    word.startsWith(root) && /^(?:$|[/:])/.test(word.slice(root.length))
      ? "$root" + word.slice(root.length)
      : word;
  const list: DependencyList = {
    rule,
    targets: words.slice(0, last + 1).map((word, i) => moved(i === last ? word.slice(0, -1) : word)),
    files: words.slice(last + 1).map(moved),
    rest: text.slice(end + 1).split("\n").map(moved),
  };
  if (JSON.stringify(list).includes(root)) return undefined;
  return listText(list, root) === text ? list : undefined;
}

/** A rule no longer than this is one line to every compiler. */
const surelyOneLine = 60;

/**
 * The text of a list for the target `from` as it would be for `to`, both plain names; by the rules that give the list
 * back, as far as they agree.
 *
 * @returns Undefined where that is not known.
 */
export function retargeted(text: string, from: string, to: string): string | undefined {
  const own = /^(?:[^\n]* \\\n)*[^\n]*(?=\n)/.exec(text)?.[0];
  if (own === undefined || !own.startsWith(`${from}: `)) return undefined;
  if (from === to) return text;
  const files = own.slice(from.length + 1).replaceAll(" \\\n", "").split(/ +/).filter((file) => file !== "");
  // What is spelled for make is longer than its name, which is what one of them counts.
  if (files.some((file) => /[\\$]/.test(file))) return undefined;
  const fitting = (Object.keys(rules) as (keyof typeof rules)[]).filter((rule) =>
    set(rule, [from], files) === own
  );
  const [result, ...others] = new Set(fitting.map((rule) => set(rule, [to], files)));
  if (result === undefined || others.length > 0) return undefined;
  if (!own.includes("\n") && result.length > surelyOneLine) return undefined;
  return result + text.slice(own.length);
}
