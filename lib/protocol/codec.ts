/**
 * Frames of spec.ts to messages and back.
 *
 * Decoding never throws, whatever the bytes: the other end may be of another version, cut off or hostile, and
 * what is not understood has to become PASS, not a dead daemon. A frame is accepted only as a whole: each field
 * lies inside it and nothing is left over. Encoding trusts its caller, who has the types.
 *
 * A frame's strings are cut from one decoded text: for a request of 4 KB with 46 arguments one decode for each
 * string costs more than all the rest. So a string kept for long keeps its (small) frame's text alive.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { maxFrameBytes, messages, protocolVersion, rows } from "./spec.ts";
import type { FieldType } from "./spec.ts";

type Messages = typeof messages;
type Rows = typeof rows;
export type MessageName = keyof Messages;

type Value<T> = T extends "u8" | "u16" | "u32" | "i32" ? number
  : T extends "u64" ? bigint
  : T extends "bytes" ? Uint8Array
  : T extends "text" ? string
  : T extends "list" ? readonly string[]
  : T extends `rows:${infer R extends keyof Rows}` ? readonly Row<R>[]
  : never;
/** One row of a `rows:` field. */
export type Row<R extends keyof Rows> = { readonly [F in keyof Rows[R]]: Value<Rows[R][F]> };
/** A message as its fields: numbers, u64 as bigint, `text` as byte string, `bytes` as a view of the frame. */
export type Message<N extends MessageName> =
  & { readonly name: N }
  & { readonly [F in keyof Messages[N]["fields"]]: Value<Messages[N]["fields"][F]> };
export type AnyMessage = { [N in MessageName]: Message<N> }[MessageName];

type Fields = Record<string, FieldType>;
type Values = Record<string, unknown>;

/** Bytes of size, version, id and build, which stand before the fields. */
const headBytes = 16;
const names = new Map<number, MessageName>(
  (Object.keys(messages) as MessageName[]).map((name) => [messages[name].id, name]),
);
/** Above this a frame holds captured text, of which no string is wanted; see the top of the file. */
const oneDecodeBytes = 256 << 10;

/**
 * The frame of `message`, size included.
 *
 * @param build First 8 bytes of the build id.
 */
export function encode(message: AnyMessage, build: bigint): Uint8Array<ArrayBuffer> {
  const { id, fields } = messages[message.name];
  const writer = new Writer();
  writer.u32(0);
  writer.u16(protocolVersion);
  writer.u16(id);
  writer.u64(build);
  writer.fields(fields, message as unknown as Values);
  return writer.frame();
}

/** The length of the whole frame that `bytes` begins with, its size field included; undefined below 4 bytes. */
export function frameSize(bytes: Uint8Array): number | undefined {
  if (bytes.length < 4) return undefined;
  return 4 + new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}

/** The message of a whole frame (size included), or what is wrong with it. Fields of type `bytes` are views. */
export function decode(frame: Uint8Array): { message: AnyMessage; build: bigint } | { problem: string } {
  if (frame.length < headBytes) return { problem: `a frame of ${frame.length} bytes has no head` };
  if (frame.length - 4 > maxFrameBytes) return { problem: `a frame of ${frame.length} bytes is too long` };
  const reader = new Reader(frame);
  const size = reader.u32(), version = reader.u16(), id = reader.u16(), build = reader.u64();
  if (size !== frame.length - 4) return { problem: `size ${size} in a frame of ${frame.length} bytes` };
  if (version !== protocolVersion) return { problem: `protocol ${version}, ours is ${protocolVersion}` };
  const name = names.get(id);
  if (name === undefined) return { problem: `unknown message ${id}` };
  const message: Values = { name };
  const broken = reader.fields(messages[name].fields, message);
  if (broken !== undefined) return { problem: `field "${broken}" of ${name} is beyond the frame` };
  if (!reader.atEnd) return { problem: `${name} leaves bytes over` };
  return { message: message as unknown as AnyMessage, build };
}

/** The name of a `rows:` field's shape. */
function shapeOf(type: FieldType): Fields {
  return rows[type.slice("rows:".length) as keyof Rows];
}

