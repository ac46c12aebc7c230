/**
 * Results that hold in every folder: a compile from which its folder is kept out (lib/compilers/folder.ts) is found by
 * its words and the content of its sources, and its paths below the folder are written with the slot `$cwd`. Those of a
 * compile whose paths are mapped hold in every tree (tree.ts); there the slot is `$root`.
 *
 * Always true: such a unit names no path that the run spelled in full below its folder, holds no value in which the
 * folder's name stands, and says it in no text. What does stays under the key of its folder.
 *
 * @module
 */
import { bytesOf, byteString, sameBytes } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { type Input, inputKinds, type Unit } from "../store/unit.ts";
import type { Observation } from "../trace/mod.ts";

/** A folder that stands under a symbolic name, which no path has: those are absolute. */
export interface Slot {
  name: "$cwd" | "$root";
  folder: string;
}

/** The working folder as a slot. */
export function slotOf(cwd: string): Slot {
  return { name: "$cwd", folder: cwd };
}

/** `path` with the folder as a slot. */
export function toSlot(path: string, { name, folder }: Slot): string {
  if (!path.startsWith(folder)) return path;
  if (path.length === folder.length) return name;
  return path[folder.length] === "/" ? name + path.slice(folder.length) : path;
}

/** A path written with a slot, in the asker's folder. */
export function fromSlot(path: string, { name, folder }: Slot): string {
  return path === name || path.startsWith(name + "/") ? folder + path.slice(name.length) : path;
}

/** Why a run's result holds only in its folder, or undefined where it holds in all. */
export function boundTo(
  cwd: string,
  unit: Pick<Unit, "environment" | "inputs" | "result">,
  found: Observation,
): string | undefined {
  for (const path of found.full) if (!found.written.get(path)?.gone) return path;
  for (const [name, value] of unit.environment) {
    if (name !== "PWD" && value?.includes(cwd)) return name;
  }
  const link = unit.inputs.find((input) =>
    toSlot(input.path, { name: "$cwd", folder: cwd }) !== input.path &&
    (input.kind === inputKinds.link_text || (input.kind === inputKinds.real_path && !leadsToItself(input)))
  );
  if (link !== undefined) return link.path;
  const { out, err } = unit.result;
  return [out, err].some((text) => byteString(text).includes(cwd)) ? "its text" : undefined;
}

function leadsToItself({ path, value }: Input): boolean {
  return sameBytes(value, sha256(bytesOf(path)));
}

/** The unit for every folder. PWD is left out: nothing that it may reach is in the result. */
export function madeAnywhere(unit: Unit, key: Uint8Array, slot: Slot): Unit {
  const inputs = unit.inputs.map((input) => withSlot(input, slot));
  return {
    ...unit,
    inputs,
    absences: movedAbsences(unit, (path) => toSlot(path, slot)),
    key,
    environment: unit.environment.filter(([name]) => name !== "PWD"),
  };
}

/** Statements with a slot, by what they were without: one compile after another states the same of the same headers. */
const slotted = new WeakMap<Input, { slot: Slot; to: Input }>();

function withSlot(input: Input, slot: Slot): Input {
  if (!input.path.startsWith(slot.folder)) return input;
  const known = slotted.get(input);
  if (known?.slot.folder === slot.folder && known.slot.name === slot.name) return known.to;
  const path = toSlot(input.path, slot);
  if (path === input.path) return input;
  const to = input.kind !== inputKinds.real_path
    ? { ...input, path }
    : { ...input, path, kind: inputKinds.physical, value: new Uint8Array(input.value.length) };
  slotted.set(input, { slot, to });
  return to;
}

/** Folders for which a unit's statements are kept: some have drawn names, and are asked from once. */
const mostFolders = 8;

/** The unit's statements in one folder. */
export class InFolder {
  readonly #made = new WeakMap<Unit, Map<string, Unit>>();

  unit(unit: Unit, slot: Slot): Unit {
    let made = this.#made.get(unit);
    if (made === undefined) this.#made.set(unit, made = new Map());
    let here = made.get(slot.folder);
    if (here === undefined) {
      if (made.size >= mostFolders) made.clear();
      made.set(slot.folder, here = inFolder(unit, slot));
    }
    return here;
  }
}

function inFolder(unit: Unit, slot: Slot): Unit {
  const move = (path: string) => fromSlot(path, slot);
  const inputs = unit.inputs.map((input): Input => ({ ...input, path: move(input.path) }));
  return { ...unit, inputs, absences: movedAbsences(unit, move) };
}

function movedAbsences({ absences }: Unit, move: (path: string) => string): Unit["absences"] {
  const folders = absences.folders.map((folder) => ({ ...folder, path: move(folder.path) }));
  return { ...absences, folders };
}
