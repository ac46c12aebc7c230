/**
 * The write-ahead log's front: records wait in a queue until a ticker commits them.
 *
 * What is committed at a tick may leave some of the work for a later one; who asks for a flush, and the end, get all.
 *
 * The contract (zccache.md 4.3): readers never ask here, the maps in memory know everything. The first tick comes a full
 * interval after the start; a tick that falls due during a flush is not made up. Of several records with one key the last
 * counts. `maxPending` waiting records flush early. An abort drains the queue and flushes before `closed` resolves. A failed
 * flush warns, keeps its records and is tried again at the next tick; newer records of the same key win over kept ones.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";

/** Why records are committed: a tick (or too many wait), somebody asked, or nothing comes after this. */
export type Occasion = "tick" | "asked" | "end";

export interface WalOptions<R> {
  flushMs: number;
  maxPending: number;
  clock: Pick<Clock, "every">;
  signal: AbortSignal;
  log: { info(text: string): void; warn(text: string): void };
  /** Makes the records durable; "again": something is left to do at a later tick. A rejection keeps them. */
  commit(records: ReadonlyMap<string, R>, occasion: Occasion): Promise<"again" | void>;
}

export class Wal<R> {
  readonly #options: WalOptions<R>;
  #queue: [string, R][] = [];
  /** Of a failed flush. */
  #kept = new Map<string, R>();
  #flushing: Promise<number> | undefined;
  #occasion: Occasion = "tick";
  /** A commit has left something to do. */
  #again = false;
  /** The flush after the one under way. */
  #next: Promise<number> | undefined;
  #stopTicking: () => void;
  /** Resolves once an abort has drained and flushed; never rejects. */
  readonly closed: Promise<void>;

  constructor(options: WalOptions<R>) {
    this.#options = options;
    this.#stopTicking = options.clock.every(options.flushMs, () => this.#tick());
    this.closed = new Promise((resolve) => {
      const end = () => resolve(this.#end());
      if (options.signal.aborted) end();
      else options.signal.addEventListener("abort", end, { once: true });
    });
  }

  /** How many records wait. */
  get pending(): number {
    return this.#queue.length + this.#kept.size;
  }
  get flushing(): boolean {
    return this.#flushing !== undefined;
  }

  /** Adds a record; of those with one key the last counts. */
  enqueue(key: string, record: R): void {
    this.#queue.push([key, record]);
    if (this.#queue.length >= this.#options.maxPending && this.#flushing === undefined) {
      void this.#begin("tick");
    }
  }

  #tick(): void {
    if (this.#flushing === undefined && (this.pending > 0 || this.#again)) void this.#begin("tick");
  }

  #begin(occasion: Occasion): Promise<number> {
    this.#occasion = occasion;
    return this.#flushing = this.#flush(occasion).finally(() => this.#flushing = undefined);
  }

  /**
   * Commits all that waits, also what came after the start of a flush that is under way, or is left of it. Resolves to
   * the number of records committed, 0 also where the commit failed.
   */
  flush(): Promise<number> {
    if (this.#flushing === undefined) return this.#begin("asked");
    if (this.#queue.length === 0 && this.#occasion === "asked") return this.#flushing;
    const before = this.#queue.length === 0 ? this.#flushing : 0;
    this.#next ??= this.#flushing.then(() => {
      this.#next = undefined;
      return this.flush();
    });
    return Promise.all([before, this.#next]).then(([committed, more]) => committed + more);
  }

  async #flush(occasion: Occasion): Promise<number> {
    const batch = this.#kept;
    for (const [key, record] of this.#queue) batch.set(key, record);
    this.#queue = [];
    this.#kept = new Map();
    if (batch.size === 0 && occasion !== "end" && !this.#again) return 0;
    try {
      this.#again = await this.#options.commit(batch, occasion) === "again";
    } catch (cause) {
      this.#options.log.warn(
        `WAL flush failed, ${batch.size} records wait: ${messageOf(cause)}`,
      );
      // What came meanwhile is in the queue and will win.
      this.#kept = batch;
      return 0;
    }
    if (batch.size > 0) this.#options.log.info(`WAL flushed to disk committed=${batch.size}`);
    return batch.size;
  }

  async #end(): Promise<void> {
    this.#stopTicking();
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.pending > 0) this.#options.log.info(`WAL draining pending=${this.pending}`);
    await this.#flush("end");
  }
}
