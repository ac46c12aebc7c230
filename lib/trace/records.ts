/**
 * Record files: preallocated, because a process that touches a page of a mapping for which the disk has no room
 * is killed (soundness.md 2.1), and pooled, because zeroing 8 MiB for each run would cost more than the trace. We map them
 * as the traced processes do: header, reading and zeroing by system calls took as long as the events to be understood.
 *
 * @module
 */
import { fromText } from "../base/bytes.ts";
import { mapFile, readHead } from "../os/mod.ts";
import { header, headerWords, mostForeseen, traceMagic, traceVersion } from "./format.ts";

/** Twelve times what a unit of 1,000 headers in 40 folders was seen to need. */
export const recordBytes = 8 << 20;

const mostAttempts = 100;

/** Facts of a run that the tracer needs. */
export interface RecordFacts {
  /** Bit n: descriptor n is a terminal. */
  ttys: number;
  /** rows | columns << 16. */
  window: number;
  interpreters: readonly { dev: bigint; ino: bigint }[];
  /** Whether compilers may list the folders in which they search for headers, instead of asking for each name. */
  lists: boolean;
}

/** One record, in use by one run. */
export interface Record {
  readonly path: string;
  /** The used prefix, from a byte on, or up to one. Once the run has ended it is whole; before, processes may still write into it. */
  read(from?: number, to?: number): Uint8Array<ArrayBuffer>;
  /** Whether it says the same as `bytes` behind its head, up to `end`: a multiple of 4, as are the bytes' place. */
  agrees(bytes: Uint8Array<ArrayBuffer>, end: number): boolean;
  /** Gives the file back. Nothing of the run may live on; else call `forget`. */
  release(): void;
  /** Removes the file: a process that still maps it may go on writing, and nobody will read it. */
  forget(): void;
}

interface Slot {
  path: string;
  /** The whole record, as whoever runs sees it. */
  bytes: Uint8Array<ArrayBuffer>;
  unmap(): void;
}

export class RecordPool {
  readonly #folder: string;
  readonly #bytes: number;
  readonly #label: string;
  readonly #free: Slot[] = [];
  /** Free and in use. */
  readonly #all = new Set<Slot>();
  #made = 0;

  /**
   * @param folder Ordinary text; must exist and be ours alone.
   * @param bytes Size of each record.
   * @param label Stands in the records' names: whose they are.
   */
  constructor(folder: string, bytes = recordBytes, label = "") {
    this.#folder = folder;
    this.#bytes = bytes;
    this.#label = label === "" ? "" : `${label}-`;
  }

  /** A zeroed record with its header written. @throws {Error} where the disk has no room for one. */
  take(facts: RecordFacts): Record {
    const slot = this.#free.pop() ?? this.#make();
    writeHeader(slot.bytes, facts);
    return {
      path: slot.path,
      read: (from = 0, to = Infinity) => {
        if (!this.#all.has(slot)) throw new Error("the record is gone");
        return slot.bytes.slice(from, Math.min(to, usedBytes(slot.bytes)));
      },
      agrees: (bytes, end) => this.#all.has(slot) && agree(slot.bytes, bytes, end),
      release: () => {
        if (!this.#all.has(slot)) return; // the pool was closed meanwhile
        slot.bytes.fill(0, 0, usedBytes(slot.bytes));
        this.#free.push(slot);
      },
      forget: () => this.#drop(slot),
    };
  }

  #make(): Slot {
    const { path, file: opened } = this.#create();
    using file = opened;
    try {
      writeZeros(file, this.#bytes);
      const mapped = mapFile(fromText(path), this.#bytes);
      if (typeof mapped === "number") throw new Error(`the record cannot be mapped (errno ${mapped})`);
      const slot = { path, ...mapped };
      this.#all.add(slot);
      return slot;
    } catch (cause) {
      remove(path);
      throw cause;
    }
  }

  /** A new file; a process of another pid namespace may have a name that would be ours. */
  #create(): { path: string; file: Deno.FsFile } {
    for (let attempts = 0;; attempts++) {
      const path = `${this.#folder}/record-${this.#label}${Deno.pid}-${++this.#made}`;
      try {
        return { path, file: Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }) };
      } catch (cause) {
        if (!(cause instanceof Deno.errors.AlreadyExists) || attempts === mostAttempts) throw cause;
      }
    }
  }

