/**
 * Time as a thing that is handed in, so that tests can turn it.
 *
 * `now` tells the hour for people and for ages on disk and may jump when the machine's clock is set; `elapsed` only
 * ever grows and is what durations are measured with. Both are in milliseconds.
 *
 * @module
 */

/** Ends a ticker. May be called more than once. */
export type StopTicking = () => void;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some fixed moment, never going back. */
  elapsed(): number;
  /**
   * Calls `tick` every `intervalMs`, first after a whole interval. A tick that falls due while the event loop is
   * busy is not made up. The ticker alone does not keep the process alive.
   */
  every(intervalMs: number, tick: () => void): StopTicking;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  every(intervalMs, tick) {
    const timer = setInterval(tick, intervalMs);
    Deno.unrefTimer(timer);
    return () => clearInterval(timer);
  },
};

interface Ticker {
  intervalMs: number;
  due: number;
  tick: () => void;
}

/** A clock that stands still until a test advances it. */
export class FakeClock implements Clock {
  #now: number;
  #elapsed = 0;
  readonly #tickers = new Set<Ticker>();

  /** @param now Milliseconds since 1970 at the start. */
  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  every(intervalMs: number, tick: () => void): StopTicking {
    const ticker = { intervalMs, due: this.#elapsed + intervalMs, tick };
    this.#tickers.add(ticker);
    return () => void this.#tickers.delete(ticker);
  }

  /** How many tickers run. */
  get tickers(): number {
    return this.#tickers.size;
  }

  /** Lets `ms` pass; what falls due is called in the order of time, each at its own moment. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#moveTo(next.due);
      next.due += next.intervalMs;
      next.tick();
    }
    this.#moveTo(end);
  }

  /** Sets the hour without letting time pass, as an administrator or NTP may. */
  setNow(now: number): void {
    this.#now = now;
  }

  #next(end: number): Ticker | undefined {
    let first: Ticker | undefined;
    for (const ticker of this.#tickers) {
      if (ticker.due <= end && (first === undefined || ticker.due < first.due)) first = ticker;
    }
    return first;
  }

  #moveTo(elapsed: number): void {
    this.#now += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }
}