class Writer {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** The bytes written, with the size in front. */
  frame(): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, this.#at - 4, true);
    return this.#bytes.subarray(0, this.#at);
  }

  fields(fields: Fields, values: Values): void {
    for (const name in fields) this.#field(fields[name], values[name]);
  }

  #field(type: FieldType, value: unknown): void {
    switch (type) {
      case "u8":
        return this.#put(1, (view, at) => view.setUint8(at, value as number));
      case "u16":
        return this.u16(value as number);
      case "u32":
        return this.u32(value as number);
      case "i32":
        return this.#put(4, (view, at) => view.setInt32(at, value as number, true));
      case "u64":
        return this.u64(value as bigint);
      case "bytes":
        return this.#sized(value as Uint8Array);
      case "text":
        return this.#text(value as string);
      case "list":
        return this.#each(value as string[], (text) => this.#text(text));
      default:
        return this.#each(value as Values[], (row) => this.fields(shapeOf(type), row));
    }
  }

  u16(value: number): void {
    this.#put(2, (view, at) => view.setUint16(at, value, true));
  }
  u32(value: number): void {
    this.#put(4, (view, at) => view.setUint32(at, value, true));
  }
  u64(value: bigint): void {
    this.#put(8, (view, at) => view.setBigUint64(at, value, true));
  }

  #sized(bytes: Uint8Array): void {
    this.u32(bytes.length);
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #text(text: string): void {
    this.u32(text.length);
    const at = this.#room(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i);
  }

  #each<T>(items: readonly T[], write: (item: T) => void): void {
    this.u32(items.length);
    for (const item of items) write(item);
  }

  /** Writes `count` bytes through the view, which is looked up after `#room` may have replaced it. */
  #put(count: number, write: (view: DataView, at: number) => void): void {
    const at = this.#room(count);
    write(this.#view, at);
  }

  /** Where the next `count` bytes go; they are counted as written. */
  #room(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Reads fields one after another. Past the end it reads zeros and remembers it, so that one test suffices. */
class Reader {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  #text: string | undefined;
  #at = 0;
  #beyond = false;

  constructor(frame: Uint8Array) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  }

  get atEnd(): boolean {
    return this.#at === this.#frame.length;
  }

  /** Reads `fields` into `into`; the name of the first that is not whole, else undefined. */
  fields(fields: Fields, into: Values): string | undefined {
    for (const name in fields) {
      into[name] = this.#field(fields[name]);
      if (this.#beyond) return name;
    }
    return undefined;
  }

  #field(type: FieldType): unknown {
    switch (type) {
      case "u8":
        return this.#take(1) ? this.#view.getUint8(this.#at - 1) : 0;
      case "u16":
        return this.u16();
      case "u32":
        return this.u32();
      case "i32":
        return this.#take(4) ? this.#view.getInt32(this.#at - 4, true) : 0;
      case "u64":
        return this.u64();
      case "bytes":
        return this.#sized((from, to) => this.#frame.subarray(from, to));
      case "text":
        return this.#string();
      case "list":
        return this.#each(4, () => this.#string());
      default:
        return this.#rows(shapeOf(type));
    }
  }

  u16(): number {
    return this.#take(2) ? this.#view.getUint16(this.#at - 2, true) : 0;
  }
  u32(): number {
    return this.#take(4) ? this.#view.getUint32(this.#at - 4, true) : 0;
  }
  u64(): bigint {
    return this.#take(8) ? this.#view.getBigUint64(this.#at - 8, true) : 0n;
  }

  #rows(shape: Fields): Values[] {
    return this.#each(1, () => {
      const row: Values = {};
      this.fields(shape, row);
      return row;
    });
  }

  /** A counted sequence. An item takes at least `leastBytes`, so a mad count ends before memory does. */
  #each<T>(leastBytes: number, read: () => T): T[] {
    const count = this.u32(), items: T[] = [];
    if (count * leastBytes > this.#frame.length - this.#at) this.#beyond = true;
    for (let i = 0; i < count && !this.#beyond; i++) items.push(read());
    return items;
  }

  #string(): string {
    return this.#sized((from, to) => this.#stringAt(from, to)) ?? "";
  }

  /** TextDecoder's "latin1" has one character for each byte, but other characters from 0x80 on. */
  #stringAt(from: number, to: number): string {
    if (this.#frame.length > oneDecodeBytes) return byteString(this.#frame.subarray(from, to));
    this.#text ??= decoder.decode(this.#frame);
    const text = this.#text.slice(from, to);
    return notAscii.test(text) ? byteString(this.#frame.subarray(from, to)) : text;
  }

  #sized<T>(cut: (from: number, to: number) => T): T | undefined {
    const size = this.u32();
    return this.#take(size) ? cut(this.#at - size, this.#at) : undefined;
  }

  #take(count: number): boolean {
    if (count > this.#frame.length - this.#at) this.#beyond = true;
    if (this.#beyond) return false;
    this.#at += count;
    return true;
  }
}

const decoder = new TextDecoder("latin1");
// deno-lint-ignore no-control-regex -- "not ASCII" is what is asked
const notAscii = /[^\x00-\x7f]/;
