/**
 * Which paths may have changed since a moment: every path that somebody depends on as a node, the folders on its way
 * watched, and the tick of the last event that could matter.
 *
 * A path is walked component by component once; the folder of each component is watched (soundness.md 1.1: every
 * ancestor, the folder of every link on the way, for an absent path its nearest existing folder). An event marks the
 * node of its name and all nodes below or behind it. Marked nodes are walked anew before they are trusted again.
 *
 * Always true: a node is registered before its file is looked at, so a change after the look is an event after the
 * tick that was noted; where a folder cannot be watched, the node says so and its file is looked at each time.
 *
 * @module
 */
import { tidy } from "../base/paths.ts";
import { c, eventName, Inotify, inotify, readLink, statx } from "../os/mod.ts";

/** A number that grows with each event that matters. */
export type Tick = number;

/** One path. Only `tick`, `membersTick`, `watched` and `log` are for others. */
export interface Node {
  readonly path: string;
  /** When something last happened that may change what a question about this path is answered. */
  tick: Tick;
  /** Of a folder: when an entry last came or went. */
  membersTick: Tick;
  /** Of a folder whose entries are asked for: names that came, oldest first, and up to which tick the list is cut. */
  log: { ticks: Tick[]; names: string[]; cutAt: Tick } | undefined;
  /** False where some folder on the way cannot be watched. */
  watched: boolean;
  /** Must be walked (anew). */
  stale: boolean;
  /** Where the path leads, links followed; undefined where nothing is there. */
  real: string | undefined;
  readonly parent: Node | undefined;
  /** Nodes that change when this one does. */
  readonly dependants: Set<Node>;
}

interface Folder {
  /** Last components looked up in this folder. */
  readonly names: Map<string, Set<Node>>;
  /** Nodes that lead here. */
  readonly nodes: Set<Node>;
}

const { CREATE, DELETE, MOVED_FROM, MOVED_TO, DELETE_SELF, MOVE_SELF, MODIFY, ATTRIB, CLOSE_WRITE } = inotify;
const came = CREATE | MOVED_TO, members = came | DELETE | MOVED_FROM;
/** Entries come and go, folders are closed; what happens inside files is told by watches on the files themselves. */
const narrow = members | ATTRIB | DELETE_SELF | MOVE_SELF | inotify.ONLYDIR;
const full = narrow | MODIFY | CLOSE_WRITE;
const content = MODIFY | ATTRIB | CLOSE_WRITE | DELETE_SELF | MOVE_SELF | inotify.DONT_FOLLOW;
const gone = DELETE_SELF | MOVE_SELF | inotify.UNMOUNT | inotify.IGNORED;
/** Entries noted for each folder; who looks less often probes again. */
const longestLog = 4096;
/** As the kernel resolves them; more is a loop. */
const mostLinks = 40;
/** statfs f_type of file systems whose changes all pass through this kernel: ext, xfs, btrfs, tmpfs, overlay, f2fs, zfs, ramfs, squashfs. */
const local = new Set([
  0xef53,
  0x58465342,
  0x9123683e,
  0x01021994,
  0x794c7630,
  0xf2f52010,
  0x2fc12fc1,
  0x858458f6,
  0x73717368,
]);
/**
 * Folders whose files package managers replace; nobody writes into them through a second name. People keep projects in
 * /opt, /usr/local and /usr/src.
 */
const packaged = /^\/(?:usr(?!\/(?:local|src)\/)|lib|lib64|bin|sbin|etc)\//;
/** Whether packages own what lies in a folder. */
export function isPackaged(folder: string): boolean {
  return packaged.test(folder + "/");
}

export interface TreeOptions {
  log: { info(text: string): void; warn(text: string): void };
  /** Most watches that we take of those the system gives to a user. */
  mostWatches: number;
  /** statfs f_type of the file system that holds `path`. */
  fileSystemOf(path: string): number | undefined;
}

export class Tree {
  readonly #options: TreeOptions;
  #queue: Inotify;
  #nodes = new Map<string, Node>();
  /** By real path, and by number of the watch. */
  #folders = new Map<string, Folder>();
  #watches = new Map<number, Folder>();
  #inodes = new Map<number, Set<Node>>();
  #now: Tick = 1;
  /** Changes whenever everything that was known is forgotten. */
  #epoch = 1;
  #problem = "";
  #changes = 0;

