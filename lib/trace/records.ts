/**
 * Record files: preallocated, because a process that touches a page of a mapping for which the disk has no room
 * is killed (soundness.md 2.1), and pooled, because zeroing 8 MiB for each run would cost more than the trace.
 *
 * @module
 */
import { header, headerWords, traceMagic, traceVersion } from "./format.ts";

/** Twelve times what a unit of 1,000 headers in 40 folders was seen to need. */
export const recordBytes = 8 << 20;

/** Facts of a run that the tracer needs. */
export interface RecordFacts {
  /** Bit n: descriptor n is a terminal. */
  ttys: number;
  /** rows | columns << 16. */
  window: number;
  interpreters: readonly { dev: bigint; ino: bigint }[];
}

/** One record, in use by one run. */
export interface Record {
  readonly path: string;
  /** The used prefix. To be called once the run has ended. */
  read(): Uint8Array;
  /** Gives the file back. Nothing of the run may live on; else call `forget`. */
  release(): void;
  /** Removes the file: a process that still maps it may go on writing, and nobody will read it. */
  forget(): void;
}

interface Slot {
  path: string;
  file: Deno.FsFile;
}

export class RecordPool {
  readonly #folder: string;
  readonly #free: Slot[] = [];
  /** Free and in use. */
  readonly #all = new Set<Slot>();
  #made = 0;

  /** @param folder Ordinary text; must exist and be ours alone. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A zeroed record with its header written. @throws {Error} where the disk has no room for one. */
  take(facts: RecordFacts): Record {
    const slot = this.#free.pop() ?? this.#make();
    writeHeader(slot.file, facts);
    return {
      path: slot.path,
      read: () => used(slot.file),
      release: () => {
        if (!this.#all.has(slot)) return; // the pool was closed meanwhile
        zero(slot.file);
        this.#free.push(slot);
      },
      forget: () => this.#drop(slot),
    };
  }

  #make(): Slot {
    const path = `${this.#folder}/record-${Deno.pid}-${++this.#made}`;
    const slot = {
      path,
      file: Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 }),
    };
    this.#all.add(slot);
    try {
      const zeros = new Uint8Array(1 << 20);
      for (let at = 0; at < recordBytes; at += zeros.length) writeAll(slot.file, zeros);
    } catch (cause) {
      this.#drop(slot);
      throw cause;
    }
    return slot;
  }

  #drop(slot: Slot): void {
    if (!this.#all.delete(slot)) return;
    slot.file.close();
    remove(slot.path);
  }

  /** Removes every file, in use or not; a record in use cannot be read any more. */
  close(): void {
    this.#free.length = 0;
    for (const slot of this.#all) this.#drop(slot);
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

function writeHeader(file: Deno.FsFile, { ttys, window, interpreters }: RecordFacts): void {
  const words = new Uint32Array(headerWords);
  words[header.magic] = traceMagic;
  words[header.version] = traceVersion;
  words[header.capacity] = recordBytes;
  words[header.cursor] = headerWords * 4;
  words[header.ttys] = ttys;
  words[header.window] = window;
  words[header.interpreterCount] = Math.min(interpreters.length, 4);
  const pairs = new BigUint64Array(words.buffer, header.interpreters * 4, 8);
  interpreters.slice(0, 4).forEach(({ dev, ino }, i) => pairs.set([dev, ino], i * 2));
  file.seekSync(0, Deno.SeekMode.Start);
  writeAll(file, new Uint8Array(words.buffer));
}

function used(file: Deno.FsFile): Uint8Array {
  file.seekSync(0, Deno.SeekMode.Start);
  const head = new Uint8Array(headerWords * 4);
  fill(file, head);
  const end = Math.min(new DataView(head.buffer).getUint32(header.cursor * 4, true), recordBytes);
  const bytes = new Uint8Array(Math.max(end, head.length));
  bytes.set(head);
  fill(file, bytes.subarray(head.length));
  return bytes;
}

function fill(file: Deno.FsFile, into: Uint8Array): void {
  for (let at = 0; at < into.length;) {
    const got = file.readSync(into.subarray(at));
    if (got === null) throw new Error("the record is shorter than it was made");
    at += got;
  }
}

function zero(file: Deno.FsFile): void {
  const length = used(file).length;
  file.seekSync(0, Deno.SeekMode.Start);
  writeAll(file, new Uint8Array(length));
}
