/**
 * From an observation to a unit's statements: the moment at which what the trace saw is compared with what is there now.
 *
 * The tool has ended and its launcher waits, so nobody edits on behalf of this build step; but others may. A statement
 * is made only if the file is what the run saw: same signature as at its opening (then the digest is of those bytes),
 * or, where no signature was taken, unchanged since before the run began.
 *
 * @module
 */
import { byteString, sameBytes } from "../base/bytes.ts";
import { type Content, existsValue, type Inputs, join, statValue } from "../inputs/mod.ts";
import {
  type AbsentIn,
  type AbsentPaths,
  type FolderList,
  foldersOf,
  type Observation,
  type Refused,
  type Seen,
} from "../trace/mod.ts";
import { type Absences, type Input, type InputKind, inputKinds, noSignature } from "../store/unit.ts";
import {
  contentStatement,
  type Early,
  type Equals,
  Foreseen,
  type InOrder,
  isWhatWasOpened,
  noteEqual,
} from "./foreseen.ts";
import { Groups } from "./groups.ts";
import { mayBeOne } from "./once.ts";
import { c, type FileState, realNow, statx } from "../os/mod.ts";

export interface Statements {
  inputs: Input[];
  absences: Absences;
}

export interface IngestOptions {
  inputs: Inputs;
  /** CLOCK_REALTIME_COARSE before the tool was started, ns. */
  startedAt: bigint;
  /** Whether size and mtime of what was read count, too (clang's precompiled headers hold them). By default they do not. */
  withTimes?(path: string): boolean;
  /** Whether of what was looked at and never read the content counts instead of the time. */
  byContent?(path: string): boolean;
}

/** The statements of an observation, or why there are none. */
export function statementsOf(
  found: Observation,
  options: IngestOptions,
  foreseen = new Foreseen(options.startedAt),
): Statements | Refused {
  const { early, equals, order } = foreseen.confirmed(found, options.inputs);
  const ingest = new Ingest(options, equals);
  if (order !== undefined && options.withTimes === undefined) ingest.inOrder(order, found);
  else ingest.oneByOne(early, found);
  for (const path of found.listings) ingest.listing(path, found);
  for (const [path, text] of found.linkTexts) ingest.same(inputKinds.link_text, path, text);
  for (const [path, text] of found.physical) ingest.same(inputKinds.real_path, path, text);
  for (const [path, errno] of found.refused) ingest.refusal(path, errno);
  for (const path of found.unmade) ingest.unmade(path, found);
  ingest.twins(found);
  const absences = ingest.absences(found);
  return ingest.refused ?? { inputs: ingest.rows, absences };
}

/** Objects and libraries: nobody includes them, and equal ones are no matter to a linker. */
const linked = /\.(?:o|lo|obj|a|so)(?:[.\d]*)$/;

class Ingest {
  readonly rows: Input[] = [];
  refused: Refused | undefined;
  readonly #inputs: Inputs;
  readonly #options: IngestOptions;
  readonly #contents: Equals;
  /** Whether what was foreseen stands among those already. */
  readonly #knowsEquals: boolean;
  readonly #folders = new Groups<{ path: string }>();
  readonly #lookedAgain = new Set<string>();
  /** Before anything is looked at. */
  readonly #lookedAt = realNow();

  constructor(options: IngestOptions, equals: Equals | undefined) {
    this.#contents = equals ?? new Groups();
    this.#knowsEquals = equals !== undefined;
    this.#inputs = options.inputs;
    this.#options = options;
  }

