/**
 * The index in memory: units by action key, digests of large files by path. It answers every read.
 *
 * A shard's bytes are taken in at the first question about one of its units, and records of the journal are applied in
 * order on top. A shard that is only to be written anew is merged beside the index and never becomes part of it, so that
 * a flush of a large index takes the memory of one shard.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { type Digest, fromHex, hex } from "../base/digest.ts";
import { decode, encode } from "@std/msgpack";
import type { StoredCode } from "./codes.ts";
import type { Encoder } from "./encoder.ts";
import { type FileDigest, FileDigests, fileRecord } from "./file_digests.ts";
import { type Common, HeldShard } from "./held.ts";
import { type JournalRecord, recordKinds } from "./journal.ts";
import { filesShard, shardCount } from "./layout.ts";
import { Units, unsealed } from "./shard.ts";
import { SharedInputs } from "./shared.ts";
import { runThrough, type Steps } from "./slice.ts";
import { Decoded, type Stored } from "./stored.ts";
import type { Unit } from "./unit.ts";

export type { StoredUnit } from "./stored.ts";
export type { FileDigest } from "./file_digests.ts";
export { maxCandidates } from "./held.ts";

/** A shard as it is at one moment, to be written. */
export interface Snapshot {
  value: Uint8Array;
  /** It is in place. */
  written(): void;
}

