/**
 * The index in memory: units by action key, digests of large files by path. It answers every read.
 *
 * A shard's bytes and keys are taken in at the first question about one of them, and a unit is decoded at its use. Records of the journal are applied in order on top. A
 * shard is written anew by merging bytes; then the memory holds the new bytes instead of the old and the new units.
 *
 * @module
 */
import { sameBytes } from "../base/bytes.ts";
import { type Digest, hex } from "../base/digest.ts";
import { decode, encode } from "@std/msgpack";
import { type JournalRecord, recordKinds } from "./journal.ts";
import { filesShard } from "./layout.ts";
import { encodeUnits, Units, unsealed } from "./shard.ts";
import { SharedInputs } from "./shared.ts";
import { Decoded, Stored } from "./stored.ts";
import type { Unit } from "./unit.ts";

export type { StoredUnit } from "./stored.ts";

export interface FileDigest {
  signature: Uint8Array;
  digest: Digest;
}

interface Shard {
  /** Action key in hex -> units, newest first. */
  units: Map<string, Stored[]>;
  /** Bytes of its snapshot, to weigh a rewrite. */
  bytes: number;
}

/** Candidates of one action beyond which the oldest go: each costs a look at its statements on a miss. */
export const maxCandidates = 64;

export class Index {
  readonly #shards = new Map<number, Shard>();
  readonly #byId = new Map<number, { key: string; shard: number }>();
  readonly files = new Map<string, FileDigest>();
  /** Shards that differ from their snapshot. */
  readonly dirty = new Set<number>();
  readonly #read: (shard: number) => Uint8Array | undefined;
  readonly #warn: (text: string) => void;
  readonly #apply = new Map<number, JournalRecord[]>();
  readonly #shared = new SharedInputs();
  readonly #decoded = new Decoded();
  #ids = 0;
  #epoch = 0;

  /** @param read The snapshot of a shard, undefined where there is none. */
  constructor(read: (shard: number) => Uint8Array | undefined, warn: (text: string) => void) {
    this.#read = read;
    this.#warn = warn;
  }

  /** The shard, decoded, with the journal's records for it applied. */
  #shard(number: number): Shard {
    let shard = this.#shards.get(number);
    if (shard !== undefined) return shard;
    shard = { units: new Map(), bytes: 0 };
    this.#shards.set(number, shard);
    const file = this.#read(number);
    if (file !== undefined) this.#decode(number, shard, file);
    for (const record of this.#apply.get(number) ?? []) this.#applyNow(number, record);
    this.#apply.delete(number);
    return shard;
  }

  /** Takes a shard in, as the first question about it would. */
  load(number: number): void {
    this.#shard(number);
  }

