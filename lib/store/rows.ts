/**
 * A table of statements as columns: a kind, a path and some bytes of fixed width for each row.
 *
 * A shard holds what its units share in two such tables, inputs and folders. Rows are read where they lie and copied
 * from table to table as bytes, so that a shard of thousands is rewritten without decoding one.
 *
 * Always true: a table that is built holds no row twice, but one that is filled has what it was given.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import type { Steps } from "./slice.ts";

/** As it is stored: columns of bytes, numbers little-endian. */
export interface Columns {
  kinds: Uint8Array;
  /** `width` bytes for each row. */
  data: Uint8Array;
  /** u32: where the path of each row ends. */
  pathEnds: Uint8Array;
  paths: Uint8Array;
}

/** A stored table. */
export class Rows {
  readonly count: number;
  readonly columns: Columns;
  readonly width: number;
  readonly #ends: DataView;

  /** @throws {Error} where the columns are none of one table. */
  constructor(columns: Columns, width: number) {
    const { kinds, data, pathEnds, paths } = columns;
    this.count = kinds.length;
    const fits = data.length === this.count * width && pathEnds.length === this.count * 4;
    this.#ends = new DataView(pathEnds.buffer, pathEnds.byteOffset, pathEnds.length);
    if (!fits || paths.length !== this.pathStart(this.count)) throw new Error("columns differ in length");
    this.columns = columns;
    this.width = width;
  }

  pathStart(row: number): number {
    return row === 0 ? 0 : this.#ends.getUint32((row - 1) * 4, true);
  }
  path(row: number): string {
    return byteString(this.columns.paths.subarray(this.pathStart(row), this.pathStart(row + 1)));
  }
  kind(row: number): number {
    return this.columns.kinds[row];
  }
  /** Bytes of a row from `from` on, where they lie. */
  data(row: number, from: number, length: number): Uint8Array {
    const at = row * this.width + from;
    return this.columns.data.subarray(at, at + length);
  }
  /** Whether a row is of the same kind and path as one of another table. */
  sameName(row: number, table: Rows, other: number): boolean {
    const from = this.pathStart(row), length = this.pathStart(row + 1) - from, start = table.pathStart(other);
    if (this.kind(row) !== table.kind(other) || table.pathStart(other + 1) - start !== length) return false;
    return sameRange(this.columns.paths, from, table.columns.paths, start, length);
  }
  /** Whether the data of a row begins as that of one of another table. */
  sameData(row: number, table: Rows, other: number, length: number): boolean {
    return sameRange(this.columns.data, row * this.width, table.columns.data, other * this.width, length);
  }
}

function sameRange(a: Uint8Array, from: number, b: Uint8Array, start: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[from + i] !== b[start + i]) return false;
  return true;
}

const firstRows = 64, longestPath = 4096;
/** Rows that are one step: some 100 to 200 µs. */
const stepRows = 1024;

/** A table that is being made. */
export class RowsBuilder {
  readonly #width: number;
  #count = 0;
  #kinds = new Uint8Array(firstRows);
  #data: Uint8Array;
  #ends = new Uint32Array(firstRows);
  #paths = new Uint8Array(firstRows * 64);
  /** Open addressing: a row's number + 1, or 0. At most half full. */
  #slots = new Int32Array(firstRows * 2);
  #hashes = new Int32Array(firstRows);
  #scratch = new Uint8Array(longestPath);
  readonly #row: Uint8Array;

  constructor(width: number) {
    this.#width = width;
    this.#data = new Uint8Array(firstRows * width);
    this.#row = new Uint8Array(width);
  }

  /** Begins anew with the memory that it has. */
  clear(): void {
    this.#count = 0;
    this.#slots.fill(0);
  }

