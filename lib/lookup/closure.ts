/**
 * Every header that a compile may have read, found from the texts alone: for runs without a tracer whose dependency list
 * leaves out what the system has, or that have none.
 *
 * Each name that any text spells, whether its line is reached or not, is looked for in each folder in which it may be
 * found: what is there counts by its content and is read on, what is not counts as absent. So the answer is never less
 * than what the compiler asked, and a header's name that is computed ends it. Headers are small and folders few, so this
 * costs some thousand looks on a miss, and texts of the system are read once.
 *
 * Always true: a folder in which something was looked for in vain has not changed while the compile ran, but for the
 * folders of its outputs; and there nothing that was looked for has gone.
 *
 * @module
 */
import { byteString, sameBytes } from "../base/bytes.ts";
import { absolute, partsOf, tidy } from "../base/paths.ts";
import { type Declared, type Spelled, tellingOf, type Told } from "../compilers/mod.ts";
import { c, coarseNow, type FileState, listFolder, readSmall, signatureOf, statx } from "../os/mod.ts";
import type { Refused } from "../trace/mod.ts";
import type { Toolchain } from "./toolchain.ts";

/** A text of more than this is no hand-written one, and is compiled without us. */
export const largestText = 64 << 20;
/** So many headers are no program's: something leads in circles. */
const mostFiles = 20_000;
/** Characters of the system's texts that are kept for each driver. */
const mostKept = 64 << 20;
/** A file younger than this, in ns, may change again and keep its signature where clocks are coarse. */
const settling = 4_000_000_000n;
/** Read by gcc before all else, as if the source asked for it. */
const always: readonly Spelled[] = [{ name: "stdc-predef.h", quoted: false }];

/** What may have been read, by path. */
export interface Closure {
  /** Files, and folders where a file could have been. */
  there: Set<string>;
  absent: Set<string>;
  told: Told[];
  /** Where a header that one's own texts or the line spell could be. */
  own: Set<string>;
}

/** How the folders of a compile's outputs were before it ran. */
export interface Before {
  /** CLOCK_REALTIME_COARSE, ns. */
  at: bigint;
  /** Names in each folder, by its identity. */
  names: Map<string, ReadonlySet<string>>;
}

/** Takes note of the folders of `outputs` (absolute). */
export function beforeOf(outputs: Iterable<string>): Before {
  const before: Before = { at: coarseNow(), names: new Map() };
  for (const { folder } of [...outputs].map((path) => partsOf(path))) {
    const state = statx(folder), names = listFolder(folder);
    if (typeof state === "object" && typeof names === "object") {
      before.names.set(identity(state), new Set(names));
    }
  }
  return before;
}

function identity({ dev, ino }: FileState): string {
  return `${dev}/${ino}`;
}

/** Whether a path lies where the compiler itself looks: what is found there is the system's. */
export function isSystems(path: string, { searched }: Toolchain): boolean {
  return [...searched].some((folder) =>
    path.startsWith(folder + "/") && !path.includes("/../", folder.length)
  );
}

/** What a compile of `declared` in `cwd` may have read, or why that cannot be said. */
export function closureOf(
  declared: Declared,
  cwd: string,
  toolchain: Toolchain,
  before: Before,
): Closure | Refused {
  const search = new Search(declared, cwd, toolchain, before.at);
  return search.refused ?? search.changedSince(before) ?? search.found;
}

/** A driver's texts, each with the signature that its file had. */
interface Kept {
  texts: Map<string, { told: Told; signature: Uint8Array }>;
  size: number;
}
const kept = new WeakMap<Toolchain, Kept>();

class Search {
  readonly found: Closure = { there: new Set(), absent: new Set(), told: [], own: new Set() };
  refused: Refused | undefined;
  readonly #toolchain: Toolchain;
  readonly #folders: string[];
  readonly #settled: bigint;
  /** Files whose text is still to be read. */
  readonly #next: { path: string; state: FileState }[] = [];

