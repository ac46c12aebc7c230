/**
 * The store: what runs left behind, and under which statements it is valid. All that other folders may import.
 *
 * The maps in memory are the truth while a process lives. A put is in memory at once, appended to the journal before
 * `put` returns (so a kill loses nothing; writer.ts tells the exception), and queued in the WAL, whose ticker commits it:
 * snapshots of the shards that changed, then the journal without what they hold.
 *
 * A process reads the journal at its start and a shard when something of it is asked first, so that a daemon starts as fast
 * and as small with 50,000 results as with 10. All append under one lock and take in what others appended before their own
 * record, so they may work on one folder side by side.
 *
 * Between reading and changing the index there is no `await`.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Digest, hex } from "../base/digest.ts";
import { shown } from "../base/bytes.ts";
import type { Counters } from "./counters.ts";
import { Counting } from "./counting.ts";
import { codeRows, type StoredCode } from "./codes.ts";
import { type Debt, Debtor, debtsOf, type OpenDebt, type Owing } from "./debts.ts";
import { Due } from "./due.ts";
import { evict } from "./eviction.ts";
import { fileState, isFolder, readIfThere, removeIfThere } from "./files.ts";
import { type FileDigest, Index, type StoredUnit } from "./index.ts";
import { type JournalRecord, recordKinds } from "./journal.ts";
import { JournalFile } from "./journal_file.ts";
import { names, shardCount } from "./layout.ts";
import { type Committed, Objects } from "./objects.ts";
import { preparePlace, sweepStaged } from "./place.ts";
import { encodeUnits } from "./shard.ts";
import type { Unit } from "./unit.ts";
import type { StoreOptions } from "./options.ts";
import { Slice } from "./slice.ts";
import { Staging } from "./staging.ts";
import { Snapshots } from "./snapshots.ts";
import { type Occasion, Wal } from "./wal.ts";
import { Writer } from "./writer.ts";

export type { StoreOptions } from "./options.ts";
export type { StoredUnit } from "./index.ts";
export type { StoredCode } from "./codes.ts";
export type { Debt, OpenDebt, Owing } from "./debts.ts";
export { countAlone, type Counters, readCounters } from "./counters.ts";

/** While the dirty shards are smaller each tick rewrites them; beyond, the journal alone is made durable (decisions.md 18). */
const smallBytes = 8 << 20;
/** A one-shot that leaves the journal longer rewrites the shards it names. */
const longJournalBytes = 1 << 20;
/** Use is noted at most this often: finer order would change nothing that is dropped, and each note is a record. */
const noteUseMs = 3_600_000;
const evictEveryMs = 300_000;
/** The first look at the size comes soon after the start, when the first clients have been served. */
const firstEvictionMs = 2_000;

export class Store {
  readonly #options: StoreOptions;
  readonly #folder: string;
  readonly #index: Index;
  readonly #objects: Objects;
  readonly #journal: JournalFile;
  readonly #snapshots: Snapshots;
  readonly #wal: Wal<true>;
  readonly #due: Due;
  readonly #writer: Writer;
  readonly #counting: Counting;
  readonly #debtor: Debtor;
  readonly #staging: Staging;
  /** What staged files of open debts hold. */
  readonly #known = new Map<string, Digest>();
  /** Resolves once the abort signal has drained and flushed everything. */
  readonly closed: Promise<void>;
  readonly #writable: boolean;
  /** Walks over everything that are under way. */
  #walks = 0;

  /** @throws {CacheError} where the folder cannot be used. */
  static open(options: StoreOptions): Store {
    return new Store(options);
  }

