/**
 * Makes the value of a shard from units in memory and from units of other shards and records, which are copied as bytes.
 *
 * An encoder owns the memory in which it works, and uses it again. It may pause at any step, so that a daemon rewrites
 * a shard while it answers clients; a second encoder is not disturbed. A shard to which units only come, as mostly, is
 * taken over column by column.
 *
 * @module
 */
import { encode, type ValueType } from "@std/msgpack";
import { Bytes, f64s, u32s } from "../base/growing.ts";
import { type Columns, RowsBuilder } from "./rows.ts";
import type { Steps } from "./slice.ts";
import type { Input, Unit } from "./unit.ts";
import { folderWidth, inputWidth, type Rest, type Table, type Units } from "./units.ts";

/** A unit as stored: when it was last used belongs to the store, not to the unit. */
export type Row = UnitRow | PackedRow | WholeRows;
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
/** The units of a shard, in front of all others: all but some, with the uses that are not as they are stored there. */
export interface WholeRows {
  whole: Units;
  without: ReadonlySet<number>;
  used: ReadonlyMap<number, number>;
}

/** Where the rows of one source went in the table that is being made, + 1. */
interface Moved {
  inputs: Uint32Array;
  folders: Uint32Array;
}

/** A longer list of inputs is more than one step: so many take some 100 µs. */
const stepRows = 1024;

export class Encoder {
  readonly #inputs = new RowsBuilder(inputWidth);
  readonly #folders = new RowsBuilder(folderWidth);
  readonly #keys = new Bytes();
  readonly #used = f64s();
  readonly #storedAt = f64s();
  readonly #environment = u32s();
  readonly #inputRows = u32s();
  readonly #inputEnds = u32s();
  readonly #folderRows = u32s();
  readonly #folderEnds = u32s();
  readonly #rest = new Bytes();
  readonly #restEnds = u32s();
  readonly #value = new Bytes();
  #environments: string[] = [];
  #environmentRows = new Map<string, number>();
  /** Units that were decoded share their inputs. */
  #met = new Map<Input, number>();
  #moved = new Map<Units, Moved>();

  /** The value of units. It lies in the encoder's memory: valid until the encoder is used again. */
  *encode(rows: readonly Row[]): Steps<Uint8Array<ArrayBuffer>> {
    this.#clear();
    for (const row of rows) {
      if ("whole" in row) yield* this.#takeOver(row);
      else if ("packed" in row) yield* this.#copy(row);
      else yield* this.#add(row, rows.length === 1);
      yield;
    }
    yield* addMap(this.#value, { ...this.#table() });
    this.#letGo();
    return this.#value.bytes();
  }

  #clear(): void {
    this.#letGo();
    this.#inputs.clear(), this.#folders.clear(), this.#value.clear();
    this.#keys.clear(), this.#used.clear(), this.#storedAt.clear(), this.#environment.clear();
    this.#inputRows.clear(), this.#inputEnds.clear(), this.#folderRows.clear(), this.#folderEnds.clear();
    this.#rest.clear(), this.#restEnds.clear();
  }

