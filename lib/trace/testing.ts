/**
 * For tests: records as the tracer writes them.
 *
 * @module
 */
import { bytesOf } from "../base/bytes.ts";
import { events, header, headerWords, signatureWords, traceMagic, traceVersion } from "./format.ts";

/** A word of a payload, or bytes that are padded to whole words. */
export type Word = number | Uint8Array;
/** Length and bytes of a text. */
export const text = (value: string): Word[] => [bytesOf(value).length, bytesOf(value)];
/** Of a file, and of nothing. */
export const signature = new Uint8Array(signatureWords * 4).fill(7);
export const nothing = new Uint8Array(signatureWords * 4);

/** A record of these events, each with its image, answer and payload. */
export function record(
  ...list: [kind: keyof typeof events, image: number, answer: number, ...payload: Word[]][]
): Uint8Array<ArrayBuffer> {
  const words: number[] = new Array(headerWords).fill(0);
  for (const [kind, image, answer, ...payload] of list) {
    const bytes = payload.flatMap((word) =>
      typeof word === "number"
        ? [...new Uint8Array(new Uint32Array([word]).buffer)]
        : [...word, ...new Uint8Array(-word.length & 3)]
    );
    const size = 2 + bytes.length / 4;
    words.push(events[kind].id | answer << 8 | size << 16, image);
    words.push(...new Uint32Array(new Uint8Array(bytes).buffer));
  }
  words[header.magic] = traceMagic;
  words[header.version] = traceVersion;
  words[header.cursor] = words.length * 4;
  return new Uint8Array(new Uint32Array(words).buffer);
}
