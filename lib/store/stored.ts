/**
 * A unit in memory: as bytes of its shard or record, decoded when somebody looks at it, and only while few others were
 * looked at since.
 *
 * @module
 */
import { hex } from "../base/digest.ts";
import type { Row } from "./encoder.ts";
import type { Unit } from "./unit.ts";
import type { Place, Units } from "./units.ts";

/** A unit with what the store knows of it. */
export interface StoredUnit {
  readonly id: number;
  /** Decoded when it is asked for. Not always the same object. */
  readonly unit: Unit;
  /** ms since 1970. */
  used: number;
}

/** Decoded units that are held at most: a unit of 300 inputs takes some 5 KB, its inputs apart. */
const mostDecoded = 4096;

/** Which units are decoded; the one decoded for longest is let go first. */
export class Decoded {
  readonly #ring: (Stored | undefined)[];
  #next = 0;

  constructor(most = mostDecoded) {
    this.#ring = Array(most).fill(undefined);
  }

  keep(stored: Stored): void {
    this.#ring[this.#next]?.letGo();
    this.#ring[this.#next] = stored;
    this.#next = (this.#next + 1) % this.#ring.length;
  }
}

export class Stored implements StoredUnit {
  readonly id: number;
  /** Its action's key. */
  readonly key: Uint8Array;
  readonly storedAt: number;
  used: number;
  readonly #decoded: Decoded;
  #packed: Place | undefined;
  #made: Unit | undefined;

  /** @param from A unit, or where one is stored. */
  constructor(id: number, used: number, from: Unit | Place, decoded: Decoded) {
    this.id = id;
    this.used = used;
    this.#decoded = decoded;
    if ("units" in from) this.#packed = from;
    else this.#made = from;
    this.key = "units" in from ? from.units.key(from.at).slice() : from.key;
    this.storedAt = "units" in from ? from.units.storedAt(from.at) : from.storedAt;
  }

  get unit(): Unit {
    if (this.#made !== undefined) return this.#made;
    const { units, at } = this.#packed!;
    this.#decoded.keep(this);
    return this.#made = units.unit(at);
  }

  /** Digests of the blobs that its outputs name, in hex, each once. */
  blobs(): string[] {
    const blobs = this.#packed?.units.blobs(this.#packed.at) ??
      this.#made!.result.outputs.map(({ blob }) => blob).filter((blob) => blob.length > 0);
    return [...new Set(blobs.map(hex))];
  }

  /** As a shard takes it in. */
  row(): Row {
    const { used } = this;
    return this.#packed === undefined
      ? { unit: this.#made!, used }
      : { packed: this.#packed.units, at: this.#packed.at, used };
  }

  /** Where it is stored, if it is. */
  get place(): Place | undefined {
    return this.#packed;
  }

  /** It is stored there now. */
  moved(units: Units, at: number): void {
    if (this.#packed === undefined) this.#decoded.keep(this);
    this.#packed = { units, at };
  }

  letGo(): void {
    this.#made = undefined;
  }
}
