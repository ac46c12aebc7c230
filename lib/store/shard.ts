/**
 * A shard: units whose action keys share the first byte, as one msgpack value.
 *
 *     file := "zcshard2" crc:u32 value             ; crc of the value's bytes
 *
 * Input rows, folder rows and environments stand once each in tables of the shard and units name them by index, because
 * the units of a project share nearly all of their headers. What is searched for (keys, moments) and what is long (rows)
 * are columns, msgpack `bin` of little-endian numbers; the rest of each unit is a msgpack value of its own. So a shard
 * is opened without decoding a unit (units.ts), a unit is put together at its first use, and shards are merged as bytes
 * (encoder.ts). The same encoding with one unit is the body of a journal record.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { Encoder, type Row } from "./encoder.ts";
import { runThrough } from "./slice.ts";

export type { PackedRow, Row, UnitRow } from "./encoder.ts";
export { Units } from "./units.ts";

const magic = new TextEncoder().encode("zcshard2");
/** What stands in front of the value. */
export const headBytes = magic.length + 4;

// For what is encoded without a pause. A snapshot pauses, and has one of its own.
const encoder = new Encoder();

/** The value of units as bytes, without head. */
export function encodeUnits(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  return runThrough(encoder.encode(rows)).slice();
}

/** A shard's file. */
export function encodeShard(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  return sealed(runThrough(encoder.encode(rows)));
}

/** Head and checksum in front of a value. */
export function sealed(value: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(headBytes + value.length);
  file.set(headOf(value));
  file.set(value, headBytes);
  return file;
}

/** What stands in front of a value in its file. */
export function headOf(value: Uint8Array): Uint8Array {
  const head = new Uint8Array(headBytes);
  head.set(magic);
  new DataView(head.buffer).setUint32(magic.length, crc32(value), true);
  return head;
}

/** The value of a sealed file, or undefined where a byte of it is wrong. */
export function unsealed(file: Uint8Array): Uint8Array | undefined {
  if (file.length < headBytes || !magic.every((byte, i) => file[i] === byte)) return undefined;
  const value = file.subarray(headBytes);
  const crc = new DataView(file.buffer, file.byteOffset).getUint32(magic.length, true);
  return crc === crc32(value) ? value : undefined;
}
