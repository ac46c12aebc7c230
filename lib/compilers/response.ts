/**
 * Response files: `@file` stands for the words in it, as gcc, clang and binutils read them.
 *
 * White space parts words; a backslash takes the next character as it is; quotes of either kind hold white space.
 * Files may name further files. Read only to learn what kind of work a line names: the tool reads the files itself,
 * which makes their content an input like any other.
 *
 * @module
 */

/** As deep as the reference goes (zccache.md 3.5); deeper files are left as words. */
const maxDepth = 10;
/** Files read for one line: gcc gives up after 2,000, and one that names itself ten times would be read for ever. */
const maxFiles = 2_000;

/**
 * `words` with every readable `@file` replaced by its words. A file that cannot be read stays a word, as for gcc; so
 * does one that is too deep, or one too many.
 */
export function responseWords(
  words: readonly string[],
  read: (name: string) => string | undefined,
): string[] {
  const all: string[] = [];
  let files = 0;
  const take = (words: readonly string[], depth: number) => {
    for (const word of words) {
      const names = word.length > 1 && word[0] === "@" && depth < maxDepth && files < maxFiles;
      const text = names ? read(word.slice(1)) : undefined;
      if (text === undefined) all.push(word);
      else files++, take(splitResponse(text), depth + 1);
    }
  };
  take(words, 0);
  return all;
}

/** The words of a response file's text. */
export function splitResponse(text: string): string[] {
  const words: string[] = [];
  let word = "", begun = false, quote = "";
  for (let i = 0; i < text.length; i++) {
    const ch = text[i];
    if (ch === "\\" && i + 1 < text.length) {
      word += text[++i];
      begun = true;
    } else if (quote) {
      if (ch === quote) quote = "";
      else word += ch;
    } else if (ch === '"' || ch === "'") {
      quote = ch;
      begun = true;
    } else if (/\s/.test(ch)) {
      if (begun) words.push(word);
      word = "", begun = false;
    } else {
      word += ch;
      begun = true;
    }
  }
  if (begun) words.push(word);
  return words;
}
