/**
 * Reads a record: events with their strings resolved, in the order in which they happened.
 *
 * A thousand headers make 40,000 events and a few hundred strings; so strings are decoded once, at their definition, and
 * kept from record to record (spellings.ts). Nothing here throws, whatever the bytes: a damaged record is a
 * `problem`, and the run is not stored.
 *
 * @module
 */
import { partsOf, tidy } from "../base/paths.ts";
import {
  clocks,
  doubts,
  type EventName,
  events,
  header,
  headerWords,
  relativeMark,
  signatureWords,
  traceMagic,
  traceVersion,
} from "./format.ts";
import { Spellings } from "./spellings.ts";

interface Common {
  /** Number of the process image. */
  image: number;
  /** 0, or the errno. */
  answer: number;
}
type PathKind =
  | "probe"
  | "absent"
  | "refused"
  | "list"
  | "write_refused"
  | "unlink"
  | "mkdir"
  | "rmdir"
  | "change"
  | "spawn";
type SignedKind = "library" | "script" | "open_read" | "stat" | "lstat";
type WriteKind = "create" | "truncate" | "update" | "append";

export type TraceEvent =
  & Common
  & (
    | { kind: "hello"; pid: number; parent: number; path: string; cwd: string }
    | { kind: "forked" | "spawned" | "goodbye"; pid: number }
    | { kind: "exec" | "exec_failed" | "ungated"; pid: number; path: string }
    | { kind: PathKind; path: string }
    | { kind: SignedKind; path: string; signature: Uint8Array | undefined }
    | { kind: WriteKind; path: string; before: Uint8Array | undefined }
    | { kind: "read_link" | "real_path" | "symlink"; path: string; text: string }
    | { kind: "rename"; path: string; to: string; before: Uint8Array | undefined }
    | { kind: "link"; path: string; to: string }
    | { kind: "environment"; name: string }
    | { kind: "clock"; clock: keyof typeof clocks }
    | { kind: "cwd" | "random" | "identity" }
    | { kind: "odd"; text: string }
  );

const names: (EventName | undefined)[] = [];
for (const name of Object.keys(events) as EventName[]) names[events[name].id] = name;
const clockNames = new Map<number, keyof typeof clocks>(
  (Object.keys(clocks) as (keyof typeof clocks)[]).map((name) => [clocks[name], name]),
);

/** How long the head of a record is; events follow. */
export const headBytes = headerWords * 4;

/** How a record begins that can be believed: how far it goes, or why it cannot. `bytes`: its used prefix, header included. */
export function headOf(bytes: Uint8Array): { problem: string } | { end: number; doubts: number } {
  if (bytes.length < headBytes) return { problem: "the record is shorter than its header" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (index: number) => view.getUint32(index * 4, true);
  if (word(header.magic) !== traceMagic || word(header.version) !== traceVersion) {
    return { problem: "no record of ours" };
  }
  const end = word(header.cursor);
  if (word(header.overflow) !== 0) return { problem: "more questions than the record holds" };
  if (end > bytes.length || end % 4 !== 0 || end < headBytes) return { problem: "the record is cut" };
  return { end, doubts: word(header.doubts) };
}

/**
 * What a whole record says, or why it cannot be believed. `full`: paths below the working folder that were spelled in
 * full.
 */
export function readRecord(
  bytes: Uint8Array,
  cwd: string,
  spellings = new Spellings(),
): { problem: string } | { events: TraceEvent[]; doubts: number; full: Set<string> } {
  const head = headOf(bytes);
  if ("problem" in head) return head;
  const reader = new RecordReader(cwd, spellings), events: TraceEvent[] = [];
  const problem = reader.read(bytes, head.end, (event) => events.push(event));
  return problem === undefined ? { events, doubts: head.doubts, full: reader.full } : { problem };
}

class Damaged extends Error {}

/** A name that is in none of several folders, whose ids are the words from `from` to `to`. */
interface Search extends Common {
  kind: "absent_in";
  ids: Image;
  name: number;
  from: number;
  to: number;
}

/** Names of the doubts in a header word, for people. */
export function doubtNames(bits: number): string[] {
  return Object.entries(doubts).filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name);
}

/** Ids of one process image -> numbers of spellings. */
interface Image {
  folders: number[];
  /** Texts of folders that were spelled from the working folder. */
  cleaned: string[];
  /** Ids of folders below the working folder that were spelled in full. */
  full: Set<number>;
  /** Tidy texts of folders that were searched. */
  tidied: (string | undefined)[];
  /** By its first folder, the longest search: a compiler searches in the same order each time. */
  searches: Map<number, { ids: number[]; folders: string[] }>;
  names: number[];
}

/**
 * Takes a search for one name in the first `count` of several folders, which are tidy. Mostly they are the same ones as
 * those of an earlier search, to which others may have come.
 */
