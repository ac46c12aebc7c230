/**
 * Journal: every index record since its shard was last written, in order.
 *
 *     journal := "zcjrnl3\n" generation:u64 record*           ; little-endian
 *     record  := size:u32 crc:u32 shard:u16 kind:u8 0 body    ; size of the body; crc of shard, kind and body
 *
 * A build waits while we append, so a record is one write() and no fsync, about 10 µs: killing the process loses
 * nothing, and a power cut loses at most the records since the last flush, which costs misses, never a wrong hit. The
 * shard's number stands in the head, so that a one-shot reader skips what is not its own.
 *
 * Each journal that is begun or rewritten draws its generation by lot. It tells a process whether the offset up to which it
 * has read belongs to the file that is there now: an inode's number is given again as soon as a journal was replaced.
 *
 * Always true: a blob has its final name before a record names it. Reading stops at the first bad record; what follows
 * is cut before the next append.
 *
 * @module
 */
import { crc32 } from "node:zlib";

const magic = new TextEncoder().encode("zcjrnl3\n");
/** Bytes in front of the first record. */
export const journalHeadBytes = magic.length + 8;
const headBytes = 12;

/** The head of a new journal. */
export function journalHead(): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(journalHeadBytes);
  head.set(magic);
  crypto.getRandomValues(head.subarray(magic.length));
  return head;
}

/** Which journal this is, or undefined where the bytes are not a journal's head. */
export function generationOf(bytes: Uint8Array): bigint | undefined {
  if (bytes.length < journalHeadBytes || !magic.every((byte, i) => bytes[i] === byte)) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(magic.length, true);
}

export const recordKinds = { unit: 1, drop: 2, use: 3, file: 4, codes: 5 } as const;
export type RecordKind = (typeof recordKinds)[keyof typeof recordKinds];

export interface JournalRecord {
  shard: number;
  kind: RecordKind;
  body: Uint8Array;
}

/** One record as bytes. */
export function encodeRecord({ shard, kind, body }: JournalRecord): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headBytes + body.length), view = new DataView(bytes.buffer);
  view.setUint32(0, body.length, true);
  view.setUint16(8, shard, true);
  view.setUint8(10, kind);
  bytes.set(body, headBytes);
  view.setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

export interface Replayed {
  /** Where the last good record ends. */
  end: number;
  /** Why reading stopped before the end of the bytes. */
  torn?: string;
}

/** Visits the records of `bytes` from offset `from` (0 or the end of an earlier replay) on. Never throws for its content. */
export function replay(
  bytes: Uint8Array,
  from: number,
  visit: (record: JournalRecord, start: number, end: number) => void,
): Replayed {
  let at = from;
  if (at < journalHeadBytes) {
    if (bytes.length === 0) return { end: 0 };
    if (generationOf(bytes) === undefined) return { end: 0, torn: "it does not begin as a journal" };
    at = journalHeadBytes;
  }
  return replayRecords(bytes, at, visit);
}

/** The same for bytes that begin anywhere behind the head, at a record. */
export function replayRecords(
  bytes: Uint8Array,
  from: number,
  visit: (record: JournalRecord, start: number, end: number) => void,
): Replayed {
  let at = from;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  while (at < bytes.length) {
    if (at + headBytes > bytes.length) return { end: at, torn: "a record's head is cut" };
    const end = at + headBytes + view.getUint32(at, true);
    if (end > bytes.length) return { end: at, torn: "a record is cut" };
    if (view.getUint32(at + 4, true) !== crc32(bytes.subarray(at + 8, end))) {
      return { end: at, torn: "a record is damaged" };
    }
    const kind = view.getUint8(at + 10) as RecordKind;
    visit({ shard: view.getUint16(at + 8, true), kind, body: bytes.subarray(at + headBytes, end) }, at, end);
    at = end;
  }
  return { end: at };
}
