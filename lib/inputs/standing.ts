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
import { c, type FileState, signatureOf, statx } from "../os/mod.ts";
import type { Node, Tick, Tree } from "./tree.ts";

interface Look {
  tick: Tick;
  state: FileState | number;
  /** Its times change with every entry. */
  isFolder: boolean;
  /** Of a state; made when it is first asked for. */
  signature: Uint8Array | undefined;
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

  /** State of what `path` leads to, or the errno. */
  state(path: string): FileState | number {
    return this.#look(path).state;
  }

  /** The signature of a state that `state` gave for `path`. */
  signature(path: string, state: FileState): Uint8Array {
    const look = this.#looks.get(path);
    return look?.state === state ? look.signature ??= signatureOf(state) : signatureOf(state);
  }

  /** Where all links of `path` lead; undefined where the watch does not tell. */
  physical(path: string): string | undefined {
    const node = this.#tree.node(path);
    return node.watched ? node.real : undefined;
  }

  /** Whether nothing is at `name` in `folder`; `look` finds out. */
  absent(folder: string, name: string, look: () => boolean): boolean {
    const known = this.#missingIn(this.#tree.folder(folder));
    if (known?.names.has(name)) {
      if (++this.#answers % sampleEvery !== 0) return true;
      const absent = look();
      if (!absent) {
        this.#doubt(`${folder}/${name}`, () => this.#missingIn(this.#tree.folder(folder))?.names.has(name));
      }
      return absent;
    }
    const absent = look();
    if (absent && known !== undefined) known.names.add(name), this.#names++;
    return absent;
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

  #look(path: string): Look {
    this.#begin();
    const node = this.#tree.node(path), known = this.#looks.get(path);
    if (known !== undefined && holds(known, node)) {
      if (++this.#answers % sampleEvery !== 0) return known;
      const now = statx(path);
      if (!same(known.state, now)) this.#doubt(path, () => holds(known, this.#tree.node(path)));
      return { ...known, state: now, signature: undefined };
    }
    const look = this.#see(node);
    if (node.watched) this.#looks.set(path, look);
    return look;
  }

  #see(node: Node): Look {
    const { now } = this.#tree, state = statx(node.path);
    const isFolder = typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFDIR;
    if (!isFolder) return { tick: now, state, isFolder, signature: undefined };
    this.#tree.folder(node.path); // from here on its entries are told of, which change its times
    return { tick: this.#tree.now, state: statx(node.path), isFolder, signature: undefined };
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
function holds({ tick, isFolder }: Look, node: Node): boolean {
  return node.watched && node.tick <= tick && (!isFolder || node.membersTick <= tick);
}

function same(a: FileState | number, b: FileState | number): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtime === b.mtime &&
    a.ctime === b.ctime &&
    a.mode === b.mode;
}