  /** Nothing is held of what was encoded. */
  #letGo(): void {
    this.#environments = [], this.#environmentRows = new Map();
    this.#met = new Map(), this.#moved = new Map();
  }

  #table(): Table {
    return {
      inputs: this.#inputs.columns(),
      folders: this.#folders.columns(),
      environments: this.#environments,
      keys: this.#keys.bytes(),
      used: this.#used.bytes(),
      storedAt: this.#storedAt.bytes(),
      environment: this.#environment.bytes(),
      inputRows: this.#inputRows.bytes(),
      inputEnds: this.#inputEnds.bytes(),
      folderRows: this.#folderRows.bytes(),
      folderEnds: this.#folderEnds.bytes(),
      rest: this.#rest.bytes(),
      restEnds: this.#restEnds.bytes(),
    };
  }

  /** Nothing is here yet: numbers of rows and of environments stay where no unit went. */
  *#takeOver({ whole, without, used }: WholeRows): Steps<void> {
    if (without.size > 0) return yield* this.#takeKept({ whole, without, used });
    const { table, inputs, folders } = whole;
    yield* this.#inputs.adopt(inputs);
    yield* this.#folders.adopt(folders);
    for (const json of table.environments) this.#environmentRows.set(json, this.#environments.push(json) - 1);
    this.#keys.add(table.keys);
    this.#used.append(table.used), this.#storedAt.append(table.storedAt);
    this.#environment.append(table.environment);
    this.#inputRows.append(table.inputRows), this.#inputEnds.append(table.inputEnds);
    this.#folderRows.append(table.folderRows), this.#folderEnds.append(table.folderEnds);
    this.#rest.add(table.rest), this.#restEnds.append(table.restEnds);
    for (const [at, moment] of used) this.#used.set(at, moment);
  }

  /** What only units that went name is left behind. */
  *#takeKept({ whole, without, used }: WholeRows): Steps<void> {
    const { inputs, folders } = whole, kept: number[] = [];
    const moved = { inputs: new Uint32Array(inputs.count), folders: new Uint32Array(folders.count) };
    for (let at = 0; at < whole.count; at++) {
      if (without.has(at)) continue;
      kept.push(at);
      for (const row of whole.inputRows(at)) moved.inputs[row] = 1;
      for (const row of whole.folderRows(at)) moved.folders[row] = 1;
      yield;
    }
    yield* this.#inputs.adopt(inputs, moved.inputs);
    yield* this.#folders.adopt(folders, moved.folders);
    this.#moved.set(whole, moved);
    for (const at of kept) {
      yield* this.#copy({ packed: whole, at, used: used.get(at) ?? whole.used(at) });
      yield;
    }
  }

  /** @param alone No other unit is there that may share its inputs: as it is written while a launcher waits. */
  *#add({ unit, used }: UnitRow, alone: boolean): Steps<void> {
    if (alone) {
      yield* this.#inputs.fill(unit.inputs);
      for (let row = 0; row < unit.inputs.length; row++) this.#inputRows.push(row);
    } else yield* this.#addInputs(unit);
    for (const { gone, path, signature } of unit.absences.folders) {
      this.#folderRows.push(this.#folders.add(gone ? 1 : 0, path, signature));
    }
    this.#keys.add(unit.key);
    this.#storedAt.push(unit.storedAt);
    this.#environment.push(this.#environmentRow(JSON.stringify(unit.environment)));
    this.#rest.add(encode(restOf(unit)));
    this.#end(used);
  }

  *#addInputs({ inputs }: UnitRow["unit"]): Steps<void> {
    for (const [i, input] of inputs.entries()) {
      const known = this.#met.get(input);
      const row = known ?? this.#inputs.add(input.kind, input.path, input.value, input.signature);
      if (known === undefined) this.#met.set(input, row);
      this.#inputRows.push(row);
      if (i % stepRows === stepRows - 1) yield;
    }
  }

  *#copy({ packed, at, used }: PackedRow): Steps<void> {
    const moved = this.#movedFrom(packed),
      from = packed.inputRows(at),
      to = this.#inputRows.room(from.length);
    for (let i = 0; i < from.length; i++) {
      const row = from[i];
      to[i] = (moved.inputs[row] ||= this.#inputs.copy(packed.inputs, row) + 1) - 1;
      if (i % stepRows === stepRows - 1) yield;
    }
    for (const row of packed.folderRows(at)) {
      this.#folderRows.push((moved.folders[row] ||= this.#folders.copy(packed.folders, row) + 1) - 1);
    }
    this.#keys.add(packed.key(at));
    this.#storedAt.push(packed.storedAt(at));
    this.#environment.push(this.#environmentRow(packed.environment(at)));
    this.#rest.add(packed.rest(at));
    this.#end(used);
  }

  #movedFrom(packed: Units): Moved {
    let moved = this.#moved.get(packed);
    if (moved === undefined) {
      const { inputs, folders } = packed;
      moved = { inputs: new Uint32Array(inputs.count), folders: new Uint32Array(folders.count) };
      this.#moved.set(packed, moved);
    }
    return moved;
  }

  /** A unit's rows and rest are here. */
  #end(used: number): void {
    this.#inputEnds.push(this.#inputRows.length);
    this.#folderEnds.push(this.#folderRows.length);
    this.#restEnds.push(this.#rest.length);
    this.#used.push(used);
  }

  #environmentRow(json: string): number {
    let row = this.#environmentRows.get(json);
    if (row === undefined) this.#environmentRows.set(json, row = this.#environments.push(json) - 1);
    return row;
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

function u32(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(numbers).buffer);
}

/** Names of columns as msgpack: the same few in each value. */
const encodedNames = new Map<string, Uint8Array>();

function nameBytes(name: string): Uint8Array {
  let bytes = encodedNames.get(name);
  if (bytes === undefined) encodedNames.set(name, bytes = encode(name));
  return bytes;
}

/** Adds a map, of at most 15 columns, as msgpack: what `encode` makes, without a copy of each column first. */
function* addMap(to: Bytes, map: Record<string, Uint8Array | string[] | Columns>): Steps<void> {
  const parts = Object.entries(map);
  to.add(Uint8Array.of(0x80 | parts.length));
  for (const [name, part] of parts) {
    to.add(nameBytes(name));
    if (part instanceof Uint8Array) addBin(to, part);
    else if (Array.isArray(part)) to.add(encode(part));
    else yield* addMap(to, { ...part });
    yield;
  }
}

function addBin(to: Bytes, column: Uint8Array): void {
  const head = to.room(5);
  head[0] = 0xc6;
  new DataView(head.buffer, head.byteOffset).setUint32(1, column.length);
  to.add(column);
}
