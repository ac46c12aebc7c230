/**
 * Looks that need not be repeated: what a path was found to be stays so until the watch reports something about it.
 *
 * A compile asks about the same compiler, libraries and headers as the one before, and about the same hundreds of names
 * that are not there; to look at each again costs more than all the rest of what is learned from a run.
 *
 * Always true: a path is registered with the watch before it is looked at, and what is not watched is looked at each
 * time. The watch has taken in all events (Tree.drain) before a decision asks here.
 *
 * @module
 */
import { c, type FileState, statx } from "../os/mod.ts";
import type { Content } from "./mod.ts";
import type { Node, Tick, Tree } from "./tree.ts";

/** What a watched path was found to be. */
export interface Look {
  readonly node: Node;
  tick: Tick;
  state: FileState | number;
  /** Its times change with every entry. */
  isFolder: boolean;
  /** Of a state; made when it is first asked for. */
  signature: Uint8Array | undefined;
  /** Of a file, once it was asked for and may be trusted; for whoever looks. */
  content?: Content;
}

/** How far it was answered that nothing is at the names of a list, and when. */
export interface Answered {
  count: number;
  tick: Tick;
}

/** Names that were found to be nowhere in a folder, up to `tick`. */
interface Missing {
  tick: Tick;
  names: Set<string>;
}

/** After so many answers a path is looked at, whatever the watch says. */
const sampleEvery = 1000;
/** Looks kept; a project has some ten thousand files. */
const mostLooks = 200_000;

export class Standing {
  readonly #tree: Tree;
  #looks = new Map<string, Look>();
  #missing = new Map<string, Missing>();
  #names = 0;
  #epoch: number;
  #answers = 0;
  /** A path of which the watch did not see that it changed: then the watch is believed no more. */
  disagreement: string | undefined;

  constructor(tree: Tree) {
    this.#tree = tree;
    this.#epoch = tree.epoch;
  }

  /** As the watch has them. */
  get changes(): number {
    return this.#tree.changes;
  }

  /** What `path` leads to; undefined where that cannot be watched. */
  look(path: string): Look | undefined {
    this.#begin();
    const known = this.#looks.get(path);
    if (known !== undefined && holds(known)) {
      return ++this.#answers % sampleEvery !== 0 ? known : this.#sampled(path, known);
    }
    const node = this.#tree.node(path), look = node.watched ? this.#see(node) : undefined;
    if (look === undefined || !node.watched) return undefined;
    this.#looks.set(path, look);
    return look;
  }

  /** Forgets what was found of `path`: somebody saw it otherwise. A link made to a file elsewhere raises nothing here. */
  forget(path: string): void {
    this.#looks.delete(path);
  }

  /** The same by looking, to see whether the watch is right. */
  #sampled(path: string, known: Look): Look {
    const now = statx(path);
    if (same(known.state, now)) return known;
    this.#doubt(path, () => holds({ ...known, node: this.#tree.node(path) }));
    return { ...known, state: now, signature: undefined, content: undefined };
  }

  /** Where all links of `path` lead; undefined where the watch does not tell. */
  physical(path: string): string | undefined {
    const node = this.#tree.node(path);
    return node.watched ? node.real : undefined;
  }

  /** Whether nothing is at a name of which that is known, by looking. */
  #isStillMissing(folder: string, name: string, look: (name: string) => boolean): boolean {
    const absent = look(name);
    if (!absent) {
      this.#doubt(`${folder}/${name}`, () => this.#missingIn(this.#tree.folder(folder))?.names.has(name));
    }
    return absent;
  }

  #isMissing(known: Missing | undefined, name: string, look: (name: string) => boolean): boolean {
    const absent = look(name);
    if (absent && known !== undefined) known.names.add(name), this.#names++;
    return absent;
  }

  /**
   * The first of `names` at which something is in `folder`, or undefined. `answered` is taken into account and brought
   * forward; `look` tells whether nothing is at a name.
   */
  presentOf(
    folder: string,
    names: readonly string[],
    answered: Answered,
    look: (name: string) => boolean,
  ): string | undefined {
    const node = this.#tree.folder(folder), known = this.#missingIn(node);
    const came = known === undefined ? undefined : this.#cameSince(node, answered);
    if (came === undefined) answered.count = 0;
    else if (came.length > 0) {
      const soFar = new Set(names.slice(0, answered.count));
      const present = came.find((name) => soFar.has(name) && !look(name));
      if (present !== undefined) return present;
    }
    for (let i = answered.count; i < names.length; i++) {
      const name = names[i], isKnown = known !== undefined && known.names.has(name);
      if (isKnown && ++this.#answers % sampleEvery !== 0) continue;
      if (isKnown ? this.#isStillMissing(folder, name, look) : this.#isMissing(known, name, look)) continue;
      answered.count = 0;
      return names[i];
    }
    if (known !== undefined) answered.count = names.length, answered.tick = known.tick;
    return undefined;
  }

  /** Names that came into a folder since it was answered for; undefined where that is not known. */
  #cameSince(node: Node, { count, tick }: Answered): string[] | undefined {
    if (count === 0) return [];
    if (node.tick > tick) return undefined;
    return node.membersTick <= tick ? [] : this.#tree.cameSince(node, tick);
  }

  /** The names known to be missing in a folder, without those that came since; undefined where it is not watched. */
  #missingIn(folder: Node): Missing | undefined {
    this.#begin();
    if (!folder.watched || folder.real === undefined) return undefined;
    const { now } = this.#tree;
    let known = this.#missing.get(folder.path);
    const came = known && folder.tick <= known.tick
      ? folder.membersTick <= known.tick ? [] : this.#tree.cameSince(folder, known.tick)
      : undefined;
    if (known === undefined || came === undefined) {
      this.#names -= known?.names.size ?? 0;
      this.#missing.set(folder.path, known = { tick: now, names: new Set() });
    } else for (const name of came) known.names.delete(name);
    known.tick = now;
    return known;
  }

  #see(node: Node): Look {
    const { now } = this.#tree, state = statx(node.path);
    const isFolder = typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFDIR;
    if (!isFolder) return { node, tick: now, state, isFolder, signature: undefined };
    this.#tree.folder(node.path); // from here on its entries are told of, which change its times
    return { node, tick: this.#tree.now, state: statx(node.path), isFolder, signature: undefined };
  }

  /** Forgets where the watch has forgotten, or where too much is kept. */
  #begin(): void {
    if (this.#epoch === this.#tree.epoch && this.#looks.size + this.#names < mostLooks) return;
    this.#epoch = this.#tree.epoch;
    this.#looks = new Map();
    this.#missing = new Map();
    this.#names = 0;
  }

  /** Something differs from what the watch let us believe. It may have changed just now; else the watch is wrong. */
  #doubt(path: string, stillBelieved: () => boolean | undefined): void {
    const { epoch } = this.#tree;
    this.#tree.drain();
    if (epoch === this.#tree.epoch && stillBelieved()) this.disagreement = path;
  }
}

/** Whether nothing has happened to what was seen. */
function holds({ node, tick, isFolder }: Look): boolean {
  return node.watched && !node.stale && node.tick <= tick && (!isFolder || node.membersTick <= tick);
}

function same(a: FileState | number, b: FileState | number): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtime === b.mtime &&
    a.ctime === b.ctime &&
    a.mode === b.mode;
}