  #drop(slot: Slot): void {
    if (!this.#all.delete(slot)) return;
    slot.unmap();
    remove(slot.path);
  }

  /** Removes every file, in use or not; a record in use cannot be read any more. */
  close(): void {
    this.#free.length = 0;
    for (const slot of this.#all) this.#drop(slot);
  }
}

/** What a launcher wrote into the record of a run that went as was foreseen. */
export interface Left {
  wallUs: bigint;
  /** Of each output, in the order in which they were foreseen; 0: there are fewer. */
  modes: number[];
  record: Record;
}

/** The record of a process that has died (ordinary text), and what its launcher wrote; undefined: it had not ended so. */
export function leftIn(path: string): Left | undefined {
  const head = readHead(fromText(path), headerWords * 4);
  if (head === undefined || head.length < headerWords * 4) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const word = (index: number) => view.getUint32(index * 4, true);
  if (word(header.magic) !== traceMagic || word(header.version) !== traceVersion || word(header.left) !== 1) {
    return undefined;
  }
  const bytes = readHead(fromText(path), word(header.cursor))?.slice();
  if (bytes === undefined) return undefined;
  return {
    wallUs: view.getBigUint64(header.wall * 4, true),
    modes: Array.from({ length: mostForeseen }, (_, i) => word(header.modes + i)),
    record: { ...recordOf(bytes), path, forget: () => remove(path) },
  };
}

/** A record that is read already. */
export function recordOf(bytes: Uint8Array<ArrayBuffer>): Record {
  return {
    path: "",
    read: (from = 0, to = Infinity) => bytes.slice(from, Math.min(to, bytes.length)),
    agrees: (others, end) => agree(bytes, others, end),
    release() {},
    forget() {},
  };
}

/** Whether two records say the same behind their heads, up to a byte. */
function agree(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>, end: number): boolean {
  if (a.length < end || b.length < end) return false;
  const ours = new Uint32Array(a.buffer, a.byteOffset, end / 4),
    theirs = new Uint32Array(b.buffer, b.byteOffset, end / 4);
  for (let i = headerWords; i < ours.length; i++) if (ours[i] !== theirs[i]) return false;
  return true;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
}

function writeZeros(file: Deno.FsFile, size: number): void {
  const zeros = new Uint8Array(1 << 20);
  for (let at = 0; at < size;) at += file.writeSync(zeros.subarray(0, size - at));
}

function writeHeader(bytes: Uint8Array, { ttys, window, interpreters, lists }: RecordFacts): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, headerWords);
  words[header.magic] = traceMagic;
  words[header.version] = traceVersion;
  words[header.capacity] = bytes.length;
  words[header.cursor] = headerWords * 4;
  words[header.ttys] = ttys;
  words[header.window] = window;
  words[header.lists] = Number(lists);
  words[header.interpreterCount] = Math.min(interpreters.length, 4);
  const pairs = new BigUint64Array(bytes.buffer, bytes.byteOffset + header.interpreters * 4, 8);
  interpreters.slice(0, 4).forEach(({ dev, ino }, i) => pairs.set([dev, ino], i * 2));
}

/** How much of a record is in use: the cursor of a full one may stand behind its end. */
function usedBytes(bytes: Uint8Array): number {
  const cursor = new DataView(bytes.buffer, bytes.byteOffset).getUint32(header.cursor * 4, true);
  return Math.max(Math.min(cursor, bytes.length), headerWords * 4);
}
