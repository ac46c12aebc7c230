/**
 * Digests of large files by path: a shard of its own, that holds no units.
 *
 * @module
 */
import { decode, encode } from "@std/msgpack";
import type { Digest } from "../base/digest.ts";

export interface FileDigest {
  signature: Uint8Array;
  digest: Digest;
}

type Entry = [path: string, signature: Uint8Array, digest: Uint8Array];

export class FileDigests {
  readonly #byPath = new Map<string, FileDigest>();

  /** @param value Its snapshot. @throws {Error} where the value is none of ours. */
  constructor(value: Uint8Array | undefined) {
    if (value === undefined) return;
    for (const [path, signature, digest] of decode(value) as Entry[]) {
      this.#byPath.set(path, { signature, digest });
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
    return encode([...this.#byPath].map(([path, file]) => entryOf(path, file)));
  }
}

/** The body of a record of one file. */
export function fileRecord(path: string, file: FileDigest): Uint8Array<ArrayBuffer> {
  return encode(entryOf(path, file));
}

function entryOf(path: string, { signature, digest }: FileDigest): Entry {
  return [path, signature, digest];
}
