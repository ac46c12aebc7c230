/**
 * The store: what runs left behind, and under which statements it is valid. All that other folders may import.
 *
 * The maps in memory are the truth while a process lives. A put is in memory at once, appended to the journal before
 * `put` returns (so a kill loses nothing), and queued in the WAL, whose ticker commits it: snapshots of the shards that
 * changed, then the journal without what they hold.
 *
 * A daemon takes in every shard at its start; a one-shot reads the journal and the shard it asks. Both append under one
 * lock and take in what others appended before their own record, so they may work on one folder side by side.
 *
 * Between reading and changing the index there is no `await`.
 *
 * @module
 */
import { type Clock, systemClock } from "../base/clock.ts";
import type { Digest } from "../base/digest.ts";
import { fromText } from "../base/bytes.ts";
import { addCounters, type Counters, readCounters, writeCounters } from "./counters.ts";
import { budgetOf, victims } from "./eviction.ts";
import { fileState, readIfThere, removeIfThere, replaceFile, temporaryName } from "./files.ts";
import { underLock } from "./guard.ts";
import { type FileDigest, Index, type StoredUnit } from "./index.ts";
import { encodeRecord, journalMagic, type JournalRecord, recordKinds, replay } from "./journal.ts";
import { filesShard, names, shardCount } from "./layout.ts";
import { Objects } from "./objects.ts";
import { preparePlace, sweepStaged } from "./place.ts";
import { encodeShard, encodeUnits, sealed } from "./shard.ts";
import type { Unit } from "./unit.ts";
import { Wal } from "./wal.ts";

export type { StoredUnit } from "./index.ts";
export type { Counters } from "./counters.ts";
export { readCounters } from "./counters.ts";

export interface StoreOptions {
  /** `<cache>/v1` as ordinary text. */
  folder: string;
  mode: "daemon" | "one-shot";
  flushMs: number;
  maxPending: number;
  /** What the user allows; by default a share of the volume. */
  budgetBytes?: number;
  /** Drain, flush and end. */
  signal: AbortSignal;
  log: { info(text: string): void; warn(text: string): void };
  /** ms since 1970. */
  now(): number;
  clock?: Pick<Clock, "every">;
}

/** While the dirty shards are smaller each tick rewrites them; beyond, the journal alone is made durable (decisions.md 18). */
const smallBytes = 8 << 20;
/** A one-shot that leaves the journal longer rewrites the shards it names. */
const longJournalBytes = 1 << 20;
/** Use is noted at most this often: finer order would change nothing that is dropped, and each note is a record. */
const noteUseMs = 3_600_000;
const evictEveryMs = 300_000;
/** Work between two turns of the event loop. */
const sliceMs = 10;

export class Store {
  readonly #options: StoreOptions;
  readonly #folder: string;
  readonly #index: Index;
  readonly #objects: Objects;
  readonly #wal: Wal<true>;
  readonly #writable: boolean;
  readonly #snapshots = new Map<number, Uint8Array>();
  /** How much of the journal is in the index, and which file it was. */
  #journalEnd = 0;
  #journalInode = 0n;
  /** Shards that the journal speaks of. */
  readonly #journalled = new Set<number>();
  #counted = new Map<string, number>();
  #recent: string[] = [];
  #stopEviction: () => void = () => {};

  /** @throws {CacheError} where the folder cannot be used. */
  static open(options: StoreOptions): Store {
    return new Store(options);
  }

