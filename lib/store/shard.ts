/**
 * A shard: units whose action keys share the first byte, as one msgpack value.
 *
 *     file := "zcshard1" crc:u32 value             ; crc of the value's bytes
 *
 * Paths, input rows, folder rows and environments stand once each in tables of the shard and units name them by index,
 * because the units of a project share nearly all of their headers. Columns are msgpack `bin` of little-endian numbers:
 * 2,000 units of 600 inputs decode in 37 ms so, in 1,355 ms as msgpack arrays (decisions.md 17). A unit is
 * put together at its first use. The same encoding with one unit is the body of a journal record.
 *
 * @module
 */
import { decode, encode, type ValueMap, type ValueType } from "@std/msgpack";
import { crc32 } from "node:zlib";
import { sameBytes } from "../base/bytes.ts";
import type { Absences, Input, InputKind, Output, Unit } from "./unit.ts";

const magic = "zcshard1";
const headBytes = 12;

/** A unit as stored: when it was last used belongs to the store, not to the unit. */
export interface Row {
  unit: Unit;
  /** ms since 1970. */
  used: number;
}

/** The value of units as bytes, without head. */
export function encodeUnits(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  return new Encoder().all(rows);
}

/** A shard's file. */
export function encodeShard(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  return sealed(encodeUnits(rows));
}

/** Head and checksum in front of a value. */
export function sealed(value: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(headBytes + value.length);
  file.set(new TextEncoder().encode(magic));
  new DataView(file.buffer).setUint32(8, crc32(value), true);
  file.set(value, headBytes);
  return file;
}

/** The value of a sealed file, or undefined where a byte of it is wrong. */
export function unsealed(file: Uint8Array): Uint8Array | undefined {
  if (file.length < headBytes || new TextDecoder().decode(file.subarray(0, 8)) !== magic) return undefined;
  const value = file.subarray(headBytes);
  return new DataView(file.buffer, file.byteOffset).getUint32(8, true) === crc32(value) ? value : undefined;
}

/** Rows that are written once, however many units name them. */
class Rows<T extends object> {
  readonly all: T[] = [];
  /** By the object: units that were decoded from one shard share theirs. */
  readonly #met = new Map<T, number>();
  readonly #named = new Map<string, number[]>();
  readonly #name: (row: T) => string;
  readonly #same: (a: T, b: T) => boolean;

  /** @param name Equal for equal rows. @param same Whether two rows of one name are equal. */
  constructor(name: (row: T) => string, same: (a: T, b: T) => boolean) {
    this.#name = name;
    this.#same = same;
  }

  index(row: T): number {
    let index = this.#met.get(row);
    if (index === undefined) this.#met.set(row, index = this.#find(row));
    return index;
  }

  #find(row: T): number {
    const name = this.#name(row), named = this.#named.get(name);
    const index = named?.find((index) => this.#same(this.all[index], row));
    if (index !== undefined) return index;
    const last = this.all.push(row) - 1;
    if (named === undefined) this.#named.set(name, [last]);
    else named.push(last);
    return last;
  }
}