  constructor(declared: Declared, cwd: string, toolchain: Toolchain, at: bigint) {
    this.#toolchain = toolchain;
    this.#settled = at - settling;
    const folders = declared.folders.map((folder) => absolute(folder, cwd));
    this.#folders = [...new Set([...folders, ...toolchain.searched])];
    const line = [...always, ...declared.included.map((name) => ({ name, quoted: true }))];
    this.#follow(line, cwd, true);
    const source = absolute(declared.source, cwd);
    this.#look(source);
    this.#read(source);
  }

  /** Reads on until nothing new is spelled. */
  #read(source: string): void {
    for (const { path, state } of this.#next) {
      if (this.refused !== undefined) return;
      const told = this.#text(path, state, path !== source && isSystems(path, this.#toolchain));
      if (told === undefined) return this.#refuse("pass_input_changed", path);
      this.found.told.push(told);
      const { refusal, spelled, computed } = tellingOf(told);
      if (refusal !== undefined || computed) return this.#refuse(refusal ?? "pass_unmodelled", path);
      this.#follow(spelled, partsOf(path).folder, !told.system);
    }
  }

  #refuse(refusal: Refused["refusal"], what: string): void {
    this.refused ??= { refusal, what };
  }

  /** Looks for what is spelled in a text that lies in `folder`. */
  #follow(spelled: readonly Spelled[], folder: string, own: boolean): void {
    for (const { name, quoted } of spelled) {
      const folders = name.startsWith("/") ? [""] : quoted ? [folder, ...this.#folders] : this.#folders;
      for (const place of folders) {
        const path = tidy(place === "/" ? `/${name}` : place === "" ? name : `${place}/${name}`);
        if (own) this.found.own.add(path);
        this.#look(path);
      }
    }
  }

  #look(path: string): void {
    const { there, absent } = this.found;
    if (there.has(path) || absent.has(path)) return;
    const state = statx(path);
    if (state === c.ENOENT || state === c.ENOTDIR) {
      if (typeof statx(path, { follow: false }) === "object") return this.#refuse("pass_unmodelled", path);
      absent.add(path);
      return;
    }
    const type = typeof state === "object" ? state.mode & c.S_IFMT : 0;
    if (typeof state === "number" || (type !== c.S_IFREG && type !== c.S_IFDIR) || there.size > mostFiles) {
      return this.#refuse("pass_unmodelled", path);
    }
    there.add(path);
    if (type === c.S_IFREG) this.#next.push({ path, state });
  }

  #text(path: string, state: FileState, system: boolean): Told | undefined {
    const signature = signatureOf(state);
    if (!system || state.ctime > this.#settled) return textAt(path, system);
    let all = kept.get(this.#toolchain);
    if (all === undefined || all.size > mostKept) {
      kept.set(this.#toolchain, all = { texts: new Map(), size: 0 });
    }
    const known = all.texts.get(path);
    if (known !== undefined && sameBytes(known.signature, signature)) return known.told;
    const told = textAt(path, true);
    if (told !== undefined) all.texts.set(path, { told, signature }), all.size += told.text.length;
    return told;
  }

  /** A folder in which something may have been, and been read, that is not there now. */
  changedSince({ at, names }: Before): Refused | undefined {
    const looked = new Map<string, FileState | number>();
    const stateOf = (folder: string) => {
      let state = looked.get(folder);
      if (state === undefined) looked.set(folder, state = statx(folder));
      return state;
    };
    for (const path of this.found.absent) {
      let { folder, name } = partsOf(path), state = stateOf(folder);
      while (typeof state === "number" && folder !== "/") {
        ({ folder, name } = partsOf(folder)), state = stateOf(folder);
      }
      if (typeof state === "number") return { refusal: "pass_unmodelled", what: folder };
      const had = names.get(identity(state));
      if (had === undefined ? state.ctime >= at : had.has(name) && isGone(folder, name)) {
        return { refusal: "pass_input_changed", what: folder };
      }
    }
    return undefined;
  }
}

function isGone(folder: string, name: string): boolean {
  return typeof statx(`${folder}/${name}`, { follow: false }) === "number";
}

function textAt(path: string, system: boolean): Told | undefined {
  const bytes = readSmall(path, largestText);
  return bytes && { path, text: byteString(bytes), system };
}
