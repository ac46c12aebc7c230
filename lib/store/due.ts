/**
 * When the shards of what came are written: once a build rests.
 *
 * For some units more a shard is read, merged, encoded and flushed, 1.5 ms a unit, which compilers could use; and the
 * journal alone loses nothing. But it grows meanwhile, and who opens the cache reads it, so it does not wait for ever.
 *
 * @module
 */

/** Compiles of a build come faster. */
const restMs = 1_000;
/** However long it goes on: a minute, as ticks are set, and what is read within 0.1 s. */
const mostTicks = 12, mostJournalBytes = 32 << 20;

export class Due {
  readonly #now: () => number;
  #lastCame = -Infinity;
  #ticks = 0;

  /** @param now ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A unit came. */
  came(): void {
    this.#lastCame = this.#now();
  }

  /** Whether shards are to be written at this tick. */
  atTick(journalBytes: number): boolean {
    const rested = this.#now() - this.#lastCame >= restMs;
    return ++this.#ticks >= mostTicks || rested || journalBytes >= mostJournalBytes;
  }

  /** They are written now. */
  begin(): void {
    this.#ticks = 0;
  }
}
