/**
 * What is known of files beside units: digests of large ones by path, and codes by content. A shard of its own.
 *
 * @module
 */
import { decode, encode } from "@std/msgpack";
import type { Digest } from "../base/digest.ts";
import { Codes } from "./codes.ts";

export interface FileDigest {
  signature: Uint8Array;
  digest: Digest;
}

type Entry = [path: string, signature: Uint8Array, digest: Uint8Array];

export class FileDigests {
  readonly #byPath = new Map<string, FileDigest>();
  readonly codes = new Codes();

  /** @param value Its snapshot. @throws {Error} where the value is none of ours. */
  constructor(value: Uint8Array | undefined) {
    if (value === undefined) return;
    for (const entry of decode(value) as (Entry | Uint8Array)[]) {
      if (entry instanceof Uint8Array) this.codes.add(entry);
      else this.#byPath.set(entry[0], { signature: entry[1], digest: entry[2] });
    }
  }

  get(path: string): FileDigest | undefined {
    return this.#byPath.get(path);
  }

  set(path: string, file: FileDigest): void {
    this.#byPath.set(path, file);
  }

  /** Takes in a record of one. @throws {Error} where its body is none of ours. */
  take(body: Uint8Array): void {
    const [path, signature, digest] = decode(body) as Entry;
    this.#byPath.set(path, { signature, digest });
  }

  /** The value of a snapshot. */
  encode(): Uint8Array<ArrayBuffer> {
    const codes = this.codes.count === 0 ? [] : [this.codes.rows()];
    return encode([...Array.from(this.#byPath, ([path, file]) => entryOf(path, file)), ...codes]);
  }
}

/** The body of a record of one file. */
export function fileRecord(path: string, file: FileDigest): Uint8Array<ArrayBuffer> {
  return encode(entryOf(path, file));
}

function entryOf(path: string, { signature, digest }: FileDigest): Entry {
  return [path, signature, digest];
}
