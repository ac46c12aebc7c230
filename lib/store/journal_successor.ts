/**
 * The journal that will take the place of the present one, without the records that are in the shards by now.
 *
 * What is kept is copied piece by piece while the present journal goes on, so that the lock, under which the names are
 * changed, is held for the last piece alone.
 *
 * @module
 */
import { removeIfThere, temporaryName } from "./files.ts";
import { generationOf, journalHead, journalHeadBytes, replayRecords } from "./journal.ts";

/** Copied at once: some 100 µs. A record may be longer. */
const pieceBytes = 256 << 10;

export class Successor {
  readonly #path: string;
  readonly #staged: string;
  readonly #source: Deno.FsFile | undefined;
  readonly #file: Deno.FsFile;
  #at: number;
  #bytes: number;
  #renamed = false;
  readonly generation: bigint | undefined;
  /** The shards that it speaks of. */
  readonly shards = new Set<number>();

  /** @throws {Error} where it cannot be begun; then nothing of it is left. */
  constructor(folder: string, path: string, from: number) {
    this.#path = path;
    this.#at = Math.max(from, journalHeadBytes);
    this.#staged = temporaryName(folder);
    this.#file = Deno.openSync(this.#staged, { write: true, createNew: true, mode: 0o600 });
    try {
      this.#source = openIfThere(path);
      const head = journalHead();
      writeWhole(this.#file, head);
      this.generation = generationOf(head);
      this.#bytes = head.length;
    } catch (cause) {
      this.close();
      throw cause;
    }
  }

  /** How long it is so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether more than a piece of the journal, `end` bytes long, was not looked at yet. */
  isBehind(end: number): boolean {
    return end - this.#at > pieceBytes;
  }

  /** Copies those records of the next piece that are about one of the shards. */
  copyPiece(shards: ReadonlySet<number>, end: number): void {
    const before = this.#at;
    for (let length = pieceBytes; this.#at === before && this.#at < end; length *= 2) {
      const bytes = this.#read(Math.min(length, end - before));
      this.#copy(bytes, shards);
      // Damaged since it was read: nothing behind it would be read again either.
      if (this.#at === before && bytes.length === end - before) this.#at = end;
    }
  }

  /** Copies all that is left. */
  copy(shards: ReadonlySet<number>, end: number): void {
    while (this.#at < end) this.copyPiece(shards, end);
  }

  #read(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#source?.seekSync(this.#at, Deno.SeekMode.Start);
    for (let filled = 0; filled < length;) {
      const count = this.#source?.readSync(bytes.subarray(filled)) ?? null;
      if (count === null) throw new Error(`the journal ends before byte ${this.#at + length}`);
      filled += count;
    }
    return bytes;
  }

  #copy(bytes: Uint8Array, shards: ReadonlySet<number>): void {
    const { end } = replayRecords(bytes, 0, ({ shard }, from, to) => {
      if (!shards.has(shard)) return;
      writeWhole(this.#file, bytes.subarray(from, to));
      this.#bytes += to - from;
      this.shards.add(shard);
    });
    this.#at += end;
  }

  /** What was copied is on the disk when this returns. */
  flush(): void {
    this.#file.syncDataSync();
  }
  /** The same without holding anybody up. */
  async flushAside(): Promise<void> {
    await this.#file.syncData();
  }

  /** Takes the journal's name. */
  rename(): void {
    Deno.renameSync(this.#staged, this.#path);
    this.#renamed = true;
  }

  /** Nothing of it is left, unless it took its place. */
  close(): void {
    this.#source?.close();
    this.#file.close();
    if (!this.#renamed) removeIfThere(this.#staged);
  }
}

function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

function openIfThere(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return undefined;
    throw cause;
  }
}
