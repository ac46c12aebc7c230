/**
 * Texts of a result that name files in its folder, or a link's objects: stored with marks in the place of names that may be
 * others, said with the asker's.
 *
 * Compilers and linkers say a name as it was spelled, so a diagnosis about a file that the line names is another one where
 * that has another name, and the same but for it.
 *
 * Always true: a mark takes the place of a whole name only; and a text in which a name stands otherwise, or that could hold
 * a mark by itself, is not touched, nor is its unit to be found from elsewhere.
 *
 * @module
 */
import { bytesOf, byteString } from "../base/bytes.ts";
import type { Unit } from "../store/unit.ts";
import { namesIn } from "./renamed.ts";

/** A row that no variable can have: the unit's texts hold marks. */
const row = "=texts";
/** No text that anybody prints holds these. */
const folderMark = "\0$cwd\0";

function objectMark(index: number): string {
  return `\0$object ${index}\0`;
}

/** What may follow a name, and what before it would make it a part of another; a colour's end does not. */
// deno-lint-ignore no-control-regex -- an escape is what is sought
const begins = /(?<!\x1b\[[\d;]*)[\w/.+~@-]$/, endsFolder = /^[/:'"\s]/, endsObject = /^[:'"`\s)]/;

/** Whether a row says that texts hold marks. */
export function isTextsRow(name: string): boolean {
  return name === row;
}

/** `text` with `mark` for each `name`; undefined where that stands for something else, or may. */
function replaced(text: string, name: string, mark: string, ends: RegExp): string | undefined {
  const pieces = text.split(name), last = pieces.length - 1;
  const isName = pieces.every((piece, i) =>
    (i === 0 || ends.test(piece)) && (i === last || !begins.test(piece))
  );
  return isName ? pieces.join(mark) : undefined;
}

/** A text with marks; undefined where it cannot have them. `objects`: of a link, as its line names them. */
export function withMarks(
  text: Uint8Array,
  folder: string,
  objects: readonly string[] = [],
): Uint8Array | undefined {
  const said = byteString(text);
  if (![folder, ...objects].some((name) => said.includes(name))) return text;
  if (said.includes("\0")) return undefined;
  let marked = replaced(said, folder, folderMark, endsFolder);
  for (const [i, object] of objects.entries()) {
    marked = marked && replaced(marked, object, objectMark(i), endsObject);
  }
  return marked === undefined ? undefined : bytesOf(marked);
}

/** The unit with marks in its texts; undefined where one cannot have them. */
export function withMarkedTexts(unit: Unit, folder: string): Unit | undefined {
  const objects = namesIn(unit.environment)?.objects, { result } = unit;
  const out = withMarks(result.out, folder, objects), err = withMarks(result.err, folder, objects);
  if (out === undefined || err === undefined) return undefined;
  if (out === result.out && err === result.err) return unit;
  return { ...unit, environment: [...unit.environment, [row, null]], result: { ...result, out, err } };
}

/** The texts of a unit in the asker's folder, and with the names that stand in its row. */
export function textsIn(
  { environment, result: { out, err } }: Pick<Unit, "environment" | "result">,
  folder: string,
): { out: Uint8Array; err: Uint8Array } {
  if (!environment.some(([name]) => name === row)) return { out, err };
  const objects = namesIn(environment)?.objects ?? [];
  const here = (text: Uint8Array) =>
    bytesOf(objects.reduce(
      (said, object, i) => said.replaceAll(objectMark(i), () => object),
      byteString(text).replaceAll(folderMark, () => folder),
    ));
  return { out: here(out), err: here(err) };
}
