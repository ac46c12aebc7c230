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
import { common, listed, type Names, nth } from "./absences.ts";
import type { Content } from "./mod.ts";
import type { Node, Tick, Tree } from "./tree.ts";

/** What a watched path was found to be. */
export interface Look {
  readonly node: Node;
  tick: Tick;
  /** Of a folder the times and the size only where its entries are told of. */
  state: FileState | number;
  isFolder: boolean;
  /** Of a folder: whether its entries are told of, which change its times. */
  withEntries: boolean;
  /** Of a state; made when it is first asked for. */
  signature: Uint8Array | undefined;
  /** Of a file, once it was asked for and may be trusted; for whoever looks. */
  content?: Content;
}

/** What is known of the names in a folder, up to `tick`. */
interface Known {
  tick: Tick;
  /** Names at which nothing is. */
  missing: Set<string>;
  /** Where the folder was listed: what may be there. Nothing is at any other name. */
  there: Set<string> | undefined;
  /** For so many names it was not worth a list, or there was none to be had. */
  asked: number;
  /** How many that may become, with what has come since and may have gone, before it is listed anew. */
  most: number;
}

/** After so many answers a path is looked at, whatever the watch says. */
const sampleEvery = 1000;
/** Of a listed folder so many names count as one answer: they are known by one list. */
const namesAnAnswer = 64;
/** Looks kept; a project has some ten thousand files. */
const mostLooks = 200_000;
/** Names that may come to a listed folder, and go again, on top of twice as many as were there. */
const mostPassing = 256;
/** A list of a folder serves one compile after another. */
const listServes = 32;

export class Standing {
  readonly #tree: Tree;
  #looks = new Map<string, Look>();
  #known = new Map<string, Known>();
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

  /**
   * The same of a folder with its times. Only for those its entries are told of: every temporary file would be told of
   * else, since compilers ask whether there is a /tmp.
   */
  folder(path: string): Look | undefined {
    const look = this.look(path);
    if (look === undefined || !look.isFolder || look.withEntries) return look;
    const node = this.#tree.folder(path), { now } = this.#tree;
    if (!node.watched) return undefined;
    const seen = {
      node,
      tick: now,
      state: statx(path),
      isFolder: true,
      withEntries: true,
      signature: undefined,
    };
    this.#looks.set(path, seen);
    return seen;
  }

  /** Forgets what was found of `path`: somebody saw it otherwise. A link made to a file elsewhere raises nothing here. */
  forget(path: string): void {
    this.#looks.delete(path);
  }