  #changed(path: string): void {
    this.refused ??= { refusal: "pass_input_changed", what: path };
  }

  #add(
    kind: InputKind,
    path: string,
    value: Uint8Array | undefined,
    signature: Uint8Array = noSignature,
  ): void {
    if (value === undefined) this.#changed(path);
    else this.rows.push(statement(kind, path, value, signature));
  }

  /** What was foreseen of thousands of files is taken over, and only the others are looked at. */
  inOrder({ rows, apart }: InOrder, found: Observation): void {
    let from = 0;
    for (const { at, path } of apart) {
      for (; from < at; from++) this.rows.push(rows[from]);
      this.file(path, found.files.get(path)!, found);
    }
    for (; from < rows.length; from++) this.rows.push(rows[from]);
  }

  oneByOne(early: readonly Early[], found: Observation): void {
    let next = 0;
    for (const [path, seen] of found.files) {
      if (early[next]?.seen === seen) this.#foreseen(early[next++], found);
      else this.file(path, seen, found);
    }
  }

  file(path: string, seen: Seen, found: Observation): void {
    if (this.refused !== undefined) return;
    if (found.written.has(path)) return this.#ownInput(path, seen);
    const isStat = seen.question === "stat" && seen.signature !== undefined;
    if (seen.question === "content" || (isStat && this.#options.byContent?.(path))) {
      return this.#content(path, seen, found);
    }
    const state = seen.question === "lstat" ? this.#inputs.linkState(path) : this.#inputs.state(path);
    if (typeof state === "number") {
      // A standing input, asked by nobody in the trace, may well be missing. A dangling link exists by lstat only.
      if (seen.signature === undefined && (state === c.ENOENT || state === c.ENOTDIR)) found.absent.add(path);
      else this.#changed(path);
      return;
    }
    if (seen.question === "exists") return this.#add(inputKinds.exists, path, existsValue(state));
    const value = statValue(state);
    const then = seen.signature && statValue(stateOf(seen.signature));
    if (then !== undefined && !sameBytes(then, value!)) return this.#changed(path);
    if ((state.mode & c.S_IFMT) === c.S_IFDIR) this.#folders.add(`${state.dev}/${state.ino}`, { path });
    this.#add(seen.question === "stat" ? inputKinds.stat : inputKinds.lstat, path, value);
  }

  #content(path: string, seen: Seen, found: Observation): void {
    const content = this.#inputs.content(path);
    if (content === "irregular") {
      const state = this.#inputs.state(path);
      if (typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFDIR) {
        return this.#add(inputKinds.exists, path, existsValue(state));
      }
      this.refused ??= { refusal: "pass_irregular_input", what: path };
      return;
    }
    const { startedAt } = this.#options;
    if (typeof content !== "object" || !isWhatWasOpened({ path, seen, content }, this.#inputs, startedAt)) {
      return this.#again(path, seen, found);
    }
    this.#isRead(path, content, found);
  }

  /** A file that was found to be what the run read before that was over. */
  #foreseen({ path, content }: Early, found: Observation): void {
    if (this.refused === undefined) this.#isRead(path, content, found, this.#knowsEquals);
  }

  #isRead(path: string, content: Content, found: Observation, knowsEquals = false): void {
    this.rows.push(contentStatement(path, content));
    if (found.programs.has(path)) this.#add(inputKinds.exists, path, existsValue(content.state));
    if (!knowsEquals) noteEqual(this.#contents, path, content);
    if (this.#options.withTimes?.(path)) this.#add(inputKinds.stat, path, statValue(content.state));
  }

  /** The watch may have it otherwise: it is told nothing of a link that somebody makes to a file of the system. */
  #again(path: string, seen: Seen, found: Observation): void {
    if (this.#lookedAgain.has(path)) return this.#changed(path);
    this.#lookedAgain.add(path);
    this.#inputs.lookAgain(path);
    this.#content(path, seen, found);
  }

  /** A file that the run read and then wrote: what it held is known only if somebody hashed it before. */
  #ownInput(path: string, seen: Seen): void {
    const before = seen.signature && stateOf(seen.signature);
    if (seen.replaced && before !== undefined && (before.mode & c.S_IFMT) === c.S_IFREG) {
      return this.#add(inputKinds.exists, path, existsValue(before));
    }
    const digest = seen.signature && this.#inputs.recall(path, seen.signature);
    if (seen.question !== "content" || digest === undefined) {
      this.refused ??= { refusal: "pass_overwrites_input", what: path };
      return;
    }
    this.#add(inputKinds.content, path, digest);
  }

  /**
   * Compilers ask whether two names are one file: of folders, to search them once; of headers under #pragma once, clang
   * by the physical file, gcc by equal size, time and content. So for equal ones these are statements, too.
   */
  twins({ programs }: Observation): void {
    for (const [, group] of this.#folders.groups()) for (const { path } of group) this.#where(path);
    let ran: ReadonlySet<string> | undefined, texts: { path: string; digest: Uint8Array }[] | undefined;
    for (const [name, group] of this.#contents.groups()) {
      const read = group.filter(({ path }) => !linked.test(path));
      if (read.length < 2) continue;
      ran ??= this.#ran(programs);
      if (ran.has(name)) continue;
      texts ??= this.#texts(ran);
      const header = texts.find(({ path }) => path === read[0].path);
      if (header === undefined || !mayBeOne(programs, header, texts)) continue;
      // Spellings of one path: what lies there is one file, whatever its time.
      const isOne = new Set(read.map(({ path }) => this.#inputs.physical(path))).size === 1;
      for (const { path, state } of read) {
        this.#where(path);
        if (!isOne) this.#add(inputKinds.stat, path, statValue(state));
      }
    }
  }

  /** Contents of the programs, which are read under the names of links to them, too. */
  #ran(programs: ReadonlySet<string>): ReadonlySet<string> {
    const rows = this.rows.filter(({ kind, path }) => kind === inputKinds.content && programs.has(path));
    return new Set(rows.filter(({ path }) => !linked.test(path)).map(({ value }) => byteString(value)));
  }

  /** What was read but programs. */
  #texts(ran: ReadonlySet<string>): { path: string; digest: Uint8Array }[] {
    return this.rows
      .filter(({ kind, path, value }) =>
        kind === inputKinds.content && !linked.test(path) && !ran.has(byteString(value))
      )
      .map(({ path, value }) => ({ path, digest: value }));
  }

  #where(path: string): void {
    this.#add(inputKinds.real_path, path, this.#inputs.value(inputKinds.real_path, path));
  }

  listing(path: string, found: Observation): void {
    if (this.refused !== undefined) return;
    for (const written of found.written.keys()) {
      if (written.startsWith(path + "/") && written.indexOf("/", path.length + 1) < 0) {
        this.refused ??= { refusal: "pass_lists_outputs", what: path };
        return;
      }
    }
    const { startedAt } = this.#options;
    // Read before the folder is looked at: what comes in between shows in its time.
    const value = this.#inputs.value(inputKinds.listing, path), state = statx(path);
    if (typeof state === "number") return this.#changed(path);
    // A folder whose clock is coarse may have gained a name after it was listed.
    if (state.mtime >= startedAt || this.#inputs.ambiguous(path, state, startedAt)) {
      return this.#changed(path);
    }
    this.#add(inputKinds.listing, path, value);
  }

  /** A statement about a text that the trace itself holds: it must still be true. */
  same(kind: InputKind, path: string, text: string): void {
    if (this.refused !== undefined) return;
    const value = this.#inputs.digestOf(text), now = this.#inputs.value(kind, path);
    if (now === undefined || !sameBytes(now, value)) return this.#changed(path);
    this.#add(kind, path, value);
  }

  /** Nothing could be made at `path`: its folder is missing, or none, or a link there leads to nothing. */
  unmade(path: string, found: Observation): void {
    if (this.refused !== undefined) return;
    const folder = path.slice(0, path.lastIndexOf("/")) || "/";
    // The run made the folder then, and tried again.
    if (found.written.get(folder)?.style === "folder") {
      return this.#add(inputKinds.missing, folder, new Uint8Array(32));
    }
    if (this.#inputs.absent(folder)) return this.#add(inputKinds.absent, folder, new Uint8Array(32));
    this.#add(inputKinds.exists, folder, existsValue(this.#inputs.state(folder)));
    const state = this.#inputs.linkState(path);
    if (typeof state === "number") {
      // In a folder that is there, an absent path could have been made.
      if (state === c.ENOENT) return this.#changed(path);
      return; // ENOTDIR: the folder is none, which stands above
    }
    this.#add(inputKinds.lstat, path, statValue(state));
    this.#add(inputKinds.link_text, path, this.#inputs.value(inputKinds.link_text, path));
    this.#add(inputKinds.absent, path, this.#inputs.value(inputKinds.absent, path));
  }

  refusal(path: string, errno: number): void {
    if (this.refused !== undefined) return;
    const state = this.#inputs.state(path);
    if (state !== errno) this.refused ??= { refusal: "pass_unreadable", what: path };
    else this.#add(inputKinds.refused, path, this.#inputs.value(inputKinds.refused, path));
  }

  /** Absent paths by folder: names that were looked for in the same folders share one list. */
  absences({ absent, written }: Observation): Absences {
    for (const path of written.keys()) {
      if (!absent.has(path)) continue;
      // The run asked, then wrote the path, and the question counts: the same must be met next time, too. Who writes
      // meets a link that leads to nothing, which who asks does not.
      this.#add(inputKinds.missing, path, new Uint8Array(32));
      absent.delete(path);
    }
    const folders = absent.folders.map((folder) => {
      const { row, isMissing } = this.#folder(folder.path);
      // Where the folder itself is not there, no name of it is.
      if (!isMissing && this.refused === undefined) this.#absentIn(folder, absent);
      return row;
    });
    return { folders, ...listsOf(absent) };
  }

  #absentIn(folder: AbsentIn, absent: AbsentPaths): void {
    for (const name of this.#inputs.thereOf(folder.path, folder)) {
      const path = join(folder.path, name);
      if (!this.#inputs.absent(path)) return this.#changed(path);
      // A dangling link: what it leads to may come without a trace in this folder.
      this.#add(inputKinds.absent, path, new Uint8Array(32));
      absent.delete(path);
    }
  }

  #folder(path: string): { row: Absences["folders"][number]; isMissing: boolean } {
    const state = this.#inputs.folderState(path);
    if (typeof state === "number") {
      const isMissing = state === c.ENOENT || state === c.ENOTDIR;
      return { row: { path, gone: true, signature: noSignature }, isMissing };
    }
    const trusted = (state.mode & c.S_IFMT) === c.S_IFDIR &&
      this.#inputs.trusted(path, state, this.#lookedAt);
    const signature = trusted ? this.#inputs.signature(path, state) : noSignature;
    return { row: { path, gone: false, signature }, isMissing: false };
  }
}

function statement(kind: InputKind, path: string, value: Uint8Array, signature: Uint8Array): Input {
  return { kind, path, value, signature };
}

function listsOf(absent: AbsentPaths): Pick<Absences, "lists" | "names"> {
  const lists: number[][] = [], known = new Map<FolderList, number>(), names: Absences["names"] = [];
  for (const [name, folders] of absent.names) {
    let list = known.get(folders);
    if (list === undefined) known.set(folders, list = lists.push(foldersOf(folders)) - 1);
    names.push({ list, name });
  }
  return { lists, names };
}

/** The state that a signature was made of, as far as it goes. */
function stateOf(signature: Uint8Array): FileState {
  const view = new DataView(signature.buffer, signature.byteOffset, signature.length);
  const at = (i: number) => view.getBigUint64(i * 8, true);
  const [dev, ino, size, mtime, ctime, mode] = [0, 1, 2, 3, 4, 5].map(at);
  return { dev, ino, size: Number(size), mtime, ctime, mode: Number(mode), nlink: 1, uid: 0, blocks: 0 };
}
