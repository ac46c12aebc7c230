/**
 * Texts of a result that name files in its folder: stored with a mark in the folder's place, said with the asker's.
 *
 * Compilers say a path as it was spelled, so a diagnosis about a file that the line names in full is another one in
 * another folder, and the same but for that name.
 *
 * Always true: only where the folder's name is the beginning of a path, a mark takes its place; and a text that holds the
 * mark itself is not touched, nor is the unit to be found from elsewhere.
 *
 * @module
 */
import { bytesOf, byteString } from "../base/bytes.ts";
import type { Unit } from "../store/unit.ts";

/** A row that no variable can have: the unit's texts hold marks. */
const row = "=texts";
/** No text that anybody prints holds it. */
const mark = "\0$cwd\0";

/** What may follow the folder's name, and what before it would make it a part of another; a colour's end does not. */
// deno-lint-ignore no-control-regex -- an escape is what is sought
const ends = /^[/:'"\s]/, begins = /(?<!\x1b\[[\d;]*)[\w/.+~@-]$/;

/** Whether a row says that texts hold marks. */
export function isTextsRow(name: string): boolean {
  return name === row;
}

/** A text with marks; undefined where the folder's name stands for something else, or may. */
export function withMarks(text: Uint8Array, folder: string): Uint8Array | undefined {
  const said = byteString(text);
  if (!said.includes(folder)) return text;
  if (said.includes("\0")) return undefined;
  const pieces = said.split(folder);
  const isPath = pieces.every((piece, i) =>
    (i === 0 || ends.test(piece)) && (i === pieces.length - 1 || !begins.test(piece))
  );
  return isPath ? bytesOf(pieces.join(mark)) : undefined;
}

/** The unit with marks in its texts; undefined where one cannot have them. */
export function withMarkedTexts(unit: Unit, folder: string): Unit | undefined {
  const out = withMarks(unit.result.out, folder), err = withMarks(unit.result.err, folder);
  if (out === undefined || err === undefined) return undefined;
  if (out === unit.result.out && err === unit.result.err) return unit;
  return { ...unit, environment: [...unit.environment, [row, null]], result: { ...unit.result, out, err } };
}

/** The texts of a unit in the asker's folder. */
export function textsIn(
  { environment, result: { out, err } }: Pick<Unit, "environment" | "result">,
  folder: string,
): { out: Uint8Array; err: Uint8Array } {
  if (!environment.some(([name]) => name === row)) return { out, err };
  const here = (text: Uint8Array) => bytesOf(byteString(text).replaceAll(mark, () => folder));
  return { out: here(out), err: here(err) };
}
