/**
 * What a compiler makes of a C or C++ file, whatever its comments say: the text with comments blanked.
 *
 * A comment that steers nothing becomes spaces (its newlines and tabs stay; one of several lines that shares a line with
 * something else keeps its ends, too), and blanks at the ends of lines go. So every token keeps its line and column, and two files of equal code give one object, as long as nothing else looks at their
 * bytes (comments.ts lists what does).
 *
 * Always true: the blanked text reads as the file does, in every standard of C and C++ in which `//` is a comment. Where
 * standards or compilers differ about what a byte is part of (raw strings, digit separators, trigraphs, a quote without its
 * other half before a comment), or something is rare enough to be wrong about, a file has no code.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { type Digest, sha256 } from "../base/digest.ts";

/** Of a file: what its text is without comments, and whether it holds what makes other files' bytes count. */
export interface Code {
  /** Undefined where nobody can say. */
  digest: Digest | undefined;
  /** It may read files as bytes, or turn a warning on that reads comments: no file of such a run has code. */
  reaches: boolean;
}

/** Counts up whenever some text gets another code: what was found out before is then found out anew. */
export const codeVersion = 2;

/** Larger files are data, or an amalgamation of which a comment is rarely edited: reading them takes longer than a hit. */
export const mostCodeBytes = 16 << 20;
/** gcc gives up columns in lines that are longer than 4096, comments included. */
const longestLine = 1000;

/**
 * Directives and warnings by which comments, or the bytes of another file, reach a result. In front of each pattern, what
 * it cannot match without: most files hold none of these, and to find that out costs little.
 */