  /** The same by looking, to see whether the watch is right. */
  #sampled(path: string, known: Look): Look {
    const now = statx(path);
    if (same(known, now)) return known;
    this.#doubt(path, () => holds({ ...known, node: this.#tree.node(path) }));
    return { ...known, state: now, signature: undefined, content: undefined };
  }

  /** Where all links of `path` lead; undefined where the watch does not tell. */
  physical(path: string): string | undefined {
    const node = this.#tree.node(path);
    return node.watched ? node.real : undefined;
  }

  /**
   * The names, of those asked for, at which something is in `folder`; undefined where that cannot be watched. `isThere`
   * looks.
   */
  thereOf(folder: string, asked: Names, isThere: (name: string) => boolean): string[] | undefined {
    const node = this.#tree.folder(folder), known = this.#knownOf(node);
    if (known === undefined) return undefined;
    const there = this.#list(known, node, asked);
    if (there === undefined) return [...asked].filter((name) => this.#isAt(name, folder, known, isThere));
    const found = common(there, asked).filter(isThere), sample = this.#sampleOf(asked);
    if (sample !== undefined && !there.has(sample) && !this.#isStillMissing(folder, sample, isThere)) {
      found.push(sample);
    }
    return found;
  }

  /** Does what `thereOf` would have to do first: after it that is a matter of the folder's few names. */
  expect(folder: string, asked: Names, isThere: (name: string) => boolean): void {
    const node = this.#tree.folder(folder), known = this.#knownOf(node);
    if (known === undefined || this.#list(known, node, asked) !== undefined) return;
    for (const name of asked) this.#isAt(name, folder, known, isThere);
  }

  /** What may be in a folder, listed where that is worth it. It was watched before: what comes meanwhile is told of. */
  #list(known: Known, { path }: Node, { size }: Names): ReadonlySet<string> | undefined {
    if (known.there !== undefined || size < 2 * known.asked) return known.there;
    known.asked = size;
    known.there = listed(path, () => this.look(path)?.state, size, listServes);
    if (known.there === undefined) return undefined;
    known.most = 2 * known.there.size + mostPassing;
    this.#names += known.most;
    return known.there;
  }

  #isAt(name: string, folder: string, { missing }: Known, isThere: (name: string) => boolean): boolean {
    if (missing.has(name)) {
      return ++this.#answers % sampleEvery === 0 && !this.#isStillMissing(folder, name, isThere);
    }
    if (isThere(name)) return true;
    missing.add(name), this.#names++;
    return false;
  }

  /** One of the names, each time that so many answers were given. */
  #sampleOf(asked: Names): string | undefined {
    const before = this.#answers;
    this.#answers += Math.ceil(asked.size / namesAnAnswer);
    if (before % sampleEvery < this.#answers % sampleEvery) return undefined;
    return nth(asked, this.#answers % asked.size);
  }

  /** Whether nothing is at a name of which that is known, by looking. */
  #isStillMissing(folder: string, name: string, isThere: (name: string) => boolean): boolean {
    const isMissing = !isThere(name);
    if (!isMissing) {
      this.#doubt(`${folder}/${name}`, () => {
        const known = this.#knownOf(this.#tree.folder(folder));
        return known !== undefined && (known.missing.has(name) || known.there?.has(name) === false);
      });
    }
    return isMissing;
  }

  /** What is known of the names in a folder, with those that came since; undefined where it is not watched. */
  #knownOf(folder: Node): Known | undefined {
    this.#begin();
    if (!folder.watched || folder.real === undefined) return undefined;
    const { now } = this.#tree;
    let known = this.#known.get(folder.path);
    const came = known && folder.tick <= known.tick
      ? folder.membersTick <= known.tick ? [] : this.#tree.cameSince(folder, known.tick)
      : undefined;
    if (known === undefined || came === undefined) {
      this.#names -= known === undefined ? 0 : known.missing.size + known.most;
      this.#known.set(
        folder.path,
        known = { tick: now, missing: new Set(), there: undefined, asked: 0, most: 0 },
      );
    } else for (const name of came) this.#came(known, name);
    known.tick = now;
    return known;
  }

  #came(known: Known, name: string): void {
    if (known.missing.delete(name)) this.#names--;
    known.there?.add(name);
    if (known.there === undefined || known.there.size <= known.most) return;
    this.#names -= known.most;
    known.there = undefined, known.asked = known.most = 0;
  }

  #see(node: Node): Look {
    const { now } = this.#tree, state = statx(node.path);
    const isFolder = typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFDIR;
    return { node, tick: now, state, isFolder, withEntries: false, signature: undefined };
  }

  /** Forgets where the watch has forgotten, or where too much is kept. */
  #begin(): void {
    if (this.#epoch === this.#tree.epoch && this.#looks.size + this.#names < mostLooks) return;
    this.#epoch = this.#tree.epoch;
    this.#looks = new Map();
    this.#known = new Map();
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
function holds({ node, tick, withEntries }: Look): boolean {
  return node.watched && !node.stale && node.tick <= tick && (!withEntries || node.membersTick <= tick);
}

function same({ state, isFolder, withEntries }: Look, now: FileState | number): boolean {
  if (typeof state === "number" || typeof now === "number") return state === now;
  const { ino, dev, mode, size, mtime, ctime } = now;
  if (state.ino !== ino || state.dev !== dev || state.mode !== mode) return false;
  return (isFolder && !withEntries) ||
    (state.size === size && state.mtime === mtime && state.ctime === ctime);
}