  private constructor(queue: Inotify, options: TreeOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  /** A tree, or the errno where there is no inotify. */
  static open(options: TreeOptions): Tree | number {
    const queue = Inotify.open();
    return typeof queue === "number" ? queue : new Tree(queue, options);
  }

  get now(): Tick {
    return this.#now;
  }
  /** Grows with each event about a node or what it depends on, and when everything is forgotten. */
  get changes(): number {
    return this.#changes;
  }
  get epoch(): number {
    return this.#epoch;
  }
  /** How many watches are held, and why not more, if so. */
  get facts(): { watches: number; problem: string } {
    return { watches: this.#watches.size + this.#inodes.size, problem: this.#problem };
  }

  close(): void {
    this.#queue.close();
  }

  /** Forgets everything: after an overflow, a mount, or for want of use. */
  forget(): void {
    const queue = Inotify.open();
    // Without a new queue the old one goes on; its watches then only bring events that nobody needs.
    if (typeof queue === "object") {
      this.#queue.close();
      this.#queue = queue;
    } else this.#options.log.warn(`inotify cannot be opened anew (errno ${queue})`);
    this.#nodes = new Map();
    this.#folders = new Map();
    this.#watches = new Map();
    this.#inodes = new Map();
    this.#epoch++;
    this.#changes++;
    this.#now++;
    this.#problem = "";
  }

  /** Takes in what happened since the last time. */
  drain(): void {
    const what = this.#queue.ask();
    if (what === "nothing") return;
    let lost = what === "mounts";
    this.#queue.drain((watch, mask, bytes, nameAt, nameEnd) => {
      if (mask & inotify.Q_OVERFLOW) lost = true;
      else if (!lost) this.#event(watch, mask, bytes, nameAt, nameEnd);
    });
    if (!lost) return;
    this.#options.log.info(
      what === "mounts" ? "mounts changed: watching anew" : "events were lost: watching anew",
    );
    this.forget();
  }

  #event(watch: number, mask: number, bytes: Uint8Array, nameAt: number, nameEnd: number): void {
    const folder = this.#watches.get(watch);
    if (folder === undefined) {
      const nodes = this.#inodes.get(watch);
      if (nodes === undefined) return;
      for (const node of nodes) this.#mark(node);
      if (mask & inotify.IGNORED) this.#inodes.delete(watch);
      return;
    }
    if (nameAt === 0) {
      if (mask & gone) this.#lose(folder, watch);
      else for (const node of folder.nodes) this.#mark(node);
      return;
    }
    if (mask & members) {
      const tick = ++this.#now;
      for (const node of folder.nodes) node.membersTick = tick;
    }
    const name = eventName(bytes, nameAt, nameEnd), nodes = folder.names.get(name);
    if (nodes !== undefined) { for (const node of nodes) this.#mark(node); }
    if (mask & came) { for (const node of folder.nodes) this.#note(node, name); }
  }

  /** A watched folder was moved or removed, or its file system went. */
  #lose(folder: Folder, watch: number): void {
    for (const node of folder.nodes) this.#mark(node);
    for (const nodes of folder.names.values()) for (const node of nodes) this.#mark(node);
    this.#watches.delete(watch);
    for (const [real, known] of this.#folders) if (known === folder) this.#folders.delete(real);
  }

  #mark(node: Node): void {
    const tick = ++this.#now;
    this.#changes++;
    const waiting = [node], met = new Set(waiting);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      next.tick = next.membersTick = tick;
      next.stale = true;
      for (const dependant of next.dependants) {
        if (!met.has(dependant)) met.add(dependant), waiting.push(dependant);
      }
    }
  }

  #note(node: Node, name: string): void {
    const { log } = node;
    if (log === undefined) return;
    log.ticks.push(this.#now);
    log.names.push(name);
    if (log.ticks.length <= longestLog) return;
    log.cutAt = log.ticks[longestLog / 2 - 1];
    log.ticks.splice(0, longestLog / 2);
    log.names.splice(0, longestLog / 2);
  }

  /** The node of a path, walked and watched. `path` is absolute and has no "." component. */
  node(path: string): Node {
    const node = this.#nodes.get(path) ?? this.#make(path);
    if (node.stale) this.#walk(node, 0);
    return node;
  }

  /** The same for a folder whose new entries count one by one. */
  folder(path: string): Node {
    const node = this.node(path);
    node.log ??= { ticks: [], names: [], cutAt: this.#now };
    if (node.real !== undefined && this.#hold(node, node.real) === undefined) node.watched = false;
    return node;
  }

  /** Names that came into a folder since `tick`; undefined where that is not known any more. */
  cameSince({ log }: Node, tick: Tick): string[] | undefined {
    if (log === undefined || tick < log.cutAt) return undefined;
    let first = log.ticks.length;
    while (first > 0 && log.ticks[first - 1] > tick) first--;
    return log.names.slice(first);
  }

  #make(path: string): Node {
    const cut = path.lastIndexOf("/");
    const parent = path === "/" ? undefined : this.#nodes.get(path.slice(0, cut) || "/") ??
      this.#make(path.slice(0, cut) || "/");
    const node: Node = {
      path,
      tick: this.#now,
      membersTick: this.#now,
      log: undefined,
      watched: true,
      stale: true,
      real: undefined,
      parent,
      dependants: new Set(),
    };
    parent?.dependants.add(node);
    this.#nodes.set(path, node);
    return node;
  }

  /** Follows the path from its parent on, a watch before each look. */
  #walk(node: Node, links: number): void {
    node.stale = false;
    node.watched = true;
    node.real = undefined;
    const { parent } = node;
    if (parent === undefined) {
      node.real = "/";
      return;
    }
    if (parent.stale) this.#walk(parent, links);
    node.watched = parent.watched;
    if (parent.real === undefined) return;
    const name = node.path.slice(node.path.lastIndexOf("/") + 1);
    if (name === "..") {
      return this.#lead(node, parent.real.slice(0, parent.real.lastIndexOf("/")) || "/", links);
    }
    if (!this.#look(node, parent.real, name)) node.watched = false;
    const place = parent.real === "/" ? `/${name}` : `${parent.real}/${name}`;
    const state = statx(place, { follow: false });
    if (typeof state === "number") return;
    const type = state.mode & c.S_IFMT;
    if (type === c.S_IFLNK) {
      const text = readLink(place);
      if (typeof text === "string" && links < mostLinks) {
        return this.#lead(node, text.startsWith("/") ? text : `${parent.real}/${text}`, links + 1);
      }
      node.watched = false;
      return;
    }
    node.real = place;
    // A write through a second name raises nothing in this folder.
    if (type === c.S_IFREG && !isPackaged(parent.real) && !this.#watchInode(node, place)) {
      node.watched = false;
    }
  }

  /** `node` is what `path` is. */
  #lead(node: Node, path: string, links: number): void {
    const there = tidy(path);
    if (links > mostLinks || there === node.path) {
      node.watched = false;
      return;
    }
    const target = this.#nodes.get(there) ?? this.#make(there);
    target.dependants.add(node);
    if (target.stale) this.#walk(target, links);
    node.real = target.real;
    node.watched &&= target.watched;
  }

  /** Registers that `name` is looked up in the folder `real`; false where that cannot be watched. */
  #look(node: Node, real: string, name: string): boolean {
    const { parent } = node;
    const folder = this.#hold(parent!, real);
    if (folder === undefined) return false;
    const nodes = folder.names.get(name);
    if (nodes === undefined) folder.names.set(name, new Set([node]));
    else nodes.add(node);
    return true;
  }

  /** The watched folder at `real`, where `node` leads. */
  #hold(node: Node, real: string): Folder | undefined {
    const known = this.#folders.get(real);
    if (known !== undefined) {
      known.nodes.add(node);
      return known;
    }
    const type = this.#options.fileSystemOf(real);
    if (type === undefined || !local.has(type)) {
      return this.#cannot(`${real} is on a file system of type ${type?.toString(16)}`);
    }
    if (this.#watches.size + this.#inodes.size >= this.#options.mostWatches) {
      return this.#cannot("no watches are left");
    }
    const watch = this.#queue.add(real, isPackaged(real) ? full : narrow);
    if (watch < 0) return this.#cannot(`${real} cannot be watched (errno ${-watch})`);
    const folder = this.#watches.get(watch) ??
      { names: new Map<string, Set<Node>>(), nodes: new Set<Node>() };
    folder.nodes.add(node);
    this.#folders.set(real, folder);
    this.#watches.set(watch, folder);
    return folder;
  }

  #watchInode(node: Node, real: string): boolean {
    if (this.#watches.size + this.#inodes.size >= this.#options.mostWatches) {
      return this.#cannot("no watches are left") !== undefined;
    }
    const watch = this.#queue.add(real, content);
    if (watch < 0) return this.#cannot(`${real} cannot be watched (errno ${-watch})`) !== undefined;
    const nodes = this.#inodes.get(watch);
    if (nodes === undefined) this.#inodes.set(watch, new Set([node]));
    else nodes.add(node);
    return true;
  }

  #cannot(problem: string): undefined {
    if (this.#problem === "") this.#options.log.info(`watching is not complete: ${problem}`);
    this.#problem ||= problem;
    return undefined;
  }
}
