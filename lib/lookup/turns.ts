/**
 * Whose turn it is to run: where an asker limits how many tools run at once, the others wait for one that ends.
 *
 * Only a run takes a place; a hit never asks for one, nor does anybody without a limit wait. First come, first served.
 *
 * Always true: a place is given back when its run is over in whatever way, and what is free is offered to who waits. A
 * run that another run waits for, because it was started by it, never waits: it is inside that one's place.
 *
 * @module
 */

/** Whoever wants a place. */
export interface Client {
  readonly id: number;
  /** The launcher's. */
  readonly pid: number;
  readonly most: number;
}

interface Waiting extends Client {
  go(): void;
}

/** Deeper than any build calls itself. */
const mostAncestors = 200;

/** The process that started `pid`; 0: it cannot be told. */
function parentOf(pid: number): number {
  try {
    // A name may hold anything, brackets too; what follows the last one does not.
    return Number(/^.*\) \S+ (\d+)/s.exec(Deno.readTextFileSync(`/proc/${pid}/stat`))?.[1] ?? 0);
  } catch {
    return 0; // it has ended, or there is no /proc
  }
}

export class Turns {
  /** Those that run, and those to whom a place is held out. */
  readonly #runs = new Map<number, Client>();
  readonly #offered = new Set<number>();
  readonly #waiting: Waiting[] = [];
  readonly #parentOf: (pid: number) => number;

  constructor(parent: (pid: number) => number = parentOf) {
    this.#parentOf = parent;
  }

  /** Takes a place; undefined: it is taken. Else when one is held out: ask again then. */
  take(client: Client): Promise<void> | undefined {
    const isNext = this.#offered.has(client.id) || this.#waiting.length === 0 || client.most === Infinity;
    if ((isNext && this.#fits(client)) || this.#isInside(client)) {
      this.force(client);
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { ...client, go: resolve };
    // A place that was held out and is gone by now must not stay taken; whoever had it is still the first.
    if (this.#offered.delete(client.id)) this.#waiting.unshift(waiting);
    else this.#waiting.push(waiting);
    return promise;
  }

  /** Takes a place, free or not. */
  force(client: Client): void {
    this.#forget(client.id);
    this.#runs.set(client.id, client);
    this.#offer();
  }

  /** Whoever this is holds no place any more and waits for none. */
  leave(id: number): void {
    this.#forget(id);
    this.#offer();
  }

  #forget(id: number): void {
    const at = this.#waiting.findIndex((one) => one.id === id);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#runs.delete(id);
    this.#offered.delete(id);
  }

  #offer(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#offered.add(next.id);
      next.go();
    }
  }

  #fits({ id, most }: Client): boolean {
    return this.#runs.size + this.#offered.size - (this.#offered.has(id) ? 1 : 0) < most;
  }

  /** Whether a run that holds a place has started this one. */
  #isInside({ pid }: Client): boolean {
    const holders = new Set([...this.#runs.values()].map(({ pid }) => pid));
    for (let at = pid, steps = 0; at > 1 && steps < mostAncestors; steps++) {
      at = this.#parentOf(at);
      if (holders.has(at)) return true;
    }
    return false;
  }
}
