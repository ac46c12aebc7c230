/**
 * Long work in slices, so that clients are answered in between.
 *
 * @module
 */

/** Work between two turns of the event loop, in milliseconds. */
const sliceMs = 10;

/** Lets others work now. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export class Slice {
  #began = performance.now();

  /** Lets others work if a slice is over. What was read before may have changed after it. */
  async pause(): Promise<void> {
    if (performance.now() - this.#began < sliceMs) return;
    await giveWay();
    this.#began = performance.now();
  }
}
