/**
 * What contents are as code: digest of a content -> digest of its code and a mark, as rows of bytes in the shard of files.
 *
 *     row := content:32 code:32 mark:u8       ; code: all zero where the content has none
 *
 * A row is a function of the content and of the version of what made it, which is in the mark; it may be lost at any
 * time: then an edit that cannot matter is a miss. Found by open addressing, because a table of a large project would take longer to be made a map of
 * than one lookup saves.
 *
 * @module
 */

export const codeRowBytes = 65;
const digestBytes = 32, markAt = 64;
/** Some 4 MB: every version of every header and source of a large project for a while. Then the older half goes. */
const mostRows = 1 << 16;

export interface StoredCode {
  /** Digest of the code; undefined where the content has none. */
  digest: Uint8Array | undefined;
  /** What else whoever remembers it says; 0 to 255. */
  mark: number;
}

/** Rows of the table, of codes by content. */
export function codeRows(codes: readonly (readonly [content: Uint8Array, StoredCode])[]): Uint8Array {
  const rows = new Uint8Array(codes.length * codeRowBytes);
  for (const [i, [content, { digest, mark }]] of codes.entries()) {
    rows.set(content, i * codeRowBytes);
    if (digest !== undefined) rows.set(digest, i * codeRowBytes + digestBytes);
    rows[i * codeRowBytes + markAt] = mark;
  }
  return rows;
}

export class Codes {
  readonly #most: number;
  #rows: Uint8Array<ArrayBuffer> = new Uint8Array(codeRowBytes * 64);
  #count = 0;
  #forgotten = 0;
  /** Number of a row + 1, or 0; at most half full. Made at the first question. */
  #slots: Int32Array | undefined;

  constructor(most = mostRows) {
    this.#most = most;
  }

  /** How often rows have gone to make room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get count(): number {
    return this.#count;
  }

  get(content: Uint8Array): StoredCode | undefined {
    const slots = this.#slots ??= this.#index(), found = slots[this.#place(slots, content, 0)];
    if (found === 0) return undefined;
    const row = this.#row(found - 1), code = row.slice(digestBytes, markAt);
    return { digest: code.some((byte) => byte !== 0) ? code : undefined, mark: row[markAt] };
  }

  /** Takes in rows; what is newer counts. @throws {Error} where the bytes are none. */
  add(rows: Uint8Array): void {
    if (rows.length % codeRowBytes !== 0) throw new Error("rows of codes are cut");
    for (let from = 0; from < rows.length; from += codeRowBytes) {
      this.#add(rows.subarray(from, from + codeRowBytes));
    }
  }

  #add(row: Uint8Array): void {
    const slots = this.#slots ??= this.#index(), place = this.#place(slots, row, 0);
    if (slots[place] !== 0) return this.#rows.set(row, (slots[place] - 1) * codeRowBytes);
    if (this.#count >= this.#most) this.#forgetHalf();
    const from = this.#count * codeRowBytes;
    if (from + codeRowBytes > this.#rows.length) {
      const larger = new Uint8Array(this.#rows.length * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows.set(row, from);
    this.#count++;
    if (this.#count * 2 > this.#slots!.length) this.#slots = undefined;
    else this.#slots![this.#place(this.#slots!, row, 0)] = this.#count;
  }

  #forgetHalf(): void {
    const kept = this.#most >> 1;
    this.#forgotten++;
    this.#rows.copyWithin(0, (this.#count - kept) * codeRowBytes, this.#count * codeRowBytes);
    this.#count = kept;
    this.#slots = undefined;
    this.#slots = this.#index();
  }

  #row(number: number): Uint8Array {
    return this.#rows.subarray(number * codeRowBytes, (number + 1) * codeRowBytes);
  }

  /** Where the row of a content is, or would be. */
  #place(slots: Int32Array, from: Uint8Array, at: number): number {
    const mask = slots.length - 1;
    let slot = (from[at] | from[at + 1] << 8 | from[at + 2] << 16 | from[at + 3] << 24) & mask;
    while (slots[slot] !== 0 && !this.#isOf(slots[slot] - 1, from, at)) slot = (slot + 1) & mask;
    return slot;
  }

  #isOf(number: number, from: Uint8Array, at: number): boolean {
    const start = number * codeRowBytes;
    for (let i = 0; i < digestBytes; i++) if (this.#rows[start + i] !== from[at + i]) return false;
    return true;
  }

  #index(): Int32Array {
    let size = 128;
    while (size < this.#count * 4) size *= 2;
    const slots = new Int32Array(size);
    for (let number = 0; number < this.#count; number++) {
      slots[this.#place(slots, this.#rows, number * codeRowBytes)] = number + 1;
    }
    return slots;
  }

  /** All rows, where they lie: valid until one is added. */
  rows(): Uint8Array {
    return this.#rows.subarray(0, this.#count * codeRowBytes);
  }
}
