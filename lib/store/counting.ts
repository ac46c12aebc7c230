/**
 * What this process has counted and not written yet.
 *
 * Always true: what is written is added to what other processes have written meanwhile, under the store's lock.
 *
 * @module
 */
import { addCounters, type Counters, readCounters, recentRuns, writeCounters } from "./counters.ts";

export interface CountingOptions {
  /** The store's, as ordinary text. */
  folder: string;
  /** ms since 1970. */
  now(): number;
  /** There is something to be written. */
  due(): void;
  /** Runs `work` under the store's lock. */
  exclusively(work: () => void): Promise<void>;
}

export class Counting {
  readonly #options: CountingOptions;
  #counted = new Map<string, number>();
  #recent: string[] = [];

  constructor(options: CountingOptions) {
    this.#options = options;
  }

  /** Adds to counters; `outcome` joins the last runs. */
  add(counters: Iterable<readonly [string, number]>, outcome: string): void {
    for (const [name, n] of counters) this.#counted.set(name, (this.#counted.get(name) ?? 0) + n);
    // One record stands for all runs until it is committed: thousands of hits a second are no reason to flush.
    if (this.#recent.length === 0) this.#options.due();
    this.#recent.push(outcome);
    if (this.#recent.length > 2 * recentRuns) this.#recent = this.#recent.slice(-recentRuns);
  }

  /** Counters of all processes, ours that are not written yet among them. */
  all(): Counters {
    const { folder, now } = this.#options;
    return addCounters(readCounters(folder, now()), this.#counted, this.#recent);
  }

  async write(): Promise<void> {
    if (this.#recent.length === 0) return;
    const { folder, exclusively } = this.#options;
    await exclusively(() => {
      writeCounters(folder, this.all());
      this.#counted = new Map(), this.#recent = [];
    });
  }

  /** Starts counting anew. */
  async reset(): Promise<void> {
    const { folder, now, exclusively } = this.#options;
    this.#counted = new Map(), this.#recent = [];
    const empty = { since: now(), counters: new Map<string, number>(), recent: [] };
    await exclusively(() => writeCounters(folder, empty));
  }
}
