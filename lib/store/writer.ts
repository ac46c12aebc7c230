/**
 * All that a process writes into the index folder, under the lock that processes share.
 *
 * A daemon hardly stops for that lock, for its clients wait meanwhile: where somebody keeps it for longer than appending
 * takes, a record waits in memory, and who of this process has the lock next appends what waits before anything else. So
 * the journal's order is the order of events here, and only a kill while another process keeps the lock loses records. A
 * process that runs once waits, within a bound for all its waiting together.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import { HeldByOther, underLock, underLockAside } from "./guard.ts";
import type { Index } from "./index.ts";
import type { JournalRecord } from "./journal.ts";
import type { JournalFile } from "./journal_file.ts";

export interface WriterOptions {
  /** The lock's path; makes the folder in which it lies where somebody removed it. */
  lock(): string;
  journal: JournalFile;
  index: Index;
  mode: "daemon" | "one-shot";
  clock: Pick<Clock, "every">;
  warn(text: string): void;
}

/** A rewrite of a large index holds the lock for some 100 ms. */
const onceMs = 5_000;
/** Of a daemon that has met nobody who keeps it: some who append. */
const shortlyMs = 20;
/** Of each attempt to commit; it is repeated with the next tick, and `stop` waits for two of them at most. */
const commitMs = 2_000;
/** How often what waits is tried again. */
const againMs = 20;
/** Beyond this many records the lock is not about to be free again. */
const mostWaiting = 16_384;

export class Writer {
  readonly #options: WriterOptions;
  /** With the index's epoch when they were to be appended. */
  readonly #waiting: { record: JournalRecord; epoch: number }[] = [];
  #stopTrying: (() => void) | undefined;
  #patienceMs = onceMs;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** How many records wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Appends a record; in a daemon later, where the lock is kept.
   *
   * @throws {Error} where it cannot be written.
   */
  append(record: JournalRecord): void {
    const { mode, lock, journal, index } = this.#options;
    if (mode === "one-shot") return this.#patiently(() => journal.append(record));
    try {
      underLock(lock(), this.#waiting.length > 0 ? 0 : shortlyMs, () => {
        this.#appendWaiting();
        journal.append(record);
      });
    } catch (cause) {
      if (!(cause instanceof HeldByOther) || this.#waiting.length >= mostWaiting) throw cause;
      this.#waiting.push({ record, epoch: index.epoch });
      this.#stopTrying ??= this.#options.clock.every(againMs, () => this.#tryAgain());
    }
  }

  /** Runs `work` under the lock. A lock that is free is had at once. @throws {Error} where it cannot be had. */
  async exclusively<T>(work: () => T): Promise<T> {
    const { mode, lock } = this.#options;
    if (mode === "one-shot") return this.#patiently(work);
    return await underLockAside(lock(), commitMs, () => {
      this.#appendWaiting();
      return work();
    });
  }

  /** Tries no more; what waits is lost. */
  close(): void {
    this.#stopTrying?.();
    this.#stopTrying = undefined;
    if (this.#waiting.length > 0) {
      this.#options.warn(`${this.#waiting.length} records are lost: the index is held by another process`);
    }
  }

  /** All waiting together is bounded: a build waits for the process that runs once. */
  #patiently<T>(work: () => T): T {
    const began = performance.now();
    let waited = this.#patienceMs;
    try {
      return underLock(this.#options.lock(), this.#patienceMs, () => {
        waited = performance.now() - began;
        return work();
      });
    } finally {
      this.#patienceMs = Math.max(0, this.#patienceMs - waited);
    }
  }

  #tryAgain(): void {
    try {
      underLock(this.#options.lock(), 0, () => this.#appendWaiting());
    } catch (cause) {
      if (cause instanceof HeldByOther) return;
      this.#options.warn(`cannot append what waits: ${messageOf(cause)}`);
    }
  }

  /** Under the lock. What the index has let go of meanwhile it is told again, for the disk did not have it. */
  #appendWaiting(): void {
    const { journal, index, warn } = this.#options;
    for (const { record, epoch } of this.#waiting.splice(0)) {
      try {
        journal.append(record);
      } catch (cause) {
        warn(`a record is lost: ${messageOf(cause)}`);
      }
      if (index.epoch !== epoch) index.take(record);
    }
    this.#stopTrying?.();
    this.#stopTrying = undefined;
  }
}
