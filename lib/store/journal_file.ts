/**
 * The journal as a file that several processes append to and any of them may rewrite.
 *
 * A process knows up to which byte of which journal (its generation) its index has taken records in. Before it appends or
 * rewrites it catches up with what others did. Where another journal stands in the place, someone has moved the records
 * into the shards, or the folder was replaced: then the index must be read anew.
 *
 * All methods but `read` and `flush` are called under the store's lock.
 *
 * @module
 */
import { flushFolder, readIfThere, removeIfThere } from "./files.ts";
import {
  encodeRecord,
  generationOf,
  journalHead,
  journalHeadBytes,
  type JournalRecord,
  replay,
  replayRecords,
} from "./journal.ts";
import { Successor } from "./journal_successor.ts";

export interface JournalReader {
  /** A record that is not in the index yet. */
  record(record: JournalRecord): void;
  /** What came from disk so far is out of date. */
  replaced(): void;
  warn(text: string): void;
}

export class JournalFile {
  readonly #folder: string;
  readonly #path: string;
  readonly #reader: JournalReader;
  #end = 0;
  #generation: bigint | undefined;
  readonly #shards = new Set<number>();

  /** @param folder The store's. @param path The journal's, as ordinary text. */
  constructor(folder: string, path: string, reader: JournalReader) {
    this.#folder = folder;
    this.#path = path;
    this.#reader = reader;
  }

  /** How long it is, as far as we know. */
  get bytes(): number {
    return this.#end;
  }
  /** The shards that it speaks of. */
  get shards(): ReadonlySet<number> {
    return this.#shards;
  }

  /**
   * Takes in what is there, without the lock: a last record may be half written at this moment, so that nothing is cut.
   *
   * @returns Why reading stopped before the end.
   */
  read(): string | undefined {
    const bytes = readIfThere(this.#path, this.#end);
    return bytes && this.#takeIn(bytes);
  }

  /** @param bytes From where we are on. */
  #takeIn(bytes: Uint8Array): string | undefined {
    const visit = (record: JournalRecord) => {
      this.#reader.record(record);
      this.#shards.add(record.shard);
    };
    if (this.#end === 0) this.#generation ??= generationOf(bytes);
    const { end, torn } = this.#end === 0 ? replay(bytes, 0, visit) : replayRecords(bytes, 0, visit);
    this.#end += end;
    return torn;
  }

  #forget(): void {
    this.#reader.replaced();
    this.#end = 0;
    this.#generation = undefined;
    this.#shards.clear();
  }

  /** Takes in what other processes did, and cuts a torn tail. */
  catchUp(): void {
    const file = open(this.#path, { read: true, write: true });
    if (file === undefined) return this.#generation === undefined ? undefined : this.#forget();
    try {
      this.#catchUp(file);
    } finally {
      file.close();
    }
  }

  #catchUp(file: Deno.FsFile): void {
    const head = new Uint8Array(journalHeadBytes);
    const generation = file.readSync(head) === head.length ? generationOf(head) : undefined;
    if (generation !== this.#generation) this.#forget();
    const size = file.seekSync(0, Deno.SeekMode.End);
    if (size < this.#end) this.#forget(); // a copy of this very journal from earlier
    if (size === this.#end) return;
    const torn = this.#takeIn(readIfThere(this.#path, this.#end) ?? new Uint8Array(0));
    if (this.#end === size) return;
    if (torn !== undefined) this.#reader.warn(`journal cut at byte ${this.#end}: ${torn}`);
    file.truncateSync(this.#end);
  }

  /**
   * Appends a record with one write; others' records before it are taken in first.
   *
   * @throws {Error} where it cannot be written whole; then nothing of it is left.
   */
  append(record: JournalRecord): void {
    const file = Deno.openSync(this.#path, { read: true, append: true, create: true, mode: 0o600 });
    try {
      this.#catchUp(file);
      const bytes = encodeRecord(record), head = this.#end === 0 ? journalHead() : new Uint8Array(0);
      const whole = head.length === 0 ? bytes : new Uint8Array(head.length + bytes.length);
      if (whole !== bytes) whole.set(head), whole.set(bytes, head.length);
      if (file.writeSync(whole) !== whole.length) {
        file.truncateSync(this.#end);
        throw new Error("the journal could not be written whole");
      }
      this.#generation ??= generationOf(head);
      this.#end += whole.length;
      this.#shards.add(record.shard);
    } finally {
      file.close();
    }
  }

  /** Makes what was appended last through a power cut, without holding anybody up. */
  async flush(): Promise<void> {
    const file = open(this.#path, { write: true });
    if (file === undefined) return;
    try {
      await file.syncData();
    } finally {
      file.close();
    }
  }

  /** What will take its place, without all before the byte `from`, a place where we have been. To be closed. */
  successor(from = 0): Successor {
    return new Successor(this.#folder, this.#path, from);
  }

  /**
   * Puts a successor in its place, with the records of those shards alone. Caught up, and it is the journal still of which
   * the successor was made.
   */
  replaceBy(successor: Successor, shards: ReadonlySet<number>): void {
    successor.copy(shards, this.#end);
    successor.rename();
    this.#end = successor.bytes;
    this.#generation = successor.generation;
    this.#shards.clear();
    for (const shard of successor.shards) this.#shards.add(shard);
  }

  /** Replaces the journal by one with the records of those shards alone, on the disk when this returns. */
  keepOnly(shards: ReadonlySet<number>): void {
    const successor = this.successor();
    try {
      successor.copy(shards, this.#end);
      successor.flush();
      this.replaceBy(successor, shards);
    } finally {
      successor.close();
    }
    flushFolder(this.#path.slice(0, this.#path.lastIndexOf("/")));
  }

  /** Removes it. */
  remove(): void {
    removeIfThere(this.#path);
    this.#end = 0;
    this.#generation = undefined;
    this.#shards.clear();
  }
}

function open(path: string, options: Deno.OpenOptions): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, options);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return undefined;
    throw cause;
  }
}
