/**
 * Whether a precompiled header of clang holds the times of its headers.
 *
 * With `-Xclang -fno-pch-timestamp` it holds zeros, which clang compares with nothing; whether it was made so, only the
 * file itself tells. It is an LLVM bitstream, and its list of headers stands near its start:
 *
 *     "CPCH" ... CONTROL_BLOCK { ... INPUT_FILES_BLOCK { ... (INPUT_FILE id size time ... path)* } } ...
 *
 * Always true: what is not read to the end of that list, record by record, is taken to hold times.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";

const magic = "CPCH";
/** Blocks that enclose the list, from the outside. */
const controlBlock = 15, inputFilesBlock = 16;
/** In the control block: it is made of another precompiled header, which may hold times. */
const imports = 2;
const inputFile = 1, timeAt = 2, leastValues = 4;
/** How many bits an abbreviation's number has outside of all blocks. */
const outerWidth = 2;
/** What an abbreviation's number means below the first that a block defines. */
const endBlock = 0, enterBlock = 1, defineAbbreviation = 2, unabbreviated = 3, firstOwn = 4;
const fixed = 1, variable = 2, array = 3, char6 = 4, blob = 5;

/** One value of a record: itself, or how it is written. */
type Operand = { literal: number } | { encoding: number; width: number };

interface Input {
  time: number;
  path: string;
}

interface Fields {
  code: number;
  values: number[];
  blob?: Uint8Array;
}

/** The file is cut, or is none that we can read. */
class Unreadable extends Error {}

/**
 * A file's first bytes: where it is clang's precompiled header, made of sources alone, and none of their times is in it,
 * their paths in full; undefined for any other.
 */
export function timelessInputs(head: Uint8Array): string[] | undefined {
  if (byteString(head.subarray(0, magic.length)) !== magic) return undefined;
  try {
    const inputs = new Bits(head, magic.length).inputs();
    return inputs.length > 0 && inputs.every(({ time }) => time === 0)
      ? inputs.map(({ path }) => path)
      : undefined;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Bits {
  #at: number;

  constructor(readonly bytes: Uint8Array, start: number) {
    this.#at = start * 8;
  }

  inputs(): Input[] {
    return this.#inputs(this.#enter(this.#enter(outerWidth, controlBlock), inputFilesBlock));
  }

  /**
   * Goes into the next block of a kind; all else of the block around it is passed over.
   *
   * @param width Of an abbreviation's number. @returns The same in that block.
   */
  #enter(width: number, wanted: number): number {
    const abbreviations: Operand[][] = [];
    for (;;) {
      const id = this.#read(width);
      if (id === endBlock) throw new Unreadable();
      if (id !== enterBlock) {
        const record = this.#record(id, abbreviations);
        if (wanted === inputFilesBlock && record?.code === imports) throw new Unreadable();
        continue;
      }
      const kind = this.#variable(8), inner = this.#variable(4);
      this.#align();
      const words = this.#read(32);
      if (kind === wanted) return inner;
      this.#skip(words * 32);
    }
  }

  #inputs(width: number): Input[] {
    const abbreviations: Operand[][] = [], inputs: Input[] = [];
    for (;;) {
      const id = this.#read(width);
      if (id === endBlock) return inputs;
      if (id === enterBlock) throw new Unreadable();
      const record = this.#record(id, abbreviations);
      if (record?.code !== inputFile) continue;
      if (record.values.length < leastValues || !record.blob?.length) throw new Unreadable();
      inputs.push({ time: record.values[timeAt], path: byteString(record.blob) });
    }
  }

  /** A record, or nothing where an abbreviation is defined. */
  #record(id: number, abbreviations: Operand[][]): Fields | undefined {
    if (id === defineAbbreviation) return void abbreviations.push(this.#abbreviation());
    if (id === unabbreviated) {
      const code = this.#variable(6), count = this.#variable(6), values: number[] = [];
      for (let i = 0; i < count; i++) values.push(this.#variable(6));
      return { code, values };
    }
    const operands = abbreviations[id - firstOwn];
    if (operands === undefined) throw new Unreadable();
    return this.#abbreviated(operands);
  }

  #abbreviation(): Operand[] {
    const count = this.#variable(5), operands: Operand[] = [];
    for (let i = 0; i < count; i++) {
      if (this.#read(1) === 1) {
        operands.push({ literal: this.#variable(8) });
        continue;
      }
      const encoding = this.#read(3);
      operands.push({ encoding, width: encoding === fixed || encoding === variable ? this.#variable(5) : 0 });
    }
    return operands;
  }

  #abbreviated(operands: Operand[]): Fields {
    const values: number[] = [];
    let bytes: Uint8Array | undefined;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i];
      if ("literal" in operand) values.push(operand.literal);
      else if (operand.encoding === blob) bytes = this.#blob();
      else if (operand.encoding === array) {
        const element = operands[++i];
        if (element === undefined) throw new Unreadable();
        const count = this.#variable(6);
        if (count > this.bytes.length) throw new Unreadable(); // elements may take no bits
        for (let left = count; left > 0; left--) values.push(this.#value(element));
      } else values.push(this.#value(operand));
    }
    return { code: values[0], values: values.slice(1), blob: bytes };
  }

  #value(operand: Operand): number {
    if ("literal" in operand) return operand.literal;
    const { encoding, width } = operand;
    if (encoding === char6) return this.#read(6);
    if (encoding !== fixed && encoding !== variable) throw new Unreadable();
    return width === 0 ? 0 : encoding === fixed ? this.#read(width) : this.#variable(width);
  }

  #blob(): Uint8Array {
    const length = this.#variable(6);
    this.#align();
    const from = this.#at / 8;
    this.#skip(length * 8);
    this.#align();
    return this.bytes.subarray(from, from + length);
  }

  #skip(bits: number): void {
    this.#at += bits;
    if (this.#at > this.bytes.length * 8) throw new Unreadable();
  }

  #align(): void {
    this.#at = Math.ceil(this.#at / 32) * 32;
  }

  /** An unsigned number of `width` bits, lowest first. */
  #read(width: number): number {
    let value = 0;
    const from = this.#at;
    this.#skip(width);
    for (let i = 0; i < width; i++) {
      const at = from + i;
      if (this.bytes[at >> 3] >> (at & 7) & 1) value += 2 ** i;
    }
    return value;
  }

  /** A number in pieces of `width` bits, the highest bit of each telling that another follows. */
  #variable(width: number): number {
    const half = 2 ** (width - 1);
    let value = 0, scale = 1;
    for (;;) {
      const piece = this.#read(width);
      value += (piece % half) * scale;
      if (piece < half) return value;
      scale *= half;
    }
  }
}
