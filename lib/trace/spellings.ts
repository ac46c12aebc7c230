/**
 * Texts and signatures as records hold them, kept from run to run: a build asks for the same headers, folders and
 * variables in every compile, so almost every text of a record was seen before.
 *
 * A text that is known costs a hash over its bytes instead of a new string; the string stays the same object, so that maps
 * keyed by it need neither hash nor compare its characters again. Measured with a record of 234 events: two thirds of the
 * time of reading it went into decoding texts and putting paths together.
 *
 * Always true: equal bytes give the same number, other bytes another one.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { type Parts, partsOf, tidy } from "../base/paths.ts";

/** A large project has some ten thousand texts and paths. */
const most = 1 << 16;

/** Numbers under keys of two words each. Open addressing, at most half full. */
class Pairs {
  #slots = new Int32Array(1 << 10);
  count = 0;

  /** The place of a key: its number is there, or 0 where it is not known. */
  find(first: number, second: number): number {
    const mask = (this.#slots.length >> 2) - 1, slots = this.#slots;
    let at = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    for (at = (at ^ at >>> 15) & mask;; at = (at + 1) & mask) {
      const place = at << 2;
      if (slots[place + 2] === 0 || (slots[place] === first && slots[place + 1] === second)) return place;
    }
  }
  at(place: number): number {
    return this.#slots[place + 2];
  }
  /** @param number Not 0. */
  set(place: number, first: number, second: number, number: number): void {
    const slots = this.#slots;
    slots[place] = first, slots[place + 1] = second, slots[place + 2] = number;
    if (++this.count << 3 > slots.length) this.#grow();
  }
  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 4);
    for (let place = 0; place < old.length; place += 4) {
      if (old[place + 2] === 0) continue;
      this.#slots.set(old.subarray(place, place + 3), this.find(old[place], old[place + 1]));
    }
  }
}

export class Spellings {
  /** The words of all, one after another; where those of a number begin; how many bytes they are. 0 is the empty one. */
  #words = new Uint32Array(1 << 12);
  #starts = [0, 0];
  #lengths = [0];
  /** The text or signature of each number, once somebody asks for it. */
  #texts: (string | undefined)[] = [""];
  #signatures: (Uint8Array | undefined)[] = [];
  /** Hash and length of a text -> the last of that hash; texts of one hash follow each other by `#before`. */
  readonly #byHash = new Pairs();
  #before = [0];
  #paths: string[] = [""];
  readonly #byParts = new Pairs();
  readonly #parts = new Map<string, Parts>();

  /** So many that whoever reads the next record should begin with new ones. */
  get areMany(): boolean {
    return this.#lengths.length >= most || this.#paths.length >= most || this.#parts.size >= most;
  }

  /** The number of the `length` bytes at word `at`, which are padded with zeros to whole words. */
  number(words: Uint32Array, at: number, length: number): number {
    if (length === 0) return 0;
    const end = at + (length + 3 >> 2);
    let hash = length;
    for (let i = at; i < end; i++) hash = Math.imul(hash ^ words[i], 0x01000193) ^ hash >>> 15;
    const place = this.#byHash.find(hash, length), last = this.#byHash.at(place);
    for (let number = last; number !== 0; number = this.#before[number]) {
      if (this.#same(number, words, at, end)) return number;
    }
    const number = this.#add(words, at, end, length);
    this.#before[number] = last;
    if (last === 0) this.#byHash.set(place, hash, length, number);
    else this.#before[number] = this.#before[last], this.#before[last] = number;
    return number;
  }

  #same(number: number, words: Uint32Array, at: number, end: number): boolean {
    const start = this.#starts[number], own = this.#words;
    if (this.#starts[number + 1] - start !== end - at) return false;
    for (let i = at; i < end; i++) if (own[start + i - at] !== words[i]) return false;
    return true;
  }

  #add(words: Uint32Array, at: number, end: number, length: number): number {
    const number = this.#lengths.push(length) - 1, start = this.#starts[number], size = start + end - at;
    if (size > this.#words.length) {
      const larger = new Uint32Array(size * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words.set(words.subarray(at, end), start);
    this.#starts.push(size);
    return number;
  }

  #bytes(number: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, this.#starts[number] * 4, this.#lengths[number]);
  }

  text(number: number): string {
    return this.#texts[number] ??= byteString(this.#bytes(number));
  }

  /** The signature in `count` words at `at`, as 48 bytes that nobody may change. */
  signature(words: Uint32Array, at: number, count: number): Uint8Array {
    const number = this.number(words, at, count * 4), known = this.#signatures[number];
    if (known !== undefined) return known;
    const signature = new Uint8Array(48);
    signature.set(this.#bytes(number));
    return this.#signatures[number] = signature;
  }

  /** The tidy path of a folder's number and a name's. `text`: the folder's, where that is not the number's own. */
  path(folder: number, name: number, text?: string): string {
    const place = this.#byParts.find(folder, name), known = this.#byParts.at(place);
    if (known !== 0) return this.#paths[known];
    const path = tidy(`${text ?? this.text(folder)}/${this.text(name)}`);
    this.#byParts.set(place, folder, name, this.#paths.push(path) - 1);
    return path;
  }

  /** The parts of a path. */
  parts(path: string): Parts {
    let parts = this.#parts.get(path);
    if (parts === undefined) this.#parts.set(path, parts = partsOf(path));
    return parts;
  }
}
