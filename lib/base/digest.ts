/**
 * SHA-256, the only digest we use: of contents, action keys, names of blobs.
 *
 * node:crypto's is native (1.4 GB/s measured); crypto.subtle costs a promise and ten times as much on small input.
 *
 * @module
 */
import { createHash, hash } from "node:crypto";

export type Digest = Uint8Array;
export const digestBytes = 32;

/** SHA-256 of `bytes`. */
export function sha256(bytes: Uint8Array): Digest {
  const digest = hash("sha256", bytes, "buffer");
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}

/** A running SHA-256 for content that is read in pieces. */
export class Hasher {
  #hash = createHash("sha256");
  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }
  /** Ends the digest; the hasher is then used up. */
  digest(): Digest {
    return new Uint8Array(this.#hash.digest());
  }
}

/** Lower-case hexadecimal digits of `bytes`. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/** The bytes of hexadecimal digits, or undefined where `text` is none. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(i * 2, i * 2 + 2), 16));
}