const reaching: readonly Pattern[] = [
  { pattern: /incbin/i },
  { holds: "dependency", pattern: /\bGCC[ \t]+dependency\b/ }, // the times of two files
  { pattern: /\.include\b/i },
  // Pieces of such a directive, and what puts one together.
  { pattern: /(?<!include[ \t]*"[^"\n]*)\.i(?:n(?:c(?:bi?|l(?:ud?)?)?)?)?"/i },
  { pattern: /\.(?:macro|irpc?|altmacro)\b/i },
  { holds: "embed", pattern: /(?:[#:/]|\\\n)[ \t\\\n]*embed\b|__has_embed/ },
  { pattern: /-W(?:error=)?(?:documentation|everything|(?:trail|lead)ing-whitespace)/ },
  { pattern: /-W(?:error=)?(?:traditional|c90-c99|implicit-fallthrough=1)/ },
];

/** Of these at least one compiler, or standard, makes something else. */
const doubtful: readonly Pattern[] = [
  { pattern: /\?\?[=/'()!<>-]/ }, // trigraphs, in some standards
  { pattern: /\\[ \t\v\f]+\n/ }, // a splice, with a warning
  { pattern: /\\$/ }, // a file that ends in one
  // A header's name that holds a comment's start.
  { pattern: /__has_(?:include(?:_next)?|embed)(?:[^>\n<]|\\\n)*<(?:[^>\n]|\\\n)*\/[/*]/ },
  { pattern: /%:[ \t]*(?:include|import|embed|pragma|[\\/])/ }, // the same, spelled by a digraph
  { holds: "import", pattern: /^[ \t]*(?:export[ \t]+)?import[ \t]*[<"]/m },
];

interface Pattern {
  holds?: string;
  pattern: RegExp;
}

function matches(text: string, { holds, pattern }: Pattern): boolean {
  return (holds === undefined || text.includes(holds)) && pattern.test(text);
}

/** Words of comments that steer warnings, and comments in which a warning may lie: these are part of the code. */
const steering = /fall|lint|notreached|argsused|expected-|\/\*|\\\n|[^\t\n -~]/i;

/**
 * The code of a file's bytes. A text in which nothing can be blanked is its own code, whatever else it holds: another file
 * whose code that is has been understood.
 *
 * @param content Digest of the bytes.
 */
export function codeOf(bytes: Uint8Array, content: Digest): Code {
  if (bytes.length > mostCodeBytes) return { digest: undefined, reaches: true };
  const text = byteString(bytes);
  if (!mayBlank(text)) return { digest: content, reaches: reaches(text, bytes) };
  const blanked = blank(bytes, text);
  return { digest: blanked && sha256(blanked), reaches: reaches(text, blanked) };
}

/** Whether the code of a file may be another text than the file: it holds a comment, or blanks at the end of a line. */
export function mayBlank(text: string): boolean {
  return ["//", "/*", " \n", "\t\n"].some((what) => text.includes(what)) || text.endsWith(" ") ||
    text.endsWith("\t");
}

/** Whether a text reaches beyond its code; in a comment that is none, words mean nothing. */
function reaches(text: string, blanked: Uint8Array | undefined): boolean {
  const found = reaching.filter((pattern) => matches(text, pattern));
  if (found.length === 0 || blanked === undefined) return found.length > 0;
  const code = byteString(blanked);
  return found.some((pattern) => matches(code, pattern));
}

/** The text with comments blanked; undefined where the file has no code. */
export function blankedText(bytes: Uint8Array): Uint8Array | undefined {
  return blank(bytes, byteString(bytes));
}

function blank(bytes: Uint8Array, text: string): Uint8Array | undefined {
  if (doubtful.some((pattern) => matches(text, pattern))) return undefined;
  const lexer = new Lexer(bytes, text);
  return lexer.run() ? withoutTrails(lexer.out) : undefined;
}

const newline = 10, space = 32, tab = 9, star = 42, slash = 47;
/** Bytes that no source holds. A carriage return alone ends lines for clang. */
const odd = Uint8Array.from(
  { length: 256 },
  (_, byte) => Number((byte < space && (byte < 9 || byte > 12)) || byte === 127),
);

/** The text without blanks at the ends of lines; undefined where a line is too long, or no text. */
function withoutTrails(text: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(text.length);
  let to = 0, solid = 0, start = 0, isOdd = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i];
    if (byte === newline) {
      if (i - start > longestLine) return undefined;
      start = i + 1, to = solid;
    }
    out[to++] = byte;
    isOdd |= odd[byte];
    if (byte !== space && byte !== tab) solid = to;
  }
  return isOdd === 0 && text.length - start <= longestLine ? out.subarray(0, solid) : undefined;
}

const namesHeader = /^(?:include|import|embed)/;
const isWord = /[\w$.\x80-\xff]/;

class Lexer {
  readonly out: Uint8Array;
  readonly #text: string;
  #at = 0;

  constructor(bytes: Uint8Array, text: string) {
    this.out = bytes.slice();
    this.#text = text;
  }

  /** Blanks every comment; false where the file has no code. */
  run(): boolean {
    const next = /["'#\\]|\/[/*]/g, text = this.#text;
    for (;;) {
      next.lastIndex = this.#at;
      const found = next.exec(text);
      if (found === null) return true;
      this.#at = found.index;
      if (!this.#take(found[0])) return false;
    }
  }

  #take(what: string): boolean {
    switch (what) {
      case "//":
        return this.#lineComment();
      case "/*":
        return this.#blockComment();
      case "#":
        return this.#directive();
      case "\\":
        return this.#splice();
      case '"':
        return !/(?:^|\.)(?:u8|[uUL])?R$/.test(this.#wordBefore()) && this.#quoted(/"(?:[^"\\\n]|\\[^])*"/y);
      default:
        return this.#apostrophe();
    }
  }

  /** The characters of a word that end just before here. */
  #wordBefore(): string {
    let from = this.#at;
    while (from > 0 && isWord.test(this.#text[from - 1])) from--;
    return this.#text.slice(from, this.#at);
  }

  #lineEnd(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #lineComment(): boolean {
    const end = this.#lineEnd();
    if (this.#text[end - 1] === "\\") return false; // it goes on in the next line
    this.#blank(end);
    return true;
  }

  #blockComment(): boolean {
    const close = this.#text.indexOf("*/", this.#at + 2);
    if (close < 0) return false;
    // A splice between star and slash ends the comment where nobody sees it.
    if (this.#text.slice(this.#at, close).includes("*\\\n")) return false;
    const from = this.#at, ofOneLine = !this.#text.slice(from, close).includes("\n");
    this.#blank(close + 2);
    if (!ofOneLine && !this.#isAlone(from, close + 2)) this.#mark(from, close);
    return true;
  }

  /** Whether a comment is all that is on its lines: then its newlines part what they would part without it. */
  #isAlone(from: number, to: number): boolean {
    const start = this.#text.lastIndexOf("\n", from - 1) + 1;
    if (this.#text[start - 2] === "\\") return false;
    for (let i = start; i < from; i++) if (this.out[i] !== space && this.out[i] !== tab) return false;
    return /^[ \t]*$/.test(this.#text.slice(to, this.#lineEnd()));
  }

  /** A directive goes on behind a comment of several lines, and none begins there: its ends stay. */
  #mark(from: number, close: number): void {
    const { out } = this;
    [out[from], out[from + 1], out[close], out[close + 1]] = [slash, star, star, slash];
  }

  /** Blanks up to `end`, or leaves what steers something as it is. */
  #blank(end: number): void {
    const { out } = this, from = this.#at;
    this.#at = end;
    if (steering.test(this.#text.slice(from + 2, end))) return;
    for (let i = from; i < end; i++) if (out[i] !== newline && out[i] !== tab) out[i] = space;
  }

  /** A literal; or a quote without its other half, after which nobody knows what the rest of the line is. */
  #quoted(literal: RegExp): boolean {
    literal.lastIndex = this.#at;
    if (!literal.test(this.#text)) return this.#restOfLine();
    this.#at = literal.lastIndex;
    return true;
  }

  /** Skips what may be anything, if it is nothing that reaches beyond its line. */
  #restOfLine(): boolean {
    const end = this.#lineEnd(), rest = this.#text.slice(this.#at, end);
    this.#at = end;
    return !/\/[/*]|R"|\\|[ \t]$/.test(rest); // blanks at its end belong to the token that the rest is
  }

  /** Begins a character, or parts the digits of a number since C++14 and C23. */
  #apostrophe(): boolean {
    if (!/(?:^|\.)\d/.test(this.#wordBefore())) return this.#quoted(/'(?:[^'\\\n]|\\[^\n])*'/y);
    const digits = /(?:'[\w.]+)+/y;
    digits.lastIndex = this.#at;
    const parted = digits.exec(this.#text)?.[0] ?? "'";
    // With an even number each reading ends at the same place.
    if ([...parted].filter((character) => character === "'").length % 2 !== 0) return this.#restOfLine();
    this.#at += parted.length;
    return true;
  }

  /** A line that goes on: nothing may be made of the characters on both sides. */
  #splice(): boolean {
    const text = this.#text, at = this.#at;
    if (text[at + 1] !== "\n") return false;
    this.#at = at + 2;
    const before = at === 0 ? "\n" : text[at - 1], after = text[at + 2] ?? "\n";
    return /[ \t\n;,(){}]/.test(before) || /[ \t\n]/.test(after);
  }

  /** The name of a header may look like a comment, or hold a single quote. */
  #directive(): boolean {
    const line = this.#text.slice(this.#at, this.#lineEnd()), [start, name] = /^##?[ \t]*(\w*)/.exec(line)!;
    this.#at += start.startsWith("##") ? 2 : 1;
    const mayName = name === "" ? !start.startsWith("##") : namesHeader.test(name) ||
      (name === "pragma" && /dependency|include_alias/.test(line));
    return !mayName || !/\\|<[^>]*\/[/*]/.test(line);
  }
}