  private constructor(options: StoreOptions) {
    this.#options = options;
    this.#folder = options.folder;
    this.#writable = preparePlace(options.folder) === "writable";
    const warn = (text: string) => options.log.warn(text);
    this.#objects = new Objects(options.folder, options.log);
    this.#index = new Index((shard) => readIfThere(this.#path(names.shard(shard))), warn);
    this.#journal = new JournalFile(options.folder, this.#path(names.journal), {
      record: (record) => this.#index.take(record),
      // Another process rewrote the index: what it knew of ours is there, for every put is in the journal first.
      replaced: () => this.#index.forget(),
      warn,
    });
    if (this.#writable) sweepStaged(options.folder, options.now());
    const torn = this.#journal.read();
    // Who may write cuts the tail when it appends, and says so; here it may be a record that is just being written.
    if (torn !== undefined && !this.#writable) options.log.warn(`the journal's end is left out: ${torn}`);
    this.#due = new Due(() => options.now());
    const { folder, mode, flushMs, maxPending, signal, log, clock = systemClock } = options;
    const [journal, index] = [this.#journal, this.#index];
    this.#writer = new Writer({ lock: () => this.#lock(), journal, index, mode, clock, warn });
    const exclusively = <T>(work: () => T) => this.#writer.exclusively(work);
    this.#snapshots = new Snapshots({ folder, index, journal, exclusively });
    this.#wal = new Wal({ flushMs, maxPending, clock, signal, log, commit: (_, why) => this.#commit(why) });
    const due = () => this.#wal.enqueue("counters", true);
    this.#counting = new Counting({ folder, now: () => options.now(), due, exclusively });
    this.#debtor = new Debtor(folder);
    this.#staging = new Staging({ folder, writable: this.#writable, warn });
    this.closed = this.#wal.closed.then(() => {
      this.#writer.close(), this.#debtor.close(), this.#staging.clear();
    });
    if (options.mode === "daemon") this.#evictAtTimes(clock);
  }

  #evictAtTimes(clock: Pick<Clock, "every">): void {
    const evict = () => {
      this.evict().catch((cause) => this.#options.log.warn(`cannot evict: ${messageOf(cause)}`));
    };
    const stopEvery = clock.every(evictEveryMs, evict);
    const stopFirst = clock.every(firstEvictionMs, () => (stopFirst(), evict()));
    this.#options.signal.addEventListener("abort", () => (stopEvery(), stopFirst()), { once: true });
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`;
  }

  #slice(): Slice {
    return new Slice(this.#options.slices);
  }

  /** The lock that all who write share. Its folder is made anew where somebody removed it. */
  #lock(): string {
    if (!isFolder(this.#path("index")) || !isFolder(this.#path("tmp"))) preparePlace(this.#folder);
    return this.#path(names.lock);
  }

  /** Whether nothing is stored. */
  get readOnly(): boolean {
    return !this.#writable;
  }
  /** Whether long work goes on, in slices that give way to others. */
  get busy(): boolean {
    return this.#wal.flushing || this.#walks > 0;
  }
  /** Records that are not on disk yet, because another process keeps the index; a kill loses them. */
  get unwritten(): number {
    return this.#writer.waiting;
  }

  /** Units stored for an action, newest first. Damage is fewer units, and a warning. */
  candidates(key: Digest): StoredUnit[] {
    return this.#index.candidates(key);
  }

  /** Whether there may be a unit whose key begins with these bytes. */
  mayHold(start: Uint8Array): boolean {
    return this.#index.mayHold(start);
  }

  /**
   * Stores a unit; one with equal circumstances and statements is replaced. Once nothing is `unwritten`, which in a
   * one-shot is when this returns, a kill loses nothing.
   * @throws {Error} where the journal cannot be written: the unit then serves this process, and outlives it only if a
   * later flush succeeds.
   */
  put(unit: Unit): void {
    if (!this.#writable) return;
    const now = this.#options.now(), body = encodeUnits([{ unit, used: now }]);
    try {
      this.#writer.append({ shard: unit.key[0], kind: recordKinds.unit, body });
    } finally {
      this.#index.put(unit, now);
      this.#due.came();
      this.#wal.enqueue(`unit ${hex(unit.key)} ${unit.storedAt}`, true);
    }
  }

  /** Forgets a unit, because its result is damaged. */
  drop(id: number): void {
    const about = this.#index.about(id, 0);
    this.#index.drop(id);
    if (about !== undefined) this.#note({ ...about, kind: recordKinds.drop }, `drop ${id}`);
  }

  /** Whether a unit is still there: not dropped, replaced or evicted. */
  holds(stored: StoredUnit): boolean {
    return this.#index.get(stored.id) === stored;
  }

  /** A unit was delivered. */
  touch(id: number): void {
    const stored = this.#index.get(id), now = this.#options.now();
    if (stored === undefined || now - stored.used < noteUseMs) return;
    this.#index.use(id, now);
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

  /** What a content is as code, if that was found out. */
  code(content: Digest): StoredCode | undefined {
    return this.#index.code(content);
  }
  /** Changes whenever codes that were there have gone. */
  get codesEpoch(): number {
    return this.#index.codesEpoch;
  }
  /** `codes`: by content; at least one. */
  rememberCodes(codes: readonly (readonly [Digest, StoredCode])[]): void {
    this.#note(this.#index.putCodes(codeRows(codes)), `codes ${hex(codes[0][0])}`);
  }

  /** A record without which nothing is wrong. */
  #note(record: JournalRecord, key: string): void {
    if (!this.#writable) return;
    try {
      this.#writer.append(record);
      this.#wal.enqueue(key, true);
    } catch (cause) {
      this.#options.log.warn(`cannot note "${key}": ${messageOf(cause)}`);
    }
  }

  /** Where the launcher may stage a blob (byte string). */
  stagingName(): string {
    return this.#staging.name();
  }
  /** Makes files for what will be staged next, while nobody waits. */
  prepareStaging(): void {
    this.#staging.prepare();
  }
  /** Removes a staged file that became no blob. */
  discard(staged: string): void {
    removeIfThere(shown(staged));
  }
  /** Names a staged blob by its content. @throws {Error} where it cannot be kept. */
  commitBlob(staged: string): Committed {
    const known = this.#known.get(staged);
    if (known !== undefined && fileState(shown(staged)) === undefined) return this.#objects.committed(known);
    return this.#objects.commit(staged, (digest) => this.#debtor.named(staged, digest));
  }
  /**
   * Puts down what a result can be made of, so that it may be acknowledged before it is stored; undefined: it must be
   * stored first.
   */
  owe(debt: Debt): Owing | undefined {
    return this.#writable && this.#options.mode === "daemon" ? this.#debtor.owe(debt) : undefined;
  }
  /** What processes owed that have died. Each is to be paid, or not, before the next. */
  *debts(): Generator<OpenDebt> {
    if (!this.#writable) return;
    for (const debt of debtsOf(this.#folder)) {
      debt.digests.forEach((digest, i) => digest && this.#known.set(debt.staged[i], digest));
      yield debt;
      this.#known.clear();
    }
  }
  putBlob(bytes: Uint8Array): Digest {
    return this.#objects.put(bytes);
  }
  /** Path of a blob whose bytes are right, else undefined. */
  blobPath(digest: Digest): string | undefined {
    return this.#objects.path(digest);
  }

  // --- commits -------------------------------------------------------------------------------------------------

  /** Commits what waits now. Resolves to the number of records. */
  flush(): Promise<number> {
    return this.#wal.flush();
  }

  async #commit(occasion: Occasion): Promise<"again" | void> {
    if (!this.#writable) return;
    await this.#counting.write();
    if (this.#options.mode === "one-shot") return await this.#commitOneShot();
    if (this.#index.dirty.size === 0) return;
    if (occasion === "tick" && !this.#due.atTick(this.#journal.bytes)) {
      await this.#journal.flush();
      return "again";
    }
    this.#due.begin();
    if (occasion !== "end" && !this.#worthSnapshots()) return await this.#journal.flush();
    await this.#snapshots.write(occasion === "end" ? new Slice({ ms: Infinity }) : this.#slice());
  }

  #worthSnapshots(): boolean {
    let weight = this.#journal.bytes, all = 0;
    for (const shard of this.#index.dirty) weight += this.#weight(shard);
    if (weight <= smallBytes) return true;
    for (let shard = 0; shard < shardCount; shard++) all += this.#weight(shard);
    return this.#journal.bytes >= all / 4;
  }
  #weight(shard: number): number {
    return this.#index.weight(shard) || (fileState(this.#path(names.shard(shard)))?.size ?? 0);
  }

  async #commitOneShot(): Promise<void> {
    if (this.#journal.bytes < longJournalBytes) return;
    await this.#snapshots.writeNow();
    await this.evict();
  }

  // --- counters, size, eviction --------------------------------------------------------------------------------

  /** Adds to counters; `outcome` joins the last runs. Written with the next commit. */
  count(counters: Iterable<readonly [string, number]>, outcome: string): void {
    this.#counting.add(counters, outcome);
  }
  /** Counters of all processes, with ours that are not written yet. */
  counters(): Counters {
    return this.#counting.all();
  }
  /** Starts counting anew. */
  resetCounters(): Promise<void> {
    return this.#counting.reset();
  }

  /** How much is stored. Walks every shard and folder. */
  sizes(): { units: number; blobs: number; bytes: number } {
    let units = 0, blobs = 0, bytes = 0;
    for (const count of this.#index.counts()) units += count;
    for (const blob of this.#objects.all()) blobs++, bytes += blob.bytes;
    return { units, blobs, bytes };
  }

  /** The same for a daemon, which answers clients in between. */
  measure(): Promise<{ units: number; blobs: number; bytes: number }> {
    return this.#walk(async (slice) => {
      let units = 0, blobs = 0, bytes = 0;
      for (const count of this.#index.counts()) units += count, await slice.pause();
      for (const blob of this.#objects.all()) blobs++, bytes += blob.bytes, await slice.pause();
      return { units, blobs, bytes };
    });
  }

  /** Work over everything, in slices. */
  async #walk<T>(work: (slice: Slice) => Promise<T>): Promise<T> {
    this.#walks++;
    try {
      return await work(this.#slice());
    } finally {
      this.#walks--;
    }
  }

  /** Drops what was not used for longest while the cache is over its budget. Resolves to how many units went. */
  async evict(): Promise<number> {
    if (!this.#writable) return 0;
    const { budgetBytes, log, now } = this.#options;
    const gone = await this.#walk((slice) =>
      evict({
        folder: this.#folder,
        budgetBytes,
        blobs: () => this.#objects.all(),
        units: () => this.#index.all(),
        dropUnit: (id) => this.drop(id),
        dropBlob: (digits) => this.#objects.remove(digits),
        now: now(),
      }, slice)
    );
    if (gone === undefined) return 0;
    this.#index.letGo();
    log.info(`evicted results=${gone.units} blobs=${gone.blobs}`);
    return gone.units;
  }

  /** Removes everything that is stored. Counters stay. */
  async clear(): Promise<{ units: number; blobs: number; bytes: number }> {
    const sizes = this.sizes();
    await this.#writer.exclusively(() => {
      this.#index.forget();
      for (let shard = 0; shard <= shardCount; shard++) removeIfThere(this.#path(names.shard(shard)));
      this.#journal.remove();
      for (const { digits } of [...this.#objects.all()]) this.#objects.remove(digits);
    });
    return sizes;
  }
}
