/**
 * What is left to do for runs of which nobody waits: it goes on in slices, between which whoever asks is answered.
 *
 * Storing a run with a thousand headers takes some ms, and the next compile of a build asks half a ms after the last one
 * has ended.
 *
 * Always true: what was begun is gone on with in that order, and is done by the time that `finish` returns at the latest;
 * whatever one of them throws, it has ended, and the others go on.
 *
 * @module
 */
import { traceOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/** Work in slices, each a few hundred µs to some ms, and what is to be called once it is done. */
interface Item {
  slices: Iterator<unknown>;
  done: () => void;
  since: number;
}

/** However many ask: one slice comes after each round of answers where the first of them has waited for so long. */
const mostMs = 20;
/** Each holds a record of some MB. Where there are more, everything waits for everything anyway. */
const mostItems = 16;

export class Backlog {
  readonly #items: Item[] = [];
  readonly #log: Pick<Log, "warn">;
  readonly #now: () => number;

  /** @param now Monotonic ms. */
  constructor(log: Pick<Log, "warn">, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Whether a slice must come now, although somebody asks. */
  get isLate(): boolean {
    return this.#items.length > 0 && this.#now() - this.#items[0].since >= mostMs;
  }

  /** Does the first slice at once, and leaves the others for later. */
  begin(slices: Iterable<unknown>, done: () => void): void {
    const item = { slices: slices[Symbol.iterator](), done, since: this.#now() };
    if (!this.#isDone(item)) this.#items.push(item);
    while (this.#items.length > mostItems) this.slice();
  }

  /** Does one slice, if there is any. */
  slice(): void {
    if (this.#items.length > 0 && this.#isDone(this.#items[0])) this.#items.shift();
  }

  #isDone({ slices, done }: Item): boolean {
    try {
      if (!slices.next().done) return false;
    } catch (error) {
      this.#log.warn(`what was left to do failed: ${traceOf(error)}`);
    }
    done();
    return true;
  }

  /** Does all that is left. */
  finish(): void {
    while (this.#items.length > 0) this.slice();
  }
}
