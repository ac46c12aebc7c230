/**
 * Paths at which nothing was, as a run asks for them: the same names in one folder after another.
 *
 * A thousand headers in forty folders are twenty thousand such paths, of a thousand names in forty folders; so they are
 * kept as names by folder, and names that were looked for in the same folders, in the same order, share one list.
 *
 * @module
 */
import { type Parts, partsOf } from "../base/paths.ts";

/** A folder and the names that were not in it, in the order of the questions. */
export interface AbsentIn {
  readonly path: string;
  readonly names: string[];
  /** How many names were taken out again, wherever they stood. */
  deleted: number;
}

/** The folders in which a name was looked for, as the last one and those before it. */
export interface FolderList {
  /** Index of the last folder. */
  readonly folder: number;
  readonly before: FolderList | undefined;
  readonly longer: Map<number, FolderList>;
}

export class AbsentPaths {
  readonly folders: AbsentIn[] = [];
  /** Each name with its folders. */
  readonly names = new Map<string, FolderList>();
  readonly #split: (path: string) => Parts;
  readonly #at = new Map<string, number>();
  readonly #in: Set<string>[] = [];
  readonly #first = new Map<number, FolderList>();

  /** @param split Takes a path apart; one that remembers saves most of the work. */
  constructor(split: (path: string) => Parts = partsOf) {
    this.#split = split;
  }

  has(path: string): boolean {
    const { folder, name } = this.#split(path), at = this.#at.get(folder);
    return at !== undefined && this.#in[at].has(name);
  }

  add(path: string): void {
    const { folder, name } = this.#split(path);
    this.addIn(folder, name);
  }

  /** The same by its parts. */
  addIn(folder: string, name: string): void {
    let at = this.#at.get(folder);
    if (at === undefined) {
      this.#at.set(folder, at = this.folders.push({ path: folder, names: [], deleted: 0 }) - 1);
      this.#in.push(new Set());
    }
    const there = this.#in[at], before = there.size;
    if (there.add(name).size === before) return;
    this.folders[at].names.push(name);
    this.names.set(name, this.#longer(this.names.get(name), at));
  }

  delete(path: string): void {
    const { folder, name } = this.#split(path), at = this.#at.get(folder);
    if (at === undefined || !this.#in[at].delete(name)) return;
    const { names } = this.folders[at];
    names.splice(names.indexOf(name), 1);
    this.folders[at].deleted++;
    let list: FolderList | undefined;
    for (const index of foldersOf(this.names.get(name))) if (index !== at) list = this.#longer(list, index);
    if (list === undefined) this.names.delete(name);
    else this.names.set(name, list);
  }

  #longer(list: FolderList | undefined, folder: number): FolderList {
    const known = list?.longer ?? this.#first;
    let longer = known.get(folder);
    if (longer === undefined) known.set(folder, longer = { folder, before: list, longer: new Map() });
    return longer;
  }

  *[Symbol.iterator](): Generator<string> {
    for (const { path, names } of this.folders) {
      for (const name of names) yield path === "/" ? `/${name}` : `${path}/${name}`;
    }
  }
}

/** The folders' indexes, in the order of the questions. */
export function foldersOf(list: FolderList | undefined): number[] {
  const folders: number[] = [];
  for (let one = list; one !== undefined; one = one.before) folders.push(one.folder);
  return folders.reverse();
}