export type TakeSearch = (image: number, folders: readonly string[], name: string, count: number) => void;

/** Reads one record, in as many pieces as it comes in. */
export class RecordReader {
  readonly #images: Image[] = [];
  #words: Uint32Array = new Uint32Array(0);
  /** In words, as `#end`. */
  #at: number = headerWords;
  #end = 0;
  readonly #cwd: string;
  readonly #spellings: Spellings;
  readonly full = new Set<string>();

  constructor(cwd: string, spellings: Spellings) {
    this.#cwd = cwd;
    this.#spellings = spellings;
  }

  /** Up to which byte it has read. */
  get bytes(): number {
    return this.#at * 4;
  }

  /**
   * Gives `take` the events from where it is up to `end`, a byte between two events; or those that begin in the next
   * `most` bytes. Returns what is wrong with them, if so.
   *
   * @param grows The record is being written: where the last event may become longer it is left for the next time.
   * @param search Takes searches as wholes; without it `take` is told of each absence.
   */
  read(
    bytes: Uint8Array,
    end: number,
    take: (event: TraceEvent) => void,
    { most = Infinity, grows = false, search }: { most?: number; grows?: boolean; search?: TakeSearch } = {},
  ): string | undefined {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    this.#words = new Uint32Array(aligned.buffer, aligned.byteOffset, end / 4);
    this.#end = end / 4;
    const stop = Math.min(this.#end, this.#at + most / 4);
    try {
      while (this.#at < stop && !(grows && this.#mayGrow())) {
        const event = this.#next();
        if (event === undefined) continue;
        if (event.kind === "absent_in") this.#spread(event, take, search);
        else take(event);
      }
      return undefined;
    } catch (cause) {
      if (cause instanceof Damaged || cause instanceof RangeError) return `damaged record: ${cause.message}`;
      throw cause;
    }
  }

  /** Whether the next event is the last one and of a kind that becomes longer. */
  #mayGrow(): boolean {
    const first = this.#words[this.#at];
    return names[first & 0xff] === "absent_in" && this.#at + (first >>> 16) >= this.#end;
  }

