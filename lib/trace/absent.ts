/**
 * Paths at which nothing was, as a run asks for them: the same names in one folder after another.
 *
 * A thousand headers in forty folders are twenty thousand such paths, of a thousand names in forty folders; so they are
 * kept as names, and names that were looked for in the same folders, in the same order, share one list.
 *
 * @module
 */
import { type Parts, partsOf } from "../base/paths.ts";
import { mayHoldFacts } from "./rules.ts";

/** A folder and the names that were not in it. */
export class AbsentIn {
  readonly #all: AbsentPaths;
  readonly #at: number;

  constructor(readonly path: string, at: number, all: AbsentPaths) {
    this.#at = at;
    this.#all = all;
  }

  get size(): number {
    return this.#all.sizeOf(this.#at);
  }

  has(name: string): boolean {
    return this.#all.isIn(this.#at, name);
  }

  *[Symbol.iterator](): Generator<string> {
    yield* this.#all.namesIn(this.#at);
  }
}

/** The folders in which a name was looked for, as the last one and those before it. */
export interface FolderList {
  /** Index of the last folder. */
  readonly folder: number;
  readonly before: FolderList | undefined;
  /** How many they are. */
  readonly length: number;
  readonly longer: Map<number, FolderList>;
  /** A folder is there twice. */
  readonly repeats: boolean;
  /** Names that were looked for in these folders and no more. */
  names: number;
  /** The same in these folders and more; while they are counted. */
  more: number;
}

/** Lists up to this length are gone through; of longer ones there is a set. */
const mostSteps = 64;

export class AbsentPaths {
  readonly folders: AbsentIn[] = [];
  /** Each name with its folders. */
  readonly names = new Map<string, FolderList>();
  readonly #split: (path: string) => Parts;
  readonly #at = new Map<string, number>();
  /** Of names that were looked for in many folders: those folders' indexes. */
  readonly #many = new Map<string, Set<number>>();
  /** Lists of one folder. */
  readonly #first = new Map<number, FolderList>();
  /** All lists, each behind the one that it is longer than. */
  readonly #lists: FolderList[] = [];
  /** How many names each folder has, and the names of each list; undefined until somebody asks. */
  #sizes: number[] | undefined;
  #byList: Map<FolderList, string[]> | undefined;
  /** Of folders that were searched: the lists of the first one, the first two ...; null from where one cannot be had. */
  readonly #searched = new Map<readonly string[], (FolderList | null)[]>();

  /** @param split Takes a path apart; one that remembers saves most of the work. */
  constructor(split: (path: string) => Parts = partsOf) {
    this.#split = split;
  }

  has(path: string): boolean {
    const { folder, name } = this.#split(path), at = this.#at.get(folder);
    return at !== undefined && this.isIn(at, name);
  }

  add(path: string): void {
    const { folder, name } = this.#split(path);
    this.addIn(folder, name);
  }

  /** The same by its parts. */
  addIn(folder: string, name: string): void {
    const at = this.#indexOf(folder), list = this.names.get(name);
    if (list !== undefined && this.isIn(at, name, list)) return;
    this.#put(name, list, this.#longer(list, at));
    this.#many.get(name)?.add(at);
  }

