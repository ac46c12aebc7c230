/**
 * Text in lines that fit a terminal.
 *
 * @module
 */

/** Columns of the narrowest terminal that we write for, less one. */
const mostColumns = 79;

/** Text in lines of a terminal's width, the first behind `start`, the others as deep. */
export function folded(text: string, start: string): string[] {
  const lines: string[] = [], indent = " ".repeat(start.length);
  let line = start;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line !== start && line.length + 1 + word.length > mostColumns) {
      lines.push(line);
      line = indent;
    }
    line += line === start || line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}
