/**
 * A shard: units whose action keys share the first byte, as one msgpack value.
 *
 *     file := "zcshard2" crc:u32 value             ; crc of the value's bytes
 *
 * Input rows, folder rows and environments stand once each in tables of the shard and units name them by index, because
 * the units of a project share nearly all of their headers. What is searched for (keys, moments) and what is long (rows)
 * are columns, msgpack `bin` of little-endian numbers; the rest of each unit is a msgpack value of its own. So a shard
 * is opened without decoding a unit, a unit is put together at its first use, and shards are merged as bytes. The same
 * encoding with one unit is the body of a journal record.
 *
 * @module
 */
import { decode, encode, type ValueType } from "@std/msgpack";
import { crc32 } from "node:zlib";
import { type Columns, Rows, RowsBuilder } from "./rows.ts";
import type { SharedInputs } from "./shared.ts";
import type { Absences, Input, InputKind, Output, Unit } from "./unit.ts";

const magic = "zcshard2";
const headBytes = 12;
const keyBytes = 32, valueBytes = 32, signatureBytes = 48;

/** A unit as stored: when it was last used belongs to the store, not to the unit. */
export type Row = UnitRow | PackedRow;
export interface UnitRow {
  unit: Unit;
  /** ms since 1970. */
  used: number;
}
/** A unit that stays as it is in another shard or record. */
export interface PackedRow {
  packed: Units;
  at: number;
  used: number;
}

/** The value of units as bytes, without head. */
export function encodeUnits(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  inputRows.clear(), inputTable.clear(), folderRows.clear(), folderTable.clear();
  const encoder = new Encoder();
  encoder.begin(rows);
  for (const row of rows) encoder.add(row);
  return encoder.value();
}

/** A shard's file. */
export function encodeShard(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  return sealed(encodeUnits(rows));
}

/** Head and checksum in front of a value. */
export function sealed(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([headOf(value), value]);
}

/** What stands in front of a value in its file. */
export function headOf(value: Uint8Array): Uint8Array {
  const head = new Uint8Array(headBytes);
  head.set(new TextEncoder().encode(magic));
  new DataView(head.buffer).setUint32(8, crc32(value), true);
  return head;
}

/** The value of a sealed file, or undefined where a byte of it is wrong. */
export function unsealed(file: Uint8Array): Uint8Array | undefined {
  if (file.length < headBytes || new TextDecoder().decode(file.subarray(0, 8)) !== magic) return undefined;
  const value = file.subarray(headBytes);
  return new DataView(file.buffer, file.byteOffset).getUint32(8, true) === crc32(value) ? value : undefined;
}

/** What of a unit is neither searched for nor shared, by position. */
type Rest = [
  terminal: string,
  names: string,
  nameLists: Uint8Array,
  lists: Uint8Array[],
  status: number,
  out: Uint8Array,
  err: Uint8Array,
  oneOutput: boolean,
  outputs: [path: string, blob: Uint8Array, text: string, style: number, mode: number, size: number][],
  workKind: string,
  wallUs: number,
];

interface Table {
  inputs: Columns;
  folders: Columns;
  /** As JSON. */
  environments: string[];
  keys: Uint8Array;
  /** f64, ms since 1970. */
  used: Uint8Array;
  storedAt: Uint8Array;
  /** u32: the environment of each unit; rows and rests of all, and where those of each end. */
  environment: Uint8Array;
  inputRows: Uint8Array;
  inputEnds: Uint8Array;
  folderRows: Uint8Array;
  folderEnds: Uint8Array;
  rest: Uint8Array;
  restEnds: Uint8Array;
}

/** Where the rows of one source went in the table that is being made, + 1. */
interface Moved {
  inputs: Uint32Array;
  folders: Uint32Array;
}

/** Numbers that are many. */
class Numbers {
  #all = new Uint32Array(1024);
  length = 0;

  push(number: number): void {
    if (this.length === this.#all.length) {
      const all = this.#all;
      (this.#all = new Uint32Array(all.length * 2)).set(all);
    }
    this.#all[this.length++] = number;
  }

  clear(): void {
    this.length = 0;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#all.buffer, 0, this.length * 4);
  }
}

// One memory for all encoding, which goes on without a pause: arrays of some MB for each of 256 shards would make the
// collector run all the while, 50 ms each time.
const inputTable = new RowsBuilder(valueBytes + signatureBytes),
  folderTable = new RowsBuilder(signatureBytes);
const inputRows = new Numbers(), folderRows = new Numbers();

class Encoder {
  readonly #environments = new Map<string, number>();
  readonly #keys: Uint8Array[] = [];
  readonly #used: number[] = [];
  readonly #storedAt: number[] = [];
  readonly #environment: number[] = [];
  readonly #inputEnds: number[] = [];
  readonly #folderEnds: number[] = [];
  readonly #rest: Uint8Array[] = [];
  /** Units that were decoded share their inputs. */
  readonly #met = new Map<Input, number>();
  readonly #moved = new Map<Units, Moved>();