  #put(name: string, before: FolderList | undefined, list: FolderList): void {
    if (before !== undefined) before.names--;
    list.names++;
    this.names.set(name, list);
    this.#sizes = this.#byList = undefined;
  }

  /**
   * The same for a name in the first `count` of some folders. false: nothing was done, for the name is known, a folder is
   * there twice, or one of them may hold facts. A compiler searches in the same order each time: who gives the same
   * `folders` again, to which others may have come, saves the way through them.
   */
  addSearch(folders: readonly string[], name: string, count = folders.length): boolean {
    if (this.names.has(name)) return false;
    if (count === 0) return true;
    const list = this.#listOf(folders, count);
    if (list === null) return false;
    this.#put(name, undefined, list);
    return true;
  }

  #listOf(folders: readonly string[], count: number): FolderList | null {
    let lists = this.#searched.get(folders);
    if (lists === undefined) this.#searched.set(folders, lists = []);
    for (let i = lists.length; i < count; i++) {
      const before = lists.at(-1), usable = before !== null && !mayHoldFacts(folders[i]);
      const list = usable ? this.#longer(before, this.#indexOf(folders[i])) : null;
      lists.push(list?.repeats ? null : list);
    }
    return lists[count - 1];
  }

  #indexOf(folder: string): number {
    let at = this.#at.get(folder);
    if (at === undefined) {
      at = this.folders.length;
      this.folders.push(new AbsentIn(folder, at, this));
      this.#at.set(folder, at);
      this.#sizes = undefined;
    }
    return at;
  }

  delete(path: string): void {
    const { folder, name } = this.#split(path), at = this.#at.get(folder), old = this.names.get(name);
    if (at === undefined || old === undefined || !this.isIn(at, name, old)) return;
    let list: FolderList | undefined;
    for (const index of foldersOf(old)) if (index !== at) list = this.#longer(list, index);
    if (list === undefined) {
      this.names.delete(name), old.names--;
      this.#sizes = this.#byList = undefined;
    } else this.#put(name, old, list);
    this.#many.get(name)?.delete(at);
  }

  /** Whether a name was looked for in the folder with that index. */
  isIn(at: number, name: string, list = this.names.get(name)): boolean {
    if (list !== undefined && list.length > mostSteps) {
      let many = this.#many.get(name);
      if (many === undefined) this.#many.set(name, many = new Set(foldersOf(list)));
      return many.has(at);
    }
    return isAmong(at, list);
  }

  /** How many names were looked for in the folder with that index. */
  sizeOf(at: number): number {
    return (this.#sizes ??= this.#count())[at];
  }

  /** The names that were looked for in the folder with that index, list after list: most folders have few lists. */
  *namesIn(at: number): Generator<string> {
    const byList = this.#byList ??= this.#sorted(), isIn = new Set<FolderList>();
    for (const list of this.#lists) {
      if (list.folder !== at && (list.before === undefined || !isIn.has(list.before))) continue;
      isIn.add(list);
      yield* byList.get(list) ?? [];
    }
  }

  #sorted(): Map<FolderList, string[]> {
    const byList = new Map<FolderList, string[]>();
    for (const [name, list] of this.names) {
      const names = byList.get(list);
      if (names === undefined) byList.set(list, [name]);
      else names.push(name);
    }
    return byList;
  }

  #count(): number[] {
    const sizes = this.folders.map(() => 0);
    for (let i = this.#lists.length; i-- > 0;) {
      const list = this.#lists[i], names = list.names + list.more;
      sizes[list.folder] += names;
      list.more = 0;
      if (list.before !== undefined) list.before.more += names;
    }
    return sizes;
  }

  #longer(list: FolderList | undefined, folder: number): FolderList {
    const known = list?.longer ?? this.#first;
    let longer = known.get(folder);
    if (longer === undefined) {
      const length = (list?.length ?? 0) + 1;
      const repeats = list !== undefined && (list.repeats || isAmong(folder, list));
      longer = { folder, before: list, length, longer: new Map(), repeats, names: 0, more: 0 };
      known.set(folder, longer);
      this.#lists.push(longer);
    }
    return longer;
  }

  /** All paths, folder after folder. */
  *[Symbol.iterator](): Generator<string> {
    for (const folder of this.folders) {
      for (const name of folder) yield folder.path === "/" ? `/${name}` : `${folder.path}/${name}`;
    }
  }
}

function isAmong(folder: number, list: FolderList | undefined): boolean {
  for (let one = list; one !== undefined; one = one.before) if (one.folder === folder) return true;
  return false;
}

/** The folders' indexes, in the order of the questions. */
export function foldersOf(list: FolderList | undefined): number[] {
  const folders: number[] = [];
  for (let one = list; one !== undefined; one = one.before) folders.push(one.folder);
  return folders.reverse();
}
