/**
 * Long work in slices, so that clients are answered in between.
 *
 * Work that may be long is a generator: it yields wherever it may pause, every 100 µs or so, with nothing half-done that
 * others can see. A daemon gives way between its steps; who serves nobody else runs it through.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** Work between two turns of the event loop, in milliseconds: what a client may have to wait for. */
const sliceMs = 1;

/** Work that may pause at each step. */
export type Steps<T> = Generator<void, T, void>;

/** Lets others work now. A timer takes a millisecond, in which whoever asks is answered at once. */
function giveWay(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export interface SliceOptions {
  /** How long a slice is, in milliseconds; Infinity for who serves nobody meanwhile. */
  ms?: number;
  /** Monotonic milliseconds. */
  elapsed?(): number;
  giveWay?(): Promise<void>;
}

export class Slice {
  readonly #elapsed: () => number;
  readonly #giveWay: () => Promise<void>;
  readonly #ms: number;
  #began: number;

  constructor(
    { ms = sliceMs, elapsed = () => performance.now(), giveWay: way = giveWay }: SliceOptions = {},
  ) {
    this.#ms = ms;
    this.#elapsed = elapsed;
    this.#giveWay = way;
    this.#began = elapsed();
  }

  /** Lets others work if a slice is over. What was read before may have changed after it. */
  async pause(): Promise<void> {
    if (!this.#isOver()) return;
    await this.#giveWay();
    this.#began = this.#elapsed();
  }

  #isOver(): boolean {
    return this.#elapsed() - this.#began >= this.#ms;
  }

  /** Runs work to its end, giving way between its steps. */
  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      if (this.#isOver()) await this.pause();
    }
  }
}

/** Runs work through. */
export function runThrough<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