  /** Where every row of the first source is still named, as mostly, its tables are taken over whole. */
  begin(rows: readonly Row[]): void {
    const first = rows.find((row) => "packed" in row)?.packed;
    if (first === undefined) return;
    const inputs = new Uint32Array(first.inputs.count), folders = new Uint32Array(first.folders.count);
    for (const row of rows) {
      if (!("packed" in row) || row.packed !== first) continue;
      for (const input of first.inputRows(row.at)) inputs[input] = input + 1;
      for (const folder of first.folderRows(row.at)) folders[folder] = folder + 1;
    }
    if (inputs.includes(0) || folders.includes(0)) return;
    inputTable.adopt(first.inputs);
    folderTable.adopt(first.folders);
    this.#moved.set(first, { inputs, folders });
  }

  add(row: Row): void {
    if ("packed" in row) this.#copy(row);
    else this.#unit(row);
    this.#inputEnds.push(inputRows.length);
    this.#folderEnds.push(folderRows.length);
    this.#used.push(row.used);
  }

  #unit({ unit }: UnitRow): void {
    for (const input of unit.inputs) {
      let row = this.#met.get(input);
      if (row === undefined) {
        this.#met.set(input, row = inputTable.add(input.kind, input.path, input.value, input.signature));
      }
      inputRows.push(row);
    }
    for (const { gone, path, signature } of unit.absences.folders) {
      folderRows.push(folderTable.add(gone ? 1 : 0, path, signature));
    }
    this.#keys.push(unit.key);
    this.#storedAt.push(unit.storedAt);
    this.#environment.push(this.#environmentRow(JSON.stringify(unit.environment)));
    this.#rest.push(encode(restOf(unit)));
  }