  private constructor(options: StoreOptions) {
    this.#options = options;
    this.#folder = options.folder;
    this.#writable = preparePlace(options.folder) === "writable";
    this.#objects = new Objects(options.folder, options.log);
    this.#index = new Index((shard) => this.#snapshot(shard), (text) => options.log.warn(text));
    if (this.#writable) sweepStaged(options.folder, options.now());
    if (options.mode === "daemon") this.#loadAll();
    this.#takeIn(readIfThere(this.#path(names.journal)) ?? new Uint8Array(0));
    this.#index.dirty.clear(); // the journal says it already; the next commit of a shard adds its records
    for (const shard of this.#journalled) this.#index.dirty.add(shard);
    const clock = options.clock ?? systemClock;
    const { flushMs, maxPending, signal, log } = options;
    this.#wal = new Wal({ flushMs, maxPending, clock, signal, log, commit: (_, last) => this.#commit(last) });
    if (options.mode === "daemon") {
      this.#stopEviction = clock.every(evictEveryMs, () => this.evict());
      signal.addEventListener("abort", () => this.#stopEviction(), { once: true });
    }
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`;
  }

  #loadAll(): void {
    for (let shard = 0; shard <= shardCount; shard++) {
      const bytes = readIfThere(this.#path(names.shard(shard)));
      if (bytes !== undefined) this.#snapshots.set(shard, bytes);
    }
  }

  #snapshot(shard: number): Uint8Array | undefined {
    const bytes = this.#snapshots.get(shard) ?? readIfThere(this.#path(names.shard(shard)));
    this.#snapshots.delete(shard);
    return bytes;
  }

  /** Why nothing is stored, if so. */
  get readOnly(): boolean {
    return !this.#writable;
  }
  get flushing(): boolean {
    return this.#wal.flushing;
  }
  /** Resolves once the abort signal has drained and flushed everything. */
  get closed(): Promise<void> {
    return this.#wal.closed;
  }

  /** Units stored for an action, newest first. Damage is fewer units, and a warning. */
  candidates(key: Digest): StoredUnit[] {
    return this.#index.candidates(key);
  }

  /**
   * Stores a unit; one with equal circumstances and statements is replaced. Once this returns a kill loses nothing.
   *
   * @throws {Error} where the journal cannot be written; the unit then serves this process only.
   */
  put(unit: Unit): void {
    if (!this.#writable) return;
    const now = this.#options.now(), body = encodeUnits([{ unit, used: now }]);
    this.#append({ shard: unit.key[0], kind: recordKinds.unit, body });
    this.#index.put(unit, now);
    this.#wal.enqueue(`unit ${unit.key.join()} ${unit.storedAt}`, true);
  }

  /** Forgets a unit, because its result is damaged. */
  drop(id: number): void {
    const about = this.#index.about(id, 0);
    this.#index.drop(id);
    if (about !== undefined) this.#note({ ...about, kind: recordKinds.drop }, `drop ${id}`);
  }

  /** A unit was delivered. */
  touch(id: number): void {
    const stored = this.#index.get(id), now = this.#options.now();
    if (stored === undefined || now - stored.used < noteUseMs) return;
    stored.used = now;
    const about = this.#index.about(id, now);
    if (about !== undefined) this.#note({ ...about, kind: recordKinds.use }, `use ${id}`);
  }

  /** Digest of a large file, by path (byte string). */
  memo(path: string): FileDigest | undefined {
    return this.#index.file(path);
  }
  remember(path: string, signature: Uint8Array, digest: Digest): void {
    this.#note(this.#index.putFile(path, { signature, digest }), `file ${path}`);
  }

  /** A record without which nothing is wrong. */
  #note(record: JournalRecord, key: string): void {
    if (!this.#writable) return;
    try {
      this.#append(record);
      this.#wal.enqueue(key, true);
    } catch (cause) {
      this.#options.log.warn(`cannot note "${key}": ${cause instanceof Error ? cause.message : cause}`);
    }
  }

  /** Where the launcher may stage a blob (byte string). */
  stagingName(): string {
    return fromText(temporaryName(this.#folder));
  }
  /** Names a staged blob by its content. @throws {Error} where it cannot be kept. */
  commitBlob(staged: string): { digest: Digest; size: number } {
    return this.#objects.commit(staged);
  }
  putBlob(bytes: Uint8Array): Digest {
    return this.#objects.put(bytes);
  }
  /** Path of a blob whose bytes are right, else undefined. */
  blobPath(digest: Digest): string | undefined {
    return this.#objects.path(digest);
  }

  // --- the journal ---------------------------------------------------------------------------------------------

  #append(record: JournalRecord): void {
    const bytes = encodeRecord(record);
    underLock(this.#path(names.lock), () => {
      this.#takeInForeign();
      const file = Deno.openSync(this.#path(names.journal), { append: true, create: true, mode: 0o600 });
      try {
        const head = this.#journalEnd === 0 ? journalMagic : new Uint8Array(0);
        const whole = new Uint8Array(head.length + bytes.length);
        whole.set(head);
        whole.set(bytes, head.length);
        if (file.writeSync(whole) !== whole.length) {
          file.truncateSync(this.#journalEnd);
          throw new Error("the journal could not be written whole");
        }
        this.#journalEnd += whole.length;
        this.#journalled.add(record.shard);
      } finally {
        file.close();
      }
    });
    if (this.#journalInode === 0n) this.#journalInode = fileState(this.#path(names.journal))?.ino ?? 0n;
  }

  /** Takes in what other processes appended; cuts a torn tail. Under the lock. */
  #takeInForeign(): void {
    const state = fileState(this.#path(names.journal));
    if (state !== undefined && state.ino === this.#journalInode && state.size === this.#journalEnd) return;
    if (state === undefined || state.ino !== this.#journalInode || state.size < this.#journalEnd) {
      // Another process has moved the records into the shards, or the folder was replaced.
      this.#journalEnd = 0;
      this.#journalled.clear();
      this.#snapshots.clear();
      this.#index.forgetClean();
    }
    this.#journalInode = state?.ino ?? 0n;
    if (state === undefined) return;
    const bytes = readIfThere(this.#path(names.journal))!;
    this.#takeIn(bytes);
    if (this.#journalEnd < bytes.length && this.#writable) {
      Deno.truncateSync(this.#path(names.journal), this.#journalEnd);
    }
  }

  #takeIn(bytes: Uint8Array): void {
    const { end, torn } = replay(bytes, this.#journalEnd, (record) => {
      this.#index.take(record);
      this.#journalled.add(record.shard);
    });
    this.#journalEnd = end;
    this.#journalInode ||= fileState(this.#path(names.journal))?.ino ?? 0n;
    if (torn !== undefined) this.#options.log.warn(`journal cut at byte ${end}: ${torn}`);
  }

  // --- commits -------------------------------------------------------------------------------------------------

  /** Commits what waits now. Resolves to the number of records. */
  flush(): Promise<number> {
    return this.#wal.flush();
  }

  async #commit(last: boolean): Promise<void> {
    if (!this.#writable) return;
    this.#writeCounters();
    if (this.#options.mode === "one-shot") return this.#commitOneShot();
    const dirty = [...this.#index.dirty];
    if (dirty.length === 0) return;
    let weight = this.#journalEnd, all = 0;
    for (const shard of dirty) weight += this.#index.weight(shard);
    for (let shard = 0; shard < shardCount; shard++) all += this.#index.weight(shard);
    if (!last && weight > smallBytes && this.#journalEnd < all / 4) return this.#flushJournal();
    let began = performance.now();
    for (const shard of dirty) {
      this.#writeShard(shard);
      if (last || performance.now() - began < sliceMs) continue;
      await new Promise((resolve) => setTimeout(resolve, 0));
      began = performance.now();
    }
    underLock(this.#path(names.lock), () => this.#retire());
  }

  /** Under the lock all along, so that no other one-shot's record is lost between the shards and the journal. */
  #commitOneShot(): void {
    if (this.#journalEnd < longJournalBytes) return;
    underLock(this.#path(names.lock), () => {
      this.#takeInForeign();
      for (const shard of [...this.#journalled]) this.#writeShard(shard);
      this.#retire();
    });
    this.evict();
  }

  #flushJournal(): void {
    const file = Deno.openSync(this.#path(names.journal), { write: true });
    try {
      file.syncDataSync();
    } finally {
      file.close();
    }
  }

  #writeShard(shard: number): void {
    const bytes = shard === filesShard
      ? sealed(this.#index.filesValue())
      : encodeShard(this.#index.rows(shard));
    this.#index.dirty.delete(shard);
    try {
      replaceFile(this.#folder, this.#path(names.shard(shard)), bytes);
    } catch (cause) {
      this.#index.dirty.add(shard);
      throw cause;
    }
    this.#index.weigh(shard, bytes.length);
  }

  /** The journal without the records of shards that are written. Under the lock. */
  #retire(): void {
    this.#takeInForeign();
    const path = this.#path(names.journal), bytes = readIfThere(path) ?? new Uint8Array(0);
    const kept: Uint8Array[] = [journalMagic];
    this.#journalled.clear();
    replay(bytes, 0, ({ shard }, start, end) => {
      if (!this.#index.dirty.has(shard)) return;
      kept.push(bytes.subarray(start, end));
      this.#journalled.add(shard);
    });
    const whole = new Uint8Array(kept.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of kept) whole.set(part, at), at += part.length;
    replaceFile(this.#folder, path, whole);
    this.#journalEnd = whole.length;
    this.#journalInode = fileState(path)?.ino ?? 0n;
  }

  // --- counters, size, eviction --------------------------------------------------------------------------------

  /** Adds to counters; `outcome` joins the last runs. Written with the next commit. */
  count(counters: Iterable<readonly [string, number]>, outcome: string): void {
    for (const [name, n] of counters) this.#counted.set(name, (this.#counted.get(name) ?? 0) + n);
    this.#recent.push(outcome);
    this.#wal.enqueue("counters", true);
  }

  #writeCounters(): void {
    if (this.#recent.length === 0) return;
    const counted = this.#counted, recent = this.#recent;
    underLock(this.#path(names.lock), () => {
      writeCounters(
        this.#folder,
        addCounters(readCounters(this.#folder, this.#options.now()), counted, recent),
      );
    });
    this.#counted = new Map(), this.#recent = [];
  }

  /** Counters of all processes, with ours that are not written yet. */
  counters(): Counters {
    return addCounters(readCounters(this.#folder, this.#options.now()), this.#counted, this.#recent);
  }
  /** Starts counting anew. */
  resetCounters(): void {
    this.#counted = new Map(), this.#recent = [];
    const empty = { since: this.#options.now(), counters: new Map<string, number>(), recent: [] };
    underLock(this.#path(names.lock), () => writeCounters(this.#folder, empty));
  }

  /** How much is stored. Walks every shard and folder. */
  sizes(): { units: number; blobs: number; bytes: number } {
    let units = 0, blobs = 0, bytes = 0;
    for (const _ of this.#index.all()) units++;
    for (const blob of this.#objects.all()) blobs++, bytes += blob.bytes;
    return { units, blobs, bytes };
  }

  /** Drops what was not used for longest while the cache is over its budget. Returns how many units went. */
  evict(): number {
    if (!this.#writable) return 0;
    const blobs = [...this.#objects.all()], used = blobs.reduce((sum, { bytes }) => sum + bytes, 0);
    const budget = budgetOf(this.#folder, used, this.#options.budgetBytes);
    if (used <= budget) return 0;
    const gone = victims([...this.#index.all()], blobs, budget, this.#options.now());
    for (const id of gone.units) this.drop(id);
    for (const digits of gone.blobs) this.#objects.remove(digits);
    this.#options.log.info(`evicted results=${gone.units.length} blobs=${gone.blobs.length}`);
    return gone.units.length;
  }

  /** Removes everything that is stored. Counters stay. */
  clear(): { units: number; blobs: number; bytes: number } {
    const sizes = this.sizes();
    underLock(this.#path(names.lock), () => {
      this.#index.clear();
      this.#index.dirty.clear();
      this.#snapshots.clear();
      for (let shard = 0; shard <= shardCount; shard++) removeIfThere(this.#path(names.shard(shard)));
      removeIfThere(this.#path(names.journal));
      this.#journalEnd = 0, this.#journalInode = 0n;
      this.#journalled.clear();
      for (const { digits } of [...this.#objects.all()]) this.#objects.remove(digits);
    });
    return sizes;
  }
}