class Encoder {
  #paths = new Map<string, number>();
  readonly #inputs = new Rows<Input>(
    ({ kind, path }) => `${kind} ${path}`,
    (a, b) => sameBytes(a.value, b.value) && sameBytes(a.signature, b.signature),
  );
  readonly #folders = new Rows<Absences["folders"][number]>(
    ({ gone, path }) => `${gone} ${path}`,
    (a, b) => sameBytes(a.signature, b.signature),
  );
  #environments = new Map<string, number>();

  all(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
    const units = rows.map((row) => this.#unit(row));
    const inputs = this.#inputs.all, folders = this.#folders.all;
    return encode({
      inputPaths: u32(inputs.map(({ path }) => this.#path(path))),
      inputKinds: Uint8Array.from(inputs, ({ kind }) => kind),
      values: joined(inputs.map(({ value }) => value), 32),
      signatures: joined(inputs.map(({ signature }) => signature), 48),
      folderPaths: u32(folders.map(({ path }) => this.#path(path))),
      gone: Uint8Array.from(folders, ({ gone }) => gone ? 1 : 0),
      folderSignatures: joined(folders.map(({ signature }) => signature), 48),
      environments: [...this.#environments.keys()],
      paths: [...this.#paths.keys()].join("\0"), // after all that names paths
      units,
    });
  }

  #path(path: string): number {
    return indexIn(this.#paths, path);
  }

  #unit({ unit, used }: Row): ValueMap {
    const { absences, result } = unit;
    return {
      key: unit.key,
      environment: indexIn(this.#environments, JSON.stringify(unit.environment)),
      terminal: unit.terminal,
      inputs: u32(unit.inputs.map((input) => this.#inputs.index(input))),
      folders: u32(absences.folders.map((folder) => this.#folders.index(folder))),
      lists: absences.lists.map(u32),
      names: absences.names.map(({ name }) => name).join("\0"),
      nameLists: u32(absences.names.map(({ list }) => list)),
      status: result.status,
      out: result.out,
      err: result.err,
      oneOutput: result.oneOutput,
      outputs: result.outputs.map((o): ValueType => [o.path, o.blob, o.text, o.style, o.mode, o.size]),
      workKind: unit.workKind,
      wallUs: unit.wallUs,
      storedAt: unit.storedAt,
      used,
    };
  }
}

function indexIn(table: Map<string, number>, key: string): number {
  let index = table.get(key);
  if (index === undefined) table.set(key, index = table.size);
  return index;
}

function u32(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}
function joined(parts: readonly Uint8Array[], each: number): Uint8Array {
  const all = new Uint8Array(parts.length * each);
  parts.forEach((part, i) => all.set(part, i * each));
  return all;
}
/** A decoded value: keys at once, units when asked. */
export class Units {
  readonly count: number;
  readonly #table: Table;
  readonly #paths: string[];
  readonly #inputPaths: Uint32Array;
  readonly #folderPaths: Uint32Array;
  /** Input rows are shared: many units hold the same object. */
  readonly #inputs: (Input | undefined)[] = [];

  /** @throws {Error} where the value is none of ours. */
  constructor(value: Uint8Array) {
    this.#table = decode(value) as unknown as Table;
    this.#paths = this.#table.paths.split("\0");
    this.#inputPaths = numbers(this.#table.inputPaths);
    this.#folderPaths = numbers(this.#table.folderPaths);
    this.count = this.#table.units.length;
  }

  key(index: number): Uint8Array {
    return this.#table.units[index].key;
  }
  used(index: number): number {
    return this.#table.units[index].used;
  }

  unit(index: number): Unit {
    const row = this.#table.units[index];
    return {
      key: row.key,
      environment: JSON.parse(this.#table.environments[row.environment]),
      terminal: row.terminal,
      inputs: Array.from(numbers(row.inputs), (i) => this.#input(i)),
      absences: this.#absences(row),
      result: {
        status: row.status,
        out: row.out,
        err: row.err,
        oneOutput: row.oneOutput,
        outputs: row.outputs.map(([path, blob, text, style, mode, size]): Output => ({
          path,
          blob,
          text,
          style,
          mode,
          size,
        })),
      },
      workKind: row.workKind,
      wallUs: row.wallUs,
      storedAt: row.storedAt,
    };
  }

  #input(index: number): Input {
    return this.#inputs[index] ??= {
      kind: this.#table.inputKinds[index] as InputKind,
      path: this.#paths[this.#inputPaths[index]],
      value: this.#table.values.subarray(index * 32, index * 32 + 32),
      signature: this.#table.signatures.subarray(index * 48, index * 48 + 48),
    };
  }

  #absences(row: UnitRow): Absences {
    const lists = numbers(row.nameLists);
    return {
      folders: Array.from(numbers(row.folders), (i) => ({
        path: this.#paths[this.#folderPaths[i]],
        gone: this.#table.gone[i] === 1,
        signature: this.#table.folderSignatures.subarray(i * 48, i * 48 + 48),
      })),
      lists: row.lists.map((list) => Array.from(numbers(list))),
      names: lists.length === 0 ? [] : row.names.split("\0").map((name, i) => ({ list: lists[i], name })),
    };
  }
}

interface UnitRow {
  key: Uint8Array;
  environment: number;
  terminal: string;
  inputs: Uint8Array;
  folders: Uint8Array;
  lists: Uint8Array[];
  names: string;
  nameLists: Uint8Array;
  status: number;
  out: Uint8Array;
  err: Uint8Array;
  oneOutput: boolean;
  outputs: [string, Uint8Array, string, number, number, number][];
  workKind: string;
  wallUs: number;
  storedAt: number;
  used: number;
}
interface Table {
  paths: string;
  inputPaths: Uint8Array;
  inputKinds: Uint8Array;
  values: Uint8Array;
  signatures: Uint8Array;
  folderPaths: Uint8Array;
  gone: Uint8Array;
  folderSignatures: Uint8Array;
  environments: string[];
  units: UnitRow[];
}

/** Little-endian numbers at any alignment. */
function numbers(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}