  /**
   * Takes over a stored table, in its order. Only while this one is empty.
   *
   * @param numbers Where not 0, the row is wanted, and its new number + 1 is put there. By default all are.
   */
  *adopt(from: Rows, numbers?: Uint32Array): Steps<void> {
    this.#makeRoom(from.count, from.columns.paths.length);
    for (let row = 0; row < from.count;) {
      let end = row;
      while (end < from.count && end - row < stepRows && numbers?.[end] !== 0) end++;
      for (let i = row; numbers !== undefined && i < end; i++) numbers[i] = this.#count + i - row + 1;
      this.#append(from, row, end);
      if (end - row === stepRows) yield;
      row = numbers?.[end] === 0 ? end + 1 : end;
    }
    let slots = this.#slots.length;
    while (slots < this.#count * 2 + 2) slots *= 2;
    this.#fillSlots(slots);
  }

  /** Rows of a stored table behind each other, that are none of ours yet; there is room, and slots come later. */
  #append(from: Rows, row: number, end: number): void {
    const { kinds, data, paths } = from.columns, width = this.#width, at = this.#count;
    const first = from.pathStart(row), shift = (at === 0 ? 0 : this.#ends[at - 1]) - first;
    this.#kinds.set(kinds.subarray(row, end), at);
    this.#data.set(data.subarray(row * width, end * width), at * width);
    this.#paths.set(paths.subarray(first, from.pathStart(end)), first + shift);
    for (let i = row, start = first; i < end; i++) {
      const stop = from.pathStart(i + 1);
      this.#ends[at + i - row] = stop + shift;
      this.#hashes[at + i - row] = this.#hash(kinds[i], paths, start, stop, data, i * width);
      start = stop;
    }
    this.#count = at + end - row;
  }

  /** The number of a row given as values: `parts` follow each other and are as long as the width. */
  add(kind: number, path: string, ...parts: Uint8Array[]): number {
    if (path.length > this.#scratch.length) this.#scratch = new Uint8Array(path.length * 2);
    const scratch = this.#scratch, each = this.#width;
    for (let i = 0; i < path.length; i++) scratch[i] = path.charCodeAt(i);
    let at = 0;
    for (const part of parts) this.#row.set(part, at), at += part.length;
    if (at !== each) throw new Error(`a row of ${at} bytes, not ${each}`);
    return this.#find(kind, scratch, 0, path.length, this.#row, 0);
  }

  /**
   * Makes a table of rows that nobody else will share, without looking whether two are equal. Only while this one is empty,
   * and nothing comes after them.
   */
  *fill(
    rows: readonly { kind: number; path: string; value: Uint8Array; signature: Uint8Array }[],
  ): Steps<void> {
    const width = this.#width;
    this.#makeRoom(rows.length, rows.reduce((sum, { path }) => sum + path.length, 0));
    const kinds = this.#kinds, data = this.#data, paths = this.#paths, ends = this.#ends;
    let end = 0;
    for (let row = 0; row < rows.length; row++) {
      const { kind, path, value, signature } = rows[row];
      const bytes = value.length + signature.length;
      if (bytes !== width) throw new Error(`a row of ${bytes} bytes, not ${width}`);
      kinds[row] = kind;
      data.set(value, row * width), data.set(signature, row * width + value.length);
      for (let i = 0; i < path.length; i++) paths[end++] = path.charCodeAt(i);
      ends[row] = end;
      if (row % stepRows === stepRows - 1) yield;
    }
    this.#count = rows.length;
  }

  /** The number of a row of a stored table. */
  copy(from: Rows, row: number): number {
    const { kinds, paths, data } = from.columns;
    return this.#find(
      kinds[row],
      paths,
      from.pathStart(row),
      from.pathStart(row + 1),
      data,
      row * this.#width,
    );
  }

  #find(kind: number, path: Uint8Array, from: number, to: number, data: Uint8Array, at: number): number {
    const hash = this.#hash(kind, path, from, to, data, at), mask = this.#slots.length - 1;
    let slot = (hash ^ hash >>> 15) & mask;
    for (let row = this.#slots[slot]; row !== 0; row = this.#slots[slot = (slot + 1) & mask]) {
      if (this.#hashes[row - 1] === hash && this.#same(row - 1, kind, path, from, to, data, at)) {
        return row - 1;
      }
    }
    return this.#push(hash, slot, kind, path.subarray(from, to), data.subarray(at, at + this.#width));
  }

  #hash(kind: number, path: Uint8Array, from: number, to: number, data: Uint8Array, at: number): number {
    let hash = kind;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ path[i], 0x01000193);
    for (let i = 0; i < this.#width; i += 4) hash = Math.imul(hash ^ data[at + i], 0x01000193);
    return hash;
  }

  #same(
    row: number,
    kind: number,
    path: Uint8Array,
    from: number,
    to: number,
    data: Uint8Array,
    at: number,
  ): boolean {
    const start = row === 0 ? 0 : this.#ends[row - 1];
    if (this.#kinds[row] !== kind || this.#ends[row] - start !== to - from) return false;
    for (let i = 0; i < to - from; i++) if (this.#paths[start + i] !== path[from + i]) return false;
    for (let i = 0; i < this.#width; i++) {
      if (this.#data[row * this.#width + i] !== data[at + i]) return false;
    }
    return true;
  }

  #push(hash: number, slot: number, kind: number, path: Uint8Array, data: Uint8Array): number {
    const row = this.#count++, start = row === 0 ? 0 : this.#ends[row - 1];
    this.#makeRoom(row, start + path.length);
    this.#kinds[row] = kind;
    this.#hashes[row] = hash;
    this.#data.set(data, row * this.#width);
    this.#paths.set(path, start);
    this.#ends[row] = start + path.length;
    this.#slots[slot] = row + 1;
    if (this.#count * 2 > this.#slots.length) this.#fillSlots(this.#slots.length * 2);
    return row;
  }

  #makeRoom(row: number, pathBytes: number): void {
    if (pathBytes > this.#paths.length) this.#paths = grown(this.#paths, pathBytes * 2);
    if (row < this.#kinds.length) return;
    const rows = row * 2; // row < rows: there is always one to begin with
    this.#kinds = grown(this.#kinds, rows);
    this.#data = grown(this.#data, rows * this.#width);
    const ends = this.#ends, hashes = this.#hashes;
    (this.#ends = new Uint32Array(rows)).set(ends);
    (this.#hashes = new Int32Array(rows)).set(hashes);
  }

  #fillSlots(count: number): void {
    if (count === this.#slots.length) this.#slots.fill(0);
    else this.#slots = new Int32Array(count);
    const slots = this.#slots, mask = count - 1;
    for (let row = 0; row < this.#count; row++) {
      const hash = this.#hashes[row];
      let slot = (hash ^ hash >>> 15) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
  }

  /** The table as it is stored; valid until the next row comes. */
  columns(): Columns {
    const count = this.#count, bytes = count === 0 ? 0 : this.#ends[count - 1];
    return {
      kinds: this.#kinds.subarray(0, count),
      data: this.#data.subarray(0, count * this.#width),
      pathEnds: new Uint8Array(this.#ends.buffer, 0, count * 4),
      paths: this.#paths.subarray(0, bytes),
    };
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