  #copy({ packed, at }: PackedRow): void {
    let moved = this.#moved.get(packed);
    if (moved === undefined) {
      const { inputs, folders } = packed;
      moved = { inputs: new Uint32Array(inputs.count), folders: new Uint32Array(folders.count) };
      this.#moved.set(packed, moved);
    }
    for (const row of packed.inputRows(at)) {
      inputRows.push((moved.inputs[row] ||= inputTable.copy(packed.inputs, row) + 1) - 1);
    }
    for (const row of packed.folderRows(at)) {
      folderRows.push((moved.folders[row] ||= folderTable.copy(packed.folders, row) + 1) - 1);
    }
    this.#keys.push(packed.key(at));
    this.#storedAt.push(packed.storedAt(at));
    this.#environment.push(this.#environmentRow(packed.environment(at)));
    this.#rest.push(packed.rest(at));
  }

  #environmentRow(json: string): number {
    let row = this.#environments.get(json);
    if (row === undefined) this.#environments.set(json, row = this.#environments.size);
    return row;
  }

  value(): Uint8Array<ArrayBuffer> {
    const table = {
      inputs: { ...inputTable.columns() },
      folders: { ...folderTable.columns() },
      environments: [...this.#environments.keys()],
      keys: joined(this.#keys, keyBytes),
      used: f64(this.#used),
      storedAt: f64(this.#storedAt),
      environment: u32(this.#environment),
      inputRows: inputRows.bytes(),
      inputEnds: u32(this.#inputEnds),
      folderRows: folderRows.bytes(),
      folderEnds: u32(this.#folderEnds),
      rest: concat(this.#rest),
      restEnds: endsOf(this.#rest),
    };
    return encode(table);
  }
}

function restOf({ terminal, absences, result, workKind, wallUs }: Unit): ValueType {
  const { status, out, err, oneOutput, outputs } = result;
  const rest: Rest = [
    terminal,
    absences.names.map(({ name }) => name).join("\0"),
    u32(absences.names.map(({ list }) => list)),
    absences.lists.map(u32),
    status,
    out,
    err,
    oneOutput,
    outputs.map((o) => [o.path, o.blob, o.text, o.style, o.mode, o.size]),
    workKind,
    wallUs,
  ];
  return rest;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) all.set(part, at), at += part.length;
  return all;
}
function endsOf(parts: readonly Uint8Array[]): Uint8Array {
  let end = 0;
  return u32(parts.map((part) => end += part.length));
}
function u32(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}
function f64(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(numbers).buffer);
}
function joined(parts: readonly Uint8Array[], each: number): Uint8Array {
  const all = new Uint8Array(parts.length * each);
  parts.forEach((part, i) => all.set(part, i * each));
  return all;
}

/** A stored value: its columns where they lie, units when asked. What it gives as a unit owns its bytes. */
export class Units {
  readonly count: number;
  readonly inputs: Rows;
  readonly folders: Rows;
  readonly #table: Table;
  readonly #shared: SharedInputs | undefined;
  readonly #made: (Input | undefined)[] = [];

  /** @throws {Error} where the value is none of ours. */
  constructor(value: Uint8Array, shared?: SharedInputs) {
    const table = this.#table = decode(value) as unknown as Table;
    this.#shared = shared;
    this.count = table.restEnds.length / 4;
    this.inputs = new Rows(table.inputs, valueBytes + signatureBytes);
    this.folders = new Rows(table.folders, signatureBytes);
    const { keys, used, storedAt, environment, inputEnds, folderEnds } = table;
    const widths = [[keys, keyBytes], [used, 8], [storedAt, 8], [environment, 4], [inputEnds, 4], [
      folderEnds,
      4,
    ]] as const;
    for (const [column, width] of widths) {
      if (column.length !== this.count * width) throw new Error("columns differ in length");
    }
  }

  /** The action key, where it lies. */
  key(at: number): Uint8Array {
    return this.#table.keys.subarray(at * keyBytes, (at + 1) * keyBytes);
  }
  used(at: number): number {
    return viewOf(this.#table.used).getFloat64(at * 8, true);
  }
  storedAt(at: number): number {
    return viewOf(this.#table.storedAt).getFloat64(at * 8, true);
  }
  /** As JSON. */
  environment(at: number): string {
    return this.#table.environments[viewOf(this.#table.environment).getUint32(at * 4, true)];
  }
  /** Everything that is neither searched for nor shared, encoded. */
  rest(at: number): Uint8Array {
    const { rest, restEnds } = this.#table, [from, to] = spanOf(restEnds, at);
    return rest.subarray(from, to);
  }
  inputRows(at: number): Uint32Array {
    return span(this.#table.inputRows, this.#table.inputEnds, at);
  }
  folderRows(at: number): Uint32Array {
    return span(this.#table.folderRows, this.#table.folderEnds, at);
  }

  /** Digests of the blobs that a unit's outputs name, where they lie. */
  blobs(at: number): Uint8Array[] {
    return (decode(this.rest(at)) as unknown as Rest)[8].map(([, blob]) => blob).filter((blob) =>
      blob.length > 0
    );
  }

  unit(at: number): Unit {
    const [terminal, names, nameLists, lists, status, out, err, oneOutput, outputs, workKind, wallUs] =
      decode(
        this.rest(at),
      ) as unknown as Rest;
    return {
      key: this.key(at).slice(),
      environment: JSON.parse(this.environment(at)),
      terminal,
      inputs: Array.from(this.inputRows(at), (row) => this.#made[row] ??= this.#input(row)),
      absences: {
        folders: this.#foldersOf(at),
        lists: lists.map((list) => [...numbers(list)]),
        names: namesOf(names, nameLists),
      },
      result: { status, out: out.slice(), err: err.slice(), oneOutput, outputs: outputs.map(outputOf) },
      workKind,
      wallUs,
      storedAt: this.storedAt(at),
    };
  }

  #input(row: number): Input {
    const { inputs } = this;
    const input: Input = {
      kind: inputs.kind(row) as InputKind,
      path: inputs.path(row),
      value: inputs.data(row, 0, valueBytes),
      signature: inputs.data(row, valueBytes, signatureBytes),
    };
    if (this.#shared !== undefined) return this.#shared.share(input);
    return { ...input, value: input.value.slice(), signature: input.signature.slice() };
  }

  #foldersOf(at: number): Absences["folders"] {
    return Array.from(this.folderRows(at), (row) => ({
      path: this.folders.path(row),
      gone: this.folders.kind(row) === 1,
      signature: this.folders.data(row, 0, signatureBytes).slice(),
    }));
  }
}

function namesOf(names: string, lists: Uint8Array): Absences["names"] {
  if (lists.length === 0) return [];
  const of = numbers(lists);
  return names.split("\0").map((name, i) => ({ list: of[i], name }));
}

function outputOf([path, blob, text, style, mode, size]: Rest[8][number]): Output {
  return { path, blob: blob.slice(), text, style, mode, size };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The numbers of one unit in a column that holds those of all. */
function span(all: Uint8Array, ends: Uint8Array, at: number): Uint32Array {
  const [from, to] = spanOf(ends, at);
  return numbers(all.subarray(from * 4, to * 4));
}

function spanOf(ends: Uint8Array, at: number): [from: number, to: number] {
  const view = viewOf(ends);
  return [at === 0 ? 0 : view.getUint32((at - 1) * 4, true), view.getUint32(at * 4, true)];
}

/** Little-endian numbers at any alignment. */
function numbers(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}
