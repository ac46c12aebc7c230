/**
 * A script line as words: quotes, variables, conditions, redirections.
 *
 *     [clang] ! LANG=C gcc -c 'two words.c' "tab\t" $WORK/a.c 2>&1
 *
 * Single quotes keep everything; double quotes know \n \t \\ \" \$ and variables; a redirection that stands
 * unquoted is for the shell that starts the tool. Keeps true: a word that was quoted is never taken for a
 * redirection, an assignment or a condition.
 *
 * @module
 */

/** One word, and whether any part of it was quoted. */
export interface Word {
  text: string;
  quoted: boolean;
}

/** A line, taken apart but with its variables not yet filled in. */
export interface Line {
  /** As written, for messages. */
  source: string;
  /** Line number in the file, from 1. */
  number: number;
  /** Names in brackets; `!name` asks for the contrary. */
  conditions: string[];
  /** `!` in front: the command must fail. */
  fails: boolean;
  /** The words as written. */
  rest: string;
}

/** Takes conditions and `!` off a line. */
export function parseLine(source: string, number: number): Line {
  let rest = source.trim();
  const conditions: string[] = [];
  for (let found = /^\[([^\]]+)\]\s*/.exec(rest); found !== null; found = /^\[([^\]]+)\]\s*/.exec(rest)) {
    conditions.push(found[1]);
    rest = rest.slice(found[0].length);
  }
  const fails = /^!\s/.test(rest);
  return { source: source.trim(), number, conditions, fails, rest: fails ? rest.slice(1).trim() : rest };
}

const escapes: Record<string, string> = { n: "\n", t: "\t", "\\": "\\", '"': '"', $: "$" };

/** Splits a line into words; `variable` gives the value of `$NAME` and `${NAME}`. */
export function splitWords(text: string, variable: (name: string) => string): Word[] {
  const words: Word[] = [];
  let word: Word | undefined;
  let i = 0;
  const add = (more: string, quoted: boolean) => {
    word ??= { text: "", quoted: false };
    word.text += more;
    word.quoted ||= quoted;
  };
  const variableAt = (quoted: boolean) => {
    const found = /^\$(?:\{(\w+)\}|([A-Za-z_]\w*))/.exec(text.slice(i));
    add(found === null ? "$" : variable(found[1] ?? found[2]), quoted);
    i += found === null ? 1 : found[0].length;
  };
  const doubleQuoted = () => {
    add("", true);
    for (i++; text[i] !== '"';) {
      if (i >= text.length) throw new Error(`A quote is not closed: ${text}`);
      if (text[i] === "$") {
        variableAt(true);
      } else if (text[i] === "\\" && text[i + 1] in escapes) {
        add(escapes[text[i + 1]], true);
        i += 2;
      } else {
        add(text[i++], true);
      }
    }
    i++;
  };
  while (i < text.length) {
    const c = text[i];
    if (c === " " || c === "\t") {
      if (word !== undefined) words.push(word);
      word = undefined;
      i++;
    } else if (c === "'") {
      const end = text.indexOf("'", i + 1);
      if (end < 0) throw new Error(`A quote is not closed: ${text}`);
      add(text.slice(i + 1, end), true);
      i = end + 1;
    } else if (c === '"') {
      doubleQuoted();
    } else if (c === "$") {
      variableAt(false);
    } else {
      add(c, false);
      i++;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** A command line sorted out: `A=1 B=2 tool args... <in 2>&1`. */
export interface CommandLine {
  assignments: [string, string][];
  argv: string[];
  redirections: string[];
}

/** Takes assignments off the front and redirections out of the words. */
export function commandLine(words: Word[]): CommandLine {
  const line: CommandLine = { assignments: [], argv: [], redirections: [] };
  for (const { text, quoted } of words) {
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(text);
    if (line.argv.length === 0 && assignment !== null) {
      line.assignments.push([assignment[1], assignment[2]]);
    } else if (!quoted && /^\d?(?:>>?|<)(?:&[\d-]|[^&<>].*)$/.test(text)) {
      line.redirections.push(text);
    } else {
      line.argv.push(text);
    }
  }
  return line;
}

/** A word as a POSIX shell reads it back unchanged. */
export function shellQuote(word: string): string {
  return /^[\w./=:,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A redirection with its file name quoted. */
export function shellRedirection(text: string): string {
  const [, operator, rest] = /^(\d?(?:>>?|<))(.*)$/s.exec(text)!;
  return operator + (rest.startsWith("&") ? rest : shellQuote(rest));
}