export class Index {
  readonly #held = new Map<number, HeldShard>();
  /** Of the held: those that somebody asked, and the bytes of their snapshots. */
  readonly #asked = new Set<number>();
  readonly #weights = new Map<number, number>();
  #files: FileDigests | undefined;
  /** Records of shards that are not held. */
  readonly #waiting = new Map<number, JournalRecord[]>();
  /** Shards that differ from their snapshot; those that changed since the last one began. */
  readonly #dirty = new Set<number>();
  readonly #changed = new Set<number>();
  readonly #read: (shard: number) => Uint8Array | undefined;
  readonly #warn: (text: string) => void;
  #ids = 0;
  #epoch = 0;
  /** How often codes have gone, in tables that are held no more. */
  #codesGone = 0;
  readonly #common: Common = {
    shared: new SharedInputs(),
    decoded: new Decoded(),
    byId: new Map(),
    nextId: () => ++this.#ids,
  };

  /** @param read The snapshot of a shard, undefined where there is none. */
  constructor(read: (shard: number) => Uint8Array | undefined, warn: (text: string) => void) {
    this.#read = read;
    this.#warn = warn;
  }

  /** Shards that differ from their snapshot. */
  get dirty(): ReadonlySet<number> {
    return this.#dirty;
  }
  #change(number: number): void {
    this.#dirty.add(number);
    this.#changed.add(number);
  }

  // --- shards --------------------------------------------------------------------------------------------------

  /** The shard with the journal's records for it applied. */
  #shard(number: number): HeldShard {
    let shard = this.#held.get(number);
    if (shard !== undefined) return shard;
    const file = this.#read(number);
    shard = new HeldShard(number, this.#unitsOf(number, file), this.#common);
    this.#weights.set(number, file?.length ?? 0);
    this.#held.set(number, shard);
    for (const record of this.#waiting.get(number) ?? []) this.#apply(shard, record);
    this.#waiting.delete(number);
    return shard;
  }

  /** The shard, because of a question: it stays in memory from now on. */
  #ask(number: number): HeldShard {
    this.#asked.add(number);
    return this.#shard(number);
  }

  #unitsOf(number: number, file: Uint8Array | undefined): Units | undefined {
    return this.#understood(number, file, (value) => new Units(value, this.#common.shared));
  }

  /** What is damaged is nothing, and a warning. */
  #understood<T>(
    number: number,
    file: Uint8Array | undefined,
    read: (value: Uint8Array) => T,
  ): T | undefined {
    if (file === undefined) return undefined;
    const value = unsealed(file);
    if (value === undefined) this.#warn(`shard ${number} is damaged; its results are forgotten`);
    try {
      return value && read(value);
    } catch (cause) {
      this.#warn(`shard ${number} was not understood: ${messageOf(cause)}`);
      return undefined;
    }
  }

  // --- records -------------------------------------------------------------------------------------------------

  /** A record of the journal. Shards that nobody asked for keep it until somebody does. */
  take(record: JournalRecord): void {
    const { shard: number } = record, shard = this.#held.get(number);
    this.#change(number);
    if (number === filesShard && this.#files !== undefined) this.#applyFile(this.#files, record);
    else if (shard !== undefined) this.#apply(shard, record);
    else this.#wait(number, record);
  }

  #wait(number: number, record: JournalRecord): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) this.#waiting.set(number, [record]);
    else waiting.push(record);
  }

  #apply(shard: HeldShard, { kind, body }: JournalRecord): void {
    this.#tryRecord(() => {
      if (kind === recordKinds.unit) {
        const units = new Units(body, this.#common.shared);
        if (units.count === 1 && units.key(0)[0] === shard.number) shard.put({ units, at: 0 }, units.used(0));
      } else if (kind === recordKinds.drop || kind === recordKinds.use) {
        const [key, storedAt, used] = decode(body) as [string, number, number];
        const stored = shard.candidates(fromHex(key)!).find((stored) => stored.storedAt === storedAt);
        if (stored === undefined) return;
        if (kind === recordKinds.use) stored.used = used;
        else shard.drop(stored);
      } else if (kind === recordKinds.file || kind === recordKinds.codes) {
        throw new Error("it is about a file, among units");
      }
    });
  }

  #applyFile(files: FileDigests, { kind, body }: JournalRecord): void {
    if (kind === recordKinds.file) this.#tryRecord(() => files.take(body));
    else if (kind === recordKinds.codes) this.#tryRecord(() => files.codes.add(body));
  }

  #tryRecord(apply: () => void): void {
    try {
      apply();
    } catch (cause) {
      this.#warn(`a journal record was not understood: ${messageOf(cause)}`);
    }
  }

  /** The body of a record about a stored unit: its action key and when it was stored. */
  about(id: number, used: number): { shard: number; body: Uint8Array } | undefined {
    const stored = this.get(id);
    return stored && { shard: stored.key[0], body: encode([hex(stored.key), stored.storedAt, used]) };
  }

  // --- units ---------------------------------------------------------------------------------------------------

  get(id: number): Stored | undefined {
    return this.#common.byId.get(id)?.stored;
  }

  candidates(key: Digest): Stored[] {
    return this.#ask(key[0]).candidates(key);
  }

  /** Whether there may be a unit whose key begins with `start`. */
  mayHold(start: Uint8Array): boolean {
    return this.#ask(start[0]).mayHold(start);
  }

  /** Adds a unit as the newest of its action; one with equal circumstances and statements goes. */
  put(unit: Unit, used: number): Stored {
    const own = { ...unit, inputs: unit.inputs.map((input) => this.#common.shared.shareLasting(input)) };
    this.#change(own.key[0]);
    return this.#ask(own.key[0]).put(own, used);
  }

  /** A unit was used. */
  use(id: number, used: number): void {
    const stored = this.get(id);
    if (stored === undefined) return;
    stored.used = used;
    this.#change(stored.key[0]);
  }

  drop(id: number): void {
    const known = this.#common.byId.get(id);
    if (known === undefined) return;
    known.shard.drop(known.stored);
    this.#change(known.shard.number);
  }

  // --- files ---------------------------------------------------------------------------------------------------

  /** Digests of large files, loaded at the first question. */
  #filesHeld(): FileDigests {
    if (this.#files !== undefined) return this.#files;
    const files = this.#understood(filesShard, this.#read(filesShard), (value) => new FileDigests(value)) ??
      new FileDigests(undefined);
    for (const record of this.#waiting.get(filesShard) ?? []) this.#applyFile(files, record);
    this.#waiting.delete(filesShard);
    return this.#files = files;
  }

  file(path: string): FileDigest | undefined {
    return this.#filesHeld().get(path);
  }

  /** Remembers the digest of a large file, as a record. */
  putFile(path: string, file: FileDigest): JournalRecord {
    this.#filesHeld().set(path, file);
    this.#change(filesShard);
    return { shard: filesShard, kind: recordKinds.file, body: fileRecord(path, file) };
  }

  code(content: Digest): StoredCode | undefined {
    return this.#filesHeld().codes.get(content);
  }

  /** Remembers what contents are as code, as a record. */
  putCodes(rows: Uint8Array): JournalRecord {
    this.#filesHeld().codes.add(rows);
    this.#change(filesShard);
    return { shard: filesShard, kind: recordKinds.codes, body: rows };
  }

  /** The value of the files' snapshot. */
  filesValue(): Uint8Array<ArrayBuffer> {
    return this.#filesHeld().encode();
  }

  // --- walks ---------------------------------------------------------------------------------------------------

  /** Every unit of every shard. Held until `letGo`. */
  *all(): Generator<Stored> {
    for (let number = 0; number < shardCount; number++) yield* this.#shard(number).all();
  }

  /** How many units each shard has; none is held for it. */
  *counts(): Generator<number> {
    for (let number = 0; number < shardCount; number++) {
      const beside = this.#held.get(number) ?? runThrough(this.#beside(number, this.#read(number)));
      yield beside.count;
    }
  }

  // --- snapshots -----------------------------------------------------------------------------------------------

  /** Whether a snapshot of the shard needs no file, because it is in memory. */
  holds(number: number): boolean {
    return number === filesShard || this.#held.has(number);
  }

  /** Bytes of the last snapshot of a shard that is held. */
  weight(number: number): number {
    return this.#weights.get(number) ?? 0;
  }

  /**
   * A shard's value as it is when this begins. What changes from then on keeps it dirty.
   *
   * @param file Its snapshot before, where it is not held: read until the steps are done. The value lies in the encoder.
   */
  *snapshot(number: number, encoder: Encoder, file: Uint8Array | undefined): Steps<Snapshot> {
    this.#changed.delete(number);
    const { value, written } = number === filesShard
      ? { value: this.filesValue(), written: () => {} }
      : yield* (this.#held.has(number)
        ? this.#ofHeld(number, encoder)
        : this.#ofWaiting(number, encoder, file));
    return {
      value,
      written: () => {
        if (!this.#changed.has(number)) this.#dirty.delete(number);
        written();
      },
    };
  }

  *#ofHeld(number: number, encoder: Encoder): Steps<Snapshot> {
    const shard = this.#held.get(number)!, plan = shard.plan(), value = yield* encoder.encode(plan.rows);
    const written = () => {
      if (!this.#asked.has(number) && !this.#dirty.has(number)) return this.#letGo(shard);
      shard.moved(plan, new Units(value.slice(), this.#common.shared));
      this.#weights.set(number, value.length);
    };
    return { value, written };
  }

  *#ofWaiting(number: number, encoder: Encoder, file: Uint8Array | undefined): Steps<Snapshot> {
    const records = this.#waiting.get(number), count = records?.length ?? 0;
    const shard = yield* this.#beside(number, file), value = yield* encoder.encode(shard.plan().rows);
    const written = () => {
      // Who asked meanwhile has the shard of before with these records, which is the same.
      if (records !== undefined && this.#waiting.get(number) === records) records.splice(0, count);
    };
    return { value, written };
  }

  /** What the shard is with the records that wait now, without holding it. */
  *#beside(number: number, file: Uint8Array | undefined): Steps<HeldShard> {
    const records = this.#waiting.get(number)?.slice() ?? [];
    const common = { ...this.#common, byId: new Map(), decoded: new Decoded(1) };
    const shard = new HeldShard(number, this.#unitsOf(number, file), common);
    for (const record of records) {
      this.#apply(shard, record);
      yield;
    }
    return shard;
  }

  /** Lets go of what was held for a walk alone. */
  letGo(): void {
    for (const [number, shard] of this.#held) {
      if (!this.#asked.has(number) && !this.#dirty.has(number)) this.#letGo(shard);
    }
  }

  #letGo(shard: HeldShard): void {
    shard.letGo();
    this.#held.delete(shard.number);
    this.#weights.delete(shard.number);
  }

  /** Changes whenever codes that were there have gone. */
  get codesEpoch(): number {
    return this.#codesGone + this.#filesHeld().codes.forgotten;
  }

  /** Changes whenever everything is let go. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Lets go of everything, because the disk was changed by another process: it is read again when asked for. */
  forget(): void {
    this.#epoch++;
    this.#codesGone += 1 + (this.#files?.codes.forgotten ?? 0);
    this.#held.clear(), this.#asked.clear(), this.#weights.clear(), this.#common.byId.clear();
    this.#waiting.clear(), this.#dirty.clear(), this.#changed.clear();
    this.#files = undefined;
  }
}
