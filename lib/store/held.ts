/**
 * One shard in memory: the units of its snapshot where they lie, and what came or went since.
 *
 * A unit of the snapshot becomes an object when its action is asked for, and only then: an index of 50,000 units is
 * bytes, not objects that the collector would have to walk. A snapshot is planned at one moment and written while others
 * go on; what they change meanwhile stays a change.
 *
 * @module
 */
import { beginsWith, sameBytes } from "../base/bytes.ts";
import type { Row } from "./encoder.ts";
import { samePlaces, sameQuestion } from "./same_question.ts";
import type { SharedInputs } from "./shared.ts";
import { type Decoded, Stored } from "./stored.ts";
import type { Unit } from "./unit.ts";
import type { Place, Units } from "./units.ts";

/** Candidates of one action beyond which the oldest go: each costs a look at its statements on a miss. */
export const maxCandidates = 64;

/** What the shards of one index share. */
export interface Common {
  shared: SharedInputs;
  decoded: Decoded;
  /** Units that became objects and are still there, with their shard. */
  byId: Map<number, { stored: Stored; shard: HeldShard }>;
  nextId(): number;
}

/** What a snapshot holds: `from[i]` is its unit i, a row of the snapshot before or one that came since. */
export interface Plan {
  rows: Row[];
  from: (number | Stored)[];
}

export class HeldShard {
  readonly number: number;
  readonly #common: Common;
  #base: Units | undefined;
  /** Of the base: what went, and what became an object. */
  #gone = new Set<number>();
  #made = new Map<number, Stored>();
  /** What came since, oldest first. */
  #fresh: Stored[] = [];

  constructor(number: number, base: Units | undefined, common: Common) {
    this.number = number;
    this.#base = base;
    this.#common = common;
  }

  /** How many units there are. */
  get count(): number {
    return (this.#base?.count ?? 0) - this.#gone.size + this.#fresh.length;
  }

  /** Units of an action, newest first. */
  candidates(key: Uint8Array): Stored[] {
    const rows = this.#base?.rowsOf(key).filter((at) => !this.#gone.has(at)) ?? [];
    const fresh = this.#fresh.filter((stored) => sameBytes(stored.key, key));
    return [...rows.map((at) => this.#stored(at)), ...fresh].reverse();
  }

  /** Whether there may be a unit whose key begins with `start`. */
  mayHold(start: Uint8Array): boolean {
    return this.#base?.mayHold(start) === true || this.#fresh.some(({ key }) => beginsWith(key, start));
  }

  /** Every unit. */
  *all(): Generator<Stored> {
    for (let at = 0; at < (this.#base?.count ?? 0); at++) if (!this.#gone.has(at)) yield this.#stored(at);
    yield* this.#fresh;
  }

  /** A unit of the base as an object. */
  #stored(at: number): Stored {
    let stored = this.#made.get(at);
    if (stored === undefined) {
      const units = this.#base!;
      this.#made.set(at, stored = this.#object(units.used(at), { units, at }));
    }
    return stored;
  }

  #object(used: number, from: Unit | Place): Stored {
    const stored = new Stored(this.#common.nextId(), used, from, this.#common.decoded);
    this.#common.byId.set(stored.id, { stored, shard: this });
    return stored;
  }

  /** Adds a unit as the newest of its action; one with equal circumstances and statements goes. */
  put(from: Unit | Place, used: number): Stored {
    const key = "units" in from ? from.units.key(from.at) : from.key;
    const others = this.candidates(key), same = others.find((stored) => asksTheSame(stored, from));
    if (same !== undefined) this.drop(same);
    else if (others.length >= maxCandidates) this.drop(others.at(-1)!);
    const stored = this.#object(used, from);
    this.#fresh.push(stored);
    return stored;
  }

  drop(stored: Stored): void {
    this.#common.byId.delete(stored.id);
    const at = stored.place?.units === this.#base ? stored.place?.at : undefined;
    if (at === undefined) this.#fresh = this.#fresh.filter((one) => one !== stored);
    else this.#made.delete(at), this.#gone.add(at);
  }

  /** What a snapshot of this moment holds: of one action the oldest unit first. */
  plan(): Plan {
    const whole = this.#base, without = new Set(this.#gone), rows: Row[] = [];
    const kept = Array.from({ length: whole?.count ?? 0 }, (_, at) => at).filter((at) => !without.has(at));
    const used = new Map([...this.#made].map(([at, { used }]) => [at, used]));
    if (whole !== undefined) rows.push({ whole, without, used });
    return { rows: [...rows, ...this.#fresh.map((stored) => stored.row())], from: [...kept, ...this.#fresh] };
  }

  /** The snapshot of a plan is in place: its units are held where they lie in it. */
  moved({ from }: Plan, base: Units): void {
    const fresh = new Set(this.#fresh), gone = new Set<number>(), made = new Map<number, Stored>();
    for (const [at, before] of from.entries()) {
      const there = typeof before === "number" ? !this.#gone.has(before) : fresh.delete(before);
      const stored = typeof before === "number" ? this.#made.get(before) : before;
      if (!there) gone.add(at);
      else if (stored !== undefined) stored.moved(base, at), made.set(at, stored);
    }
    this.#base = base, this.#gone = gone, this.#made = made, this.#fresh = [...fresh];
  }

  /** No unit of it is known by its number any more. */
  letGo(): void {
    for (const stored of [...this.#made.values(), ...this.#fresh]) this.#common.byId.delete(stored.id);
  }
}

function asksTheSame(stored: Stored, from: Unit | Place): boolean {
  const same = "units" in from && stored.place !== undefined ? samePlaces(stored.place, from) : undefined;
  return same ?? sameQuestion(stored.unit, "units" in from ? from.units.unit(from.at) : from);
}