  #decode(number: number, shard: Shard, file: Uint8Array): void {
    shard.bytes = file.length;
    const value = unsealed(file);
    if (value === undefined) return this.#warn(`shard ${number} is damaged; its results are forgotten`);
    try {
      this.#decodeValue(number, shard, value);
    } catch (cause) {
      this.#warn(`shard ${number} was not understood: ${cause instanceof Error ? cause.message : cause}`);
    }
  }

  #decodeValue(number: number, shard: Shard, value: Uint8Array): void {
    if (number === filesShard) return this.#decodeFiles(value);
    const units = new Units(value, this.#shared);
    // Oldest first on disk, so that each goes in front of the one before.
    for (let at = 0; at < units.count; at++) {
      this.#insert(number, shard, hex(units.key(at)), { units, at }, units.used(at));
    }
  }

  #decodeFiles(value: Uint8Array): void {
    for (const [path, signature, digest] of decode(value) as [string, Uint8Array, Uint8Array][]) {
      if (!this.files.has(path)) this.files.set(path, { signature, digest });
    }
  }

  #insert(
    number: number,
    shard: Shard,
    key: string,
    from: Unit | { units: Units; at: number },
    used: number,
  ): Stored {
    const stored = new Stored(++this.#ids, used, from, this.#decoded), list = shard.units.get(key);
    if (list === undefined) shard.units.set(key, [stored]);
    else list.unshift(stored);
    this.#byId.set(stored.id, { key, shard: number });
    if (list !== undefined && list.length > maxCandidates) this.#byId.delete(list.pop()!.id);
    return stored;
  }

  /** A record of the journal. Shards that nobody asked for keep it until somebody does. */
  take(record: JournalRecord): void {
    this.dirty.add(record.shard);
    if (this.#shards.has(record.shard)) return this.#applyNow(record.shard, record);
    const waiting = this.#apply.get(record.shard);
    if (waiting === undefined) this.#apply.set(record.shard, [record]);
    else waiting.push(record);
  }

  #applyNow(number: number, { kind, body }: JournalRecord): void {
    try {
      if (kind === recordKinds.unit) {
        const units = new Units(body, this.#shared);
        if (units.count !== 1) return;
        this.#replace(units.key(0), () => units.unit(0), { units, at: 0 }, units.used(0));
      } else if (kind === recordKinds.file) {
        const [path, signature, digest] = decode(body) as [string, Uint8Array, Uint8Array];
        this.files.set(path, { signature, digest });
      } else if (kind === recordKinds.drop || kind === recordKinds.use) {
        this.#applyTo(number, kind, body);
      }
    } catch (cause) {
      this.#warn(`a journal record was not understood: ${cause instanceof Error ? cause.message : cause}`);
    }
  }

  #applyTo(number: number, kind: number, body: Uint8Array): void {
    const [key, storedAt, used] = decode(body) as [string, number, number];
    for (const stored of this.#shard(number).units.get(key) ?? []) {
      if (stored.storedAt !== storedAt) continue;
      if (kind === recordKinds.use) stored.used = used;
      else this.drop(stored.id);
      return;
    }
  }

  /** The body of a record about a stored unit: its action key and when it was stored. */
  about(id: number, used: number): { shard: number; body: Uint8Array } | undefined {
    const at = this.#byId.get(id), stored = this.get(id);
    return at && stored && { shard: at.shard, body: encode([at.key, stored.storedAt, used]) };
  }

  get(id: number): Stored | undefined {
    const at = this.#byId.get(id);
    return at && this.#shards.get(at.shard)?.units.get(at.key)?.find((stored) => stored.id === id);
  }

  candidates(key: Digest): Stored[] {
    return [...this.#shard(key[0]).units.get(hex(key)) ?? []];
  }

  /** Adds a unit as the newest of its action; one with equal circumstances and statements goes. */
  put(unit: Unit, used: number): Stored {
    const own = { ...unit, inputs: unit.inputs.map((input) => this.#shared.share(input)) };
    return this.#replace(own.key, () => own, own, used);
  }

  #replace(
    action: Digest,
    unit: () => Unit,
    from: Unit | { units: Units; at: number },
    used: number,
  ): Stored {
    const number = action[0], shard = this.#shard(number), key = hex(action);
    const same = shard.units.get(key)?.find((stored) => sameQuestion(stored.unit, unit()));
    if (same !== undefined) this.drop(same.id);
    this.dirty.add(number);
    return this.#insert(number, shard, key, from, used);
  }

  drop(id: number): void {
    const at = this.#byId.get(id);
    if (at === undefined) return;
    const units = this.#shards.get(at.shard)!.units,
      left = units.get(at.key)!.filter((stored) => stored.id !== id);
    if (left.length === 0) units.delete(at.key);
    else units.set(at.key, left);
    this.#byId.delete(id);
    this.dirty.add(at.shard);
  }

  /** The value of a shard as it is now: of one action the oldest unit first. Its units are held as those bytes from now on. */
  encode(number: number): Uint8Array {
    const shard = this.#shard(number), all = [...shard.units.values()].flatMap((list) => list.toReversed());
    const value = encodeUnits(all.map((stored) => stored.row())), units = new Units(value, this.#shared);
    for (const [at, stored] of all.entries()) stored.moved(units, at);
    shard.bytes = value.length;
    return value;
  }

  /** Bytes of the last snapshot of a shard. */
  weight(number: number): number {
    return this.#shards.get(number)?.bytes ?? 0;
  }

  /** Changes whenever everything is let go. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Every unit of every shard. */
  *all(): Generator<Stored> {
    for (let number = 0; number < filesShard; number++) {
      for (const list of this.#shard(number).units.values()) yield* list;
    }
  }

  /** Digests of large files, loaded at the first question. */
  file(path: string): FileDigest | undefined {
    this.#shard(filesShard);
    return this.files.get(path);
  }

  /** Remembers the digest of a large file, as a record. */
  putFile(path: string, file: FileDigest): JournalRecord {
    this.#shard(filesShard);
    this.files.set(path, file);
    this.dirty.add(filesShard);
    return { shard: filesShard, kind: recordKinds.file, body: encode([path, file.signature, file.digest]) };
  }

  /** The value of the files' snapshot. */
  filesValue(): Uint8Array {
    this.#shard(filesShard);
    return encode([...this.files].map(([path, { signature, digest }]) => [path, signature, digest]));
  }

  /** Lets go of everything, because the disk was changed by another process: it is read again when asked for. */
  forget(): void {
    this.#epoch++;
    this.#shards.clear(), this.#byId.clear(), this.#apply.clear(), this.files.clear(), this.dirty.clear();
  }
}

function sameQuestion(a: Unit, b: Unit): boolean {
  if (a.terminal !== b.terminal || a.inputs.length !== b.inputs.length) return false;
  if (JSON.stringify(a.environment) !== JSON.stringify(b.environment)) return false;
  if (a.absences.names.length !== b.absences.names.length) return false;
  const values = new Map(a.inputs.map((input) => [`${input.kind} ${input.path}`, input.value]));
  const equal = b.inputs.every((input) => {
    const value = values.get(`${input.kind} ${input.path}`);
    return value !== undefined && sameBytes(value, input.value);
  });
  return equal && JSON.stringify(a.absences.names) === JSON.stringify(b.absences.names);
}
