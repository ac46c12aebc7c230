/**
 * A dependency list with another target: the same files, laid out in lines as the compiler would have done it.
 *
 * Where a line breaks depends on the target's length, and on the compiler. So a list is laid out again only if laying it
 * out with its own target gives its own bytes, and only as far as that shows how this compiler breaks lines.
 *
 * @module
 */

/** How a compiler lays out a rule: whether a line is full before a file, and what a new one begins with and counts. */
interface Layout {
  isFull(column: number, size: number): boolean;
  begin: string;
  column: number;
}

const layouts: readonly Layout[] = [
  // gcc, since 10: 72 columns.
  { isFull: (column, size) => column + size > 72, begin: "", column: 0 },
  // clang: 75 columns, with room for a space and what goes on.
  { isFull: (column, size) => column + size + 3 > 75, begin: " ", column: 2 },
];

/** A rule no longer than this is one line to every compiler. */
const surelyOneLine = 60;

function laidOut({ isFull, begin, column: first }: Layout, target: string, files: readonly string[]): string {
  let text = `${target}:`, column = text.length;
  for (const file of files) {
    if (isFull(column, file.length)) text += ` \\\n${begin}`, column = first;
    text += ` ${file}`, column += 1 + file.length;
  }
  return text;
}

/**
 * The text of a list for the target `from` as it would be for `to`, both plain names.
 *
 * @returns Undefined where that is not known.
 */
export function retargeted(text: string, from: string, to: string): string | undefined {
  const rule = /^(?:[^\n]* \\\n)*[^\n]*(?=\n)/.exec(text)?.[0];
  if (rule === undefined || !rule.startsWith(`${from}: `)) return undefined;
  if (from === to) return text;
  const files = rule.slice(from.length + 1).replaceAll(" \\\n", "").split(/ +/).filter((file) => file !== "");
  // What is spelled for make is longer than its name, which is what one of them counts.
  if (files.some((file) => /[\\$]/.test(file))) return undefined;
  const fitting = layouts.filter((layout) => laidOut(layout, from, files) === rule);
  const results = new Set(fitting.map((layout) => laidOut(layout, to, files)));
  const [result] = results;
  if (results.size !== 1) return undefined;
  if (!rule.includes("\n") && result.length > surelyOneLine) return undefined;
  return result + text.slice(rule.length);
}
