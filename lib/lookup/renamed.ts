/**
 * Results under other names: a unit whose object depends on no name of an output serves a line that names its outputs
 * otherwise, wants no dependency list, or wants one for another target.
 *
 * Always true: what is delivered under other names is stored as a unit of its own first, with exactly the bytes that the
 * compiler would have written there; and no statement of a unit is about the new names, by whatever folder they are
 * reached.
 *
 * @module
 */
import { bytesOf, byteString } from "../base/bytes.ts";
import { absolute, partsOf } from "../base/paths.ts";
import { type Names, namesFrom, namesText, retargeted } from "../compilers/mod.ts";
import type { Inputs } from "../inputs/mod.ts";
import { c, takesFiles } from "../os/mod.ts";
import { inputKinds, type Output, type Unit } from "../store/unit.ts";
import { factRule } from "../trace/mod.ts";
import { fromSlot, slotOf, toSlot } from "./anywhere.ts";
import type { Statements } from "./ingest.ts";
import { isInWords, retargetedWords } from "./lists.ts";

type Rows = Unit["environment"];
type Told = Omit<Names, "others">;

/** Rows that no variable can have: what the line named; the first is of units that hold under other names, too. */
const marks = { free: "=names, free", bound: "=names" } as const;

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a statement is about a file of one of these names, or that there was none. */
export function isStated({ inputs, absences }: Statements, names: readonly string[]): boolean {
  const ends = names.map((name) => `/${name}`);
  return inputs.some(({ path }) => ends.some((end) => path.endsWith(end))) ||
    absences.names.some(({ name }) => names.includes(name));
}

/** Whether what is stated of a name is at most that nothing was there at the path `object`. */
function isMissedOnly({ inputs, absences }: Statements, name: string, object: string, cwd: string): boolean {
  const { folder } = partsOf(object), { folders, lists } = absences;
  const here = (path: string) => fromSlot(path, slotOf(cwd));
  const isMissed = (kind: number) => kind === inputKinds.absent || kind === inputKinds.missing;
  return inputs.every(({ kind, path }) =>
    !path.endsWith(`/${name}`) || (isMissed(kind) && here(path) === object)
  ) &&
    absences.names.filter((asked) => asked.name === name)
      .every(({ list }) => lists[list].every((i) => here(folders[i].path) === folder));
}

/** What a unit of a run with these names has in its rows about them. `why`: they reach its bytes. */
export function namesRow(names: Names, why: string | undefined): Rows[number] {
  return [why === undefined ? marks.free : marks.bound, namesText(names)];
}

/** Why the names that a run was given hold for its result alone, or undefined where they do not matter. */
export function boundToNames(
  names: Names,
  cwd: string,
  { result, ...statements }: Pick<Unit, "inputs" | "absences" | "result">,
): string | undefined {
  const isFailure = result.status !== 0;
  const own = [names.object, ...(names.list === undefined ? [] : [names.list.path])];
  // A long text is among the outputs, and may name any of them.
  const made = result.outputs;
  // A failed compile makes no object, but its list.
  const wanted = isFailure ? own.slice(1, 1 + made.length) : own;
  const expected = new Set(wanted.map((name) => toSlot(absolute(name, cwd), slotOf(cwd))));
  if (
    made.length !== expected.size || made.some(({ path, blob }) => !expected.has(path) || blob.length === 0)
  ) {
    return "other files";
  }
  const asked = isFailure
    ? own.some((name) => !isMissedOnly(statements, baseOf(name), absolute(name, cwd), cwd))
    : isStated(statements, own.map(baseOf));
  if (asked || !areReadOnly(statements, names.objects ?? [], cwd)) return "a question";
  let said = byteString(result.out) + byteString(result.err);
  for (const object of names.objects ?? []) said = said.replaceAll(object, ""); // texts.ts says those anew
  return [...own, names.list?.target ?? ""].some((name) => name !== "" && said.includes(baseOf(name)))
    ? "its text"
    : undefined;
}

const movable: ReadonlySet<number> = new Set([
  inputKinds.content,
  inputKinds.real_path,
  inputKinds.physical,
]);

/** Whether all that is stated of files with these names is that they are there, and what they hold. */
function areReadOnly({ inputs, absences }: Statements, objects: readonly string[], cwd: string): boolean {
  if (objects.length === 0) return true;
  const paths = new Set(objects.map((name) => absolute(name, cwd))), names = new Set(objects.map(baseOf));
  return !absences.names.some(({ name }) => names.has(name)) &&
    inputs.every(({ kind, path }) => !names.has(baseOf(path)) || (paths.has(path) && movable.has(kind)));
}

/** What a unit's line named, if it has a row for that. */
export function namesIn(rows: Rows): Told | undefined {
  const text = rows.find(([name]) => name === marks.free || name === marks.bound)?.[1];
  return text == null ? undefined : namesFrom(text);
}

