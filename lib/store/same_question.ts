/**
 * Whether two units ask the same of the world: then the newer one takes the place of the older. It is asked for each
 * candidate of an action when a unit comes, so stored units are compared where they lie, without being put together.
 *
 * @module
 */
import { sameBytes } from "../base/bytes.ts";
import type { Unit } from "./unit.ts";
import { type Place, valueBytes } from "./units.ts";

/** Whether circumstances and statements are equal; the order of statements does not matter. */
export function sameQuestion(a: Unit, b: Unit): boolean {
  if (a.terminal !== b.terminal || a.inputs.length !== b.inputs.length) return false;
  if (JSON.stringify(a.environment) !== JSON.stringify(b.environment)) return false;
  if (a.absences.names.length !== b.absences.names.length) return false;
  const values = new Map(a.inputs.map((input) => [`${input.kind} ${input.path}`, input.value]));
  const equal = b.inputs.every((input) => {
    const value = values.get(`${input.kind} ${input.path}`);
    return value !== undefined && sameBytes(value, input.value);
  });
  return equal && JSON.stringify(a.absences.names) === JSON.stringify(b.absences.names);
}

/** The same of stored units; undefined where their order differs, so that it takes a closer look. */
export function samePlaces(a: Place, b: Place): boolean | undefined {
  if (a.units.environment(a.at) !== b.units.environment(b.at)) return false;
  const ours = a.units.inputRows(a.at), others = b.units.inputRows(b.at);
  if (ours.length !== others.length) return false;
  for (let i = 0; i < ours.length; i++) {
    if (!a.units.inputs.sameName(ours[i], b.units.inputs, others[i])) return undefined;
    if (!a.units.inputs.sameData(ours[i], b.units.inputs, others[i], valueBytes)) return false;
  }
  const one = a.units.circumstances(a.at), other = b.units.circumstances(b.at);
  return one.terminal === other.terminal && one.names === other.names &&
    sameBytes(one.nameLists, other.nameLists);
}
