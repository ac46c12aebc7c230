/**
 * The units of a shard's value, or of a record's, where they lie: opened without decoding a unit, each put together when
 * somebody asks for it.
 *
 * @module
 */
import { beginsWith, sameBytes } from "../base/bytes.ts";
import { decode } from "@std/msgpack";
import { type Columns, Rows } from "./rows.ts";
import type { SharedInputs } from "./shared.ts";
import type { Absences, Input, InputKind, Output, Unit } from "./unit.ts";

/** Bytes of an action key, and of a statement's value and signature. */
export const keyBytes = 32, valueBytes = 32, signatureBytes = 48;
/** What an input row and a folder row hold beside kind and path. */
export const inputWidth = valueBytes + signatureBytes, folderWidth = signatureBytes;

/** What of a unit is neither searched for nor shared, by position. */
export type Rest = [
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

/** Where a unit is stored. */
export interface Place {
  units: Units;
  at: number;
}

/** Units as columns, as they are stored. */
export interface Table {
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

/** A stored value: its columns where they lie, units when asked. What it gives as a unit owns its bytes. */
export class Units {
  readonly count: number;
  readonly inputs: Rows;
  readonly folders: Rows;
  /** Columns, where they lie. */
  readonly table: Table;
  readonly #shared: SharedInputs | undefined;
  readonly #made: (Input | undefined)[] = [];

  /** @throws {Error} where the value is none of ours. */
  constructor(value: Uint8Array, shared?: SharedInputs) {
    const table = this.table = decode(value) as unknown as Table;
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

  /** Where the units of an action stand, in their order. */
  rowsOf(key: Uint8Array): number[] {
    const { keys } = this.table, rows: number[] = [];
    for (let at = 0, from = 0; at < this.count; at++, from += keyBytes) {
      // The first byte is that of the shard.
      if (keys[from + 1] === key[1] && keys[from + 2] === key[2] && sameBytes(this.key(at), key)) {
        rows.push(at);
      }
    }
    return rows;
  }

  /** Whether the key of a unit begins with `start`. */
  mayHold(start: Uint8Array): boolean {
    const { keys } = this.table;
    for (let from = 0; from < keys.length; from += keyBytes) if (beginsWith(keys, start, from)) return true;
    return false;
  }

  /** The action key, where it lies. */
  key(at: number): Uint8Array {
    return this.table.keys.subarray(at * keyBytes, (at + 1) * keyBytes);
  }
  used(at: number): number {
    return viewOf(this.table.used).getFloat64(at * 8, true);
  }
  storedAt(at: number): number {
    return viewOf(this.table.storedAt).getFloat64(at * 8, true);
  }
  /** As JSON. */
  environment(at: number): string {
    return this.table.environments[viewOf(this.table.environment).getUint32(at * 4, true)];
  }
  /** Everything that is neither searched for nor shared, encoded. */
  rest(at: number): Uint8Array {
    const { rest, restEnds } = this.table, [from, to] = spanOf(restEnds, at);
    return rest.subarray(from, to);
  }
  inputRows(at: number): Uint32Array {
    return span(this.table.inputRows, this.table.inputEnds, at);
  }
  folderRows(at: number): Uint32Array {
    return span(this.table.folderRows, this.table.folderEnds, at);
  }

  /** Digests of the blobs that a unit's outputs name, where they lie. */
  blobs(at: number): Uint8Array[] {
    return this.#decodedRest(at)[8].map(([, blob]) => blob).filter((blob) => blob.length > 0);
  }

  /** The terminal and the absent names for which a unit holds: the names joined, and the lists they were looked for in. */
  circumstances(at: number): { terminal: string; names: string; nameLists: Uint8Array } {
    const [terminal, names, nameLists] = this.#decodedRest(at);
    return { terminal, names, nameLists };
  }

  #decodedRest(at: number): Rest {
    return decode(this.rest(at)) as unknown as Rest;
  }

  unit(at: number): Unit {
    const [terminal, names, nameLists, lists, status, out, err, oneOutput, outputs, workKind, wallUs] = this
      .#decodedRest(at);
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
