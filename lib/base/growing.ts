/**
 * Bytes and numbers that grow in memory that may be used again: columns of some MB, made anew for each of 256 shards,
 * would make the collector run all the while.
 *
 * @module
 */

/** Bytes, one piece behind the other. */
export class Bytes {
  #all = new Uint8Array(1024);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  /** Takes away what stands behind the first `length` bytes. */
  cut(length: number): void {
    this.length = Math.min(this.length, length);
  }

  add(piece: Uint8Array): void {
    this.room(piece.length).set(piece);
  }

  /** The next `count` bytes, to be filled at once. */
  room(count: number): Uint8Array<ArrayBuffer> {
    const from = this.length, to = from + count;
    if (to > this.#all.length) {
      const all = this.#all;
      (this.#all = new Uint8Array(to * 2)).set(all.subarray(0, from));
    }
    this.length = to;
    return this.#all.subarray(from, to);
  }

  /** What was added, where it lies: valid until something is added or cleared. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#all.subarray(0, this.length);
  }
}

/** Numbers of 4 or 8 bytes. */
export class Numbers<T extends Uint32Array | Float64Array> {
  readonly #make: (count: number) => T;
  #all: T;
  length = 0;

  constructor(make: (count: number) => T) {
    this.#make = make;
    this.#all = make(256);
  }

  clear(): void {
    this.length = 0;
  }

  push(number: number): void {
    if (this.length === this.#all.length) this.#grow(this.length * 2);
    this.#all[this.length++] = number;
  }

  /** The next `count` numbers, to be filled before others come. */
  room(count: number): T {
    const from = this.length, to = from + count;
    if (to > this.#all.length) this.#grow(to * 2);
    this.length = to;
    return this.#all.subarray(from, to) as T;
  }

  /** Little-endian numbers at any alignment. */
  append(stored: Uint8Array): void {
    const to = this.room(stored.length / this.#all.BYTES_PER_ELEMENT);
    new Uint8Array(to.buffer, to.byteOffset, stored.length).set(stored);
  }

  set(at: number, number: number): void {
    this.#all[at] = number;
  }

  #grow(count: number): void {
    const all = this.#all;
    (this.#all = this.#make(count)).set(all.subarray(0, this.length));
  }

  /** As they are stored, where they lie: valid until something is added or cleared. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#all.buffer, 0, this.length * this.#all.BYTES_PER_ELEMENT);
  }
}

export const u32s = () => new Numbers((count) => new Uint32Array(count));
export const f64s = () => new Numbers((count) => new Float64Array(count));