  /** A search as a whole, or one absence for each of its folders. */
  #spread(
    { image, answer, ids, name, from, to }: Search,
    take: (event: TraceEvent) => void,
    search?: TakeSearch,
  ) {
    const text = search === undefined ? "" : this.#nameOf(ids, name);
    const isPlain = text !== "" && text !== "." && text !== ".." && !text.includes("/");
    if (search !== undefined && isPlain) {
      const folders = this.#foldersSearched(ids, from, to);
      for (let at = ids.full.size > 0 ? from : to; at < to; at++) {
        const folder = this.#words[at];
        if (ids.full.has(folder)) this.#pathOf(ids, folder, name); // which notes how it was spelled
      }
      return search(image, folders, text, to - from);
    }
    for (let at = from; at < to; at++) {
      const folder = this.#words[at], path = this.#pathOf(ids, folder, name);
      take({ kind: "absent", image, answer, path });
    }
  }

  /** Those whose ids are the words from `from` to `to`, and others that came behind them earlier. */
  #foldersSearched(image: Image, from: number, to: number): readonly string[] {
    const words = this.#words;
    let search = image.searches.get(words[from]) ?? { ids: [], folders: [] }, at = from;
    while (at < to && search.ids[at - from] === words[at]) at++;
    if (at < to && at - from < search.ids.length) search = { ids: [], folders: [] }, at = from;
    for (; at < to; at++) search.folders.push(this.#tidyFolder(image, words[at])), search.ids.push(words[at]);
    image.searches.set(words[from], search);
    return search.folders;
  }

  #tidyFolder(image: Image, id: number): string {
    const known = image.tidied[id];
    if (known !== undefined) return known;
    const folder = image.folders[id];
    if (folder === undefined) throw new Damaged("a folder without definition");
    return image.tidied[id] = partsOf(tidy(`${image.cleaned[id] ?? this.#spellings.text(folder)}/x`)).folder;
  }

  #next(): TraceEvent | Search | undefined {
    const start = this.#at, first = this.#words[start];
    const kind = names[first & 0xff], answer = first >>> 8 & 0xff, size = first >>> 16;
    if (kind === undefined || size < 2 || start + size > this.#end) {
      throw new Damaged(`an event of kind ${first & 0xff} and ${size} words at ${start}`);
    }
    const number = this.#words[start + 1];
    const image = this.#images[number] ??= {
      folders: [0],
      cleaned: [],
      full: new Set(),
      tidied: [],
      searches: new Map(),
      names: [0],
    };
    this.#at = start + 2;
    const event = kind === "absent_in"
      ? this.#search(image, number, answer, start + size)
      : this.#payload(kind, image, number, answer);
    if (this.#at !== start + size) throw new Damaged(`an event of ${size} words holds ${this.#at - start}`);
    return event;
  }

  #search(ids: Image, image: number, answer: number, end: number): Search {
    const name = this.#word(), from = this.#at;
    this.#at = end;
    let to = end;
    while (to > from && this.#words[to - 1] === 0) to--; // room that it did not come to need
    return { kind: "absent_in", image, answer, ids, name, from, to };
  }

  #payload(
    kind: Exclude<EventName, "absent_in">,
    ids: Image,
    image: number,
    answer: number,
  ): TraceEvent | undefined {
    switch (kind) {
      case "define_folder":
        this.#folder(ids);
        return undefined;
      case "define_name":
        ids.names[this.#word()] = this.#number();
        return undefined;
      case "hello":
        return {
          kind,
          image,
          answer,
          pid: this.#word(),
          parent: this.#word(),
          path: this.#path(ids),
          cwd: this.#text(),
        };
      case "forked":
      case "spawned":
      case "goodbye":
        return { kind, image, answer, pid: this.#word() };
      case "exec":
      case "exec_failed":
      case "ungated":
        return { kind, image, answer, pid: this.#word(), path: this.#path(ids) };
      case "library":
      case "script":
      case "open_read":
      case "stat":
      case "lstat":
        return { kind, image, answer, path: this.#path(ids), signature: this.#signature() };
      case "create":
      case "truncate":
      case "update":
      case "append":
        return { kind, image, answer, path: this.#path(ids), before: this.#signature() };
      case "read_link":
      case "real_path":
      case "symlink":
        return { kind, image, answer, path: this.#path(ids), text: this.#text() };
      case "rename":
        return { kind, image, answer, path: this.#path(ids), to: this.#path(ids), before: this.#signature() };
      case "link":
        return { kind, image, answer, path: this.#path(ids), to: this.#path(ids) };
      case "environment":
        return { kind, image, answer, name: this.#name(ids) };
      case "clock": {
        const clock = clockNames.get(answer);
        if (clock === undefined) throw new Damaged(`clock ${answer}`);
        return { kind, image, answer, clock };
      }
      case "cwd":
      case "random":
      case "identity":
        return { kind, image, answer };
      case "odd":
        return { kind, image, answer, text: this.#text() };
      default:
        return { kind, image, answer, path: this.#path(ids) };
    }
  }

  #word(): number {
    if (this.#at >= this.#end) throw new Damaged("an event is cut");
    return this.#words[this.#at++];
  }

  /** The number of a text's spelling. */
  #number(): number {
    const length = this.#word(), start = this.#at, size = Math.ceil(length / 4);
    if (start + size > this.#end) throw new Damaged("a text is cut");
    this.#at += size;
    return this.#spellings.number(this.#words, start, length);
  }

  #text(): string {
    return this.#spellings.text(this.#number());
  }

  #folder(image: Image): void {
    const id = this.#word(), number = this.#number();
    if (image.folders[id] !== undefined) throw new Damaged("a folder that is defined twice");
    image.folders[id] = number;
    const text = this.#spellings.text(number), mark = text.indexOf(relativeMark);
    if (mark >= 0) {
      image.cleaned[id] = text.slice(0, mark) + text.slice(mark + relativeMark.length - 1);
    } else if (text.endsWith(relativeMark.slice(0, -1))) { // the mark's slash parts folder and name
      image.cleaned[id] = text.slice(0, 1 - relativeMark.length);
    } else if (text === this.#cwd || text.startsWith(this.#cwd + "/")) image.full.add(id);
  }

  #name(image: Image): string {
    return this.#nameOf(image, this.#word());
  }

  #nameOf(image: Image, id: number): string {
    const name = image.names[id];
    if (name === undefined) throw new Damaged("a name without definition");
    return this.#spellings.text(name);
  }

  #path(image: Image): string {
    return this.#pathOf(image, this.#word(), this.#word());
  }

  #pathOf(image: Image, id: number, nameId: number): string {
    const folder = image.folders[id], name = image.names[nameId];
    if (folder === undefined || name === undefined) throw new Damaged("a path without definition");
    const path = this.#spellings.path(folder, name, image.cleaned[id]);
    if (image.full.has(id)) this.full.add(path);
    return path;
  }

  /** 48 bytes as in lib/os/statx.ts, or undefined for "nothing" (all zero). */
  #signature(): Uint8Array | undefined {
    const start = this.#at, words = this.#words;
    this.#at += signatureWords;
    if (this.#at > this.#end) throw new Damaged("a signature is cut");
    let any = 0;
    for (let at = start; at < this.#at; at++) any |= words[at];
    if (any === 0) return undefined;
    return this.#spellings.signature(words, start, signatureWords);
  }
}
