/**
 * Whether nothing is still where nothing was: thousands of names in dozens of folders.
 *
 * A thousand headers in forty folders are twenty thousand paths at which nothing is, while the folders hold some
 * twenty-five names each. So it is asked which of a folder's few names are among the many, not the other way round.
 *
 * Always true: a folder's names are a superset of what lies there, and each of them that was asked for is looked at.
 *
 * @module
 */
import { sameBytes } from "../base/bytes.ts";
import { c, type FileState, listFew, signatureOf } from "../os/mod.ts";
import type { Absences } from "../store/unit.ts";
import { type Inputs, join } from "./mod.ts";

/** Names that were asked for in one folder. */
export interface Names extends Iterable<string> {
  /** How many they are at most. */
  readonly size: number;
  has(name: string): boolean;
}

/** Of fewer names each is looked at, which is quicker than to list a folder. */
const fewNames = 8;
/** About what a name takes in a folder of ext4; others need less or tell nothing. */
const bytesOfName = 32;

/**
 * The names in a folder, where it is better listed than looked into for `asked` names and the list serves `times` as
 * often; undefined else, or where it cannot be read. Its state is asked for where it counts.
 */
export function listed(
  folder: string,
  stateOf: () => FileState | number | undefined,
  asked: number,
  times: number,
): Set<string> | undefined {
  if (asked < fewNames) return undefined;
  const state = stateOf(), most = asked * times;
  if (typeof state !== "object" || state.size / bytesOfName > most) return undefined;
  const names = listFew(folder, most);
  return names && new Set(names);
}

/** What is in both. */
export function common(there: ReadonlySet<string>, asked: Names): string[] {
  const found: string[] = [];
  if (there.size < asked.size) { for (const name of there) if (asked.has(name)) found.push(name); }
  else for (const name of asked) if (there.has(name)) found.push(name);
  return found;
}

/** The name with that index among those asked for, or undefined where they are fewer. */
export function nth(asked: Names, index: number): string | undefined {
  for (const name of asked) if (index-- === 0) return name;
  return undefined;
}

/**
 * Whether every name is still absent in each folder of its list. A folder whose signature has not changed since
 * then has gained no name; only names in changed folders are looked for.
 */
export function absencesHold(absences: Absences, inputs: Inputs): boolean {
  return absences.folders.every(({ path, gone, signature }, i) => {
    const state = inputs.folderState(path);
    if (state === c.ENOENT || state === c.ENOTDIR) return true;
    if (typeof state === "object") {
      // Of a folder that was gone, and of which no name is known, every name may have been looked for.
      if (gone && !absences.lists.some((list) => list.includes(i))) return false;
      if (!gone && sameBytes(signatureOf(state), signature)) return true;
    }
    return namesAreAbsent(absences, i, inputs);
  });
}

/** Looks for all names of the folder with this index, which is there. */
export function namesAreAbsent(absences: Absences, folder: number, inputs: Inputs): boolean {
  const { path } = absences.folders[folder];
  return inputs.thereOf(path, namesIn(absences, folder)).every((name) => inputs.absent(join(path, name)));
}

/** The names of the folder with this index. */
export function namesIn(absences: Absences, folder: number): Names {
  const { lists, names } = absences, isIn = (list: number) => lists[list].includes(folder);
  let byName: ReadonlyMap<string, readonly number[]> | undefined;
  return {
    size: names.length,
    has: (name) => (byName ??= listsByName(absences)).get(name)?.some(isIn) === true,
    *[Symbol.iterator]() {
      for (const { list, name } of names) if (isIn(list)) yield name;
    },
  };
}

const listsOf = new WeakMap<Absences, Map<string, number[]>>();

function listsByName(absences: Absences): ReadonlyMap<string, readonly number[]> {
  let found = listsOf.get(absences);
  if (found !== undefined) return found;
  listsOf.set(absences, found = new Map());
  for (const { list, name } of absences.names) {
    const lists = found.get(name);
    if (lists === undefined) found.set(name, [list]);
    else lists.push(list);
  }
  return found;
}