/** A link's unit, in the asker's folder, with the objects of another line: the key says that they hold the same. */
export function withObjects(unit: Unit, { objects }: Names, cwd: string): Unit {
  const had = namesIn(unit.environment)?.objects;
  if (had === undefined || objects === undefined) return unit;
  const moved = new Map(had.map((name, i) => [absolute(name, cwd), absolute(objects[i], cwd)]));
  return {
    ...unit,
    inputs: unit.inputs.map((input) => ({ ...input, path: moved.get(input.path) ?? input.path })),
  };
}

/** How a unit's names stand to those asked for. */
export function namesFit(rows: Rows, names: Names | undefined): "same" | "other" | "no" {
  const row = rows.find(([name]) => name === marks.free || name === marks.bound);
  if (row === undefined || names === undefined) {
    return row === undefined && names === undefined ? "same" : "no";
  }
  if (row[1] === namesText(names)) return "same";
  return row[0] === marks.free ? "other" : "no";
}

/** Whether a unit's names reach no byte of its object, so that its tool and words are known to do what they say. */
export function namesAreFree(rows: Rows): boolean {
  return rows.some(([name]) => name === marks.free);
}

/** Whether a row is about names; namesFit() tells of those. */
export function isNamesRow(name: string): boolean {
  return name === marks.free || name === marks.bound;
}

/** Whether the words asked for are some that the tool is known to know, and say nothing that was not said. */
function speaksAlike(had: Told, asked: Names, isSilent: boolean): boolean {
  const option = (word: string) => word.replace(/=.*$/, "");
  if (asked.list !== undefined && asked.list.words !== had.list?.words) return false;
  if (!isSilent) return had.list?.words === asked.list?.words && had.colour.join() === asked.colour.join();
  const known = new Set(had.colour.map(option));
  return asked.colour.every((word) => known.has(option(word)));
}

export interface RenamedOptions {
  names: Names;
  cwd: string;
  inputs: Pick<Inputs, "linkState" | "physical">;
  /** The bytes of a blob; undefined where it is damaged. */
  read(blob: Uint8Array): Uint8Array | undefined;
  keep(bytes: Uint8Array): Uint8Array;
  now: number;
}

/** The unit that a compile with other names would have given, or undefined where that is not known. */
export function renamed(unit: Unit, options: RenamedOptions): Unit | undefined {
  const { names, cwd, now } = options, { list } = names, { result } = unit;
  const row = unit.environment.find(([name]) => name === marks.free)!;
  const had = namesFrom(row[1]!);
  const isSilent = result.out.length + result.err.length === 0;
  if (!speaksAlike(had, names, isSilent) || !isFree(unit, had, options)) return undefined;
  const outputs: Output[] = [];
  for (const output of result.outputs) {
    const isList = had.list !== undefined &&
      output.path === toSlot(absolute(had.list.path, cwd), slotOf(cwd));
    if (!isList) outputs.push({ ...output, path: toSlot(absolute(names.object, cwd), slotOf(cwd)) });
    else if (list !== undefined) {
      const target = aimed(output, had.list!.target, list.target, options);
      if (target === undefined) return undefined;
      outputs.push({ ...target, path: toSlot(absolute(list.path, cwd), slotOf(cwd)) });
    }
  }
  const environment = unit.environment.map((old): Rows[number] =>
    old === row ? namesRow(names, undefined) : old
  );
  return { ...unit, environment, result: { ...result, outputs }, storedAt: now };
}

/** The list `output` for another target. */
function aimed(output: Output, from: string, to: string, options: RenamedOptions): Output | undefined {
  const bytes = options.read(output.blob), text = bytes && byteString(bytes);
  if (isInWords(output)) return text === undefined ? undefined : retargetedWords(output, text, from, to);
  const other = text === undefined ? undefined : retargeted(text, from, to);
  if (other === undefined) return undefined;
  return other === text ? output : { ...output, blob: options.keep(bytesOf(other)), size: other.length };
}

/** Whether no statement can be about the names asked for, and nothing special lies there. */
function isFree(unit: Unit, had: Told, { names, cwd, inputs }: RenamedOptions): boolean {
  const listed = new Set(
    unit.inputs.filter(({ kind }) => kind === inputKinds.listing)
      .map(({ path }) => inputs.physical(fromSlot(path, slotOf(cwd)))),
  );
  const isFailure = unit.result.status !== 0;
  const pairs = [[names.object, had.object], [names.list?.path, had.list?.path]];
  return pairs.every(([name, before = had.object]) => {
    if (name === undefined) return true;
    const path = absolute(name, cwd), base = baseOf(path);
    const isAsked = isFailure
      ? !isMissedOnly(unit, base, absolute(before, cwd), cwd)
      : isStated(unit, [base]);
    if (factRule(path) !== undefined || isAsked) return false;
    if (listed.has(inputs.physical(path.slice(0, path.lastIndexOf("/")) || "/"))) return false;
    const state = inputs.linkState(path);
    // Where nothing is delivered, nobody notices that nothing could be.
    if (isFailure) return state === c.ENOENT && takesFiles(partsOf(path).folder);
    if (typeof state === "number") return state === c.ENOENT;
    return (state.mode & c.S_IFMT) === c.S_IFREG && state.nlink === 1;
  });
}
