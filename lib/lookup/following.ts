/**
 * Reads a run's record while the run goes on, so that little is left when the tool has ended and its launcher waits.
 *
 * A record of 1,000 headers takes 30 ms to be read, understood and compared with what is there; a core that the compiler does
 * not use does most of that meanwhile.
 *
 * Always true: what was read early counts only if the record still says the same in the end (a process may have been
 * in the middle of an event), and statements are made in the end alone. So following changes when work is done, and
 * nothing else.
 *
 * @module
 */
import { Bytes } from "../base/growing.ts";
import type { Inputs } from "../inputs/mod.ts";
import {
  headBytes,
  headOf,
  type Observation,
  Observer,
  type Record,
  RecordReader,
  type Refused,
  type Spellings,
  type TakeSearch,
} from "../trace/mod.ts";
import { Foreseen } from "./foreseen.ts";

/** Read in one go: some 0.5 ms, for others may wait for their answer. */
const mostBytes = 16 << 10;

/** What there was to do: nothing, something, or something and more that is left. */
export type Followed = "none" | "some" | "more";

export interface FollowingOptions {
  record: Record;
  /** The run's working folder. */
  cwd: string;
  /** As IngestOptions have it. */
  startedAt: bigint;
  spellings: Spellings;
  inputs: Inputs;
  /** Empty; nobody else's until `finish` has returned. */
  copy: Bytes;
}

export class Following {
  readonly #with: FollowingOptions;
  #reader: RecordReader;
  #observer: Observer;
  /** What was looked at so far. */
  foreseen: Foreseen;
  /** The record as it was when each part of it came. */
  readonly copy: Bytes;
  #broken = false;

  constructor(options: FollowingOptions) {
    this.#with = options;
    this.copy = options.copy;
    this.foreseen = new Foreseen(options.startedAt);
    [this.#reader, this.#observer] = this.#begin();
  }

  #begin(): [RecordReader, Observer] {
    const { cwd, spellings } = this.#with, reader = new RecordReader(cwd, spellings);
    const parts = (path: string) => spellings.parts(path);
    return [reader, new Observer(cwd, { full: reader.full, parts })];
  }

  /** Takes in some of what is new. The decision must have begun (Inputs.begin). */
  follow(): Followed {
    if (this.#broken || this.#observer.refused !== undefined) return "none";
    const { record, inputs } = this.#with;
    if (this.#reader.bytes >= this.copy.length) {
      const more = record.read(this.copy.length);
      if (more.length === 0) return "none";
      this.copy.add(more);
    }
    const before = this.#reader.bytes;
    const problem = this.#read(this.copy.bytes(), this.copy.length, { most: mostBytes, grows: true });
    this.#broken = problem !== undefined;
    if (!this.#broken && this.#observer.refused === undefined) {
      this.foreseen.look(this.#observer.found, inputs);
    }
    if (this.#reader.bytes - before >= mostBytes && this.#reader.bytes < this.copy.length) return "more";
    this.copy.cut(this.#reader.bytes); // an event that may have grown since is read anew
    return this.#reader.bytes > before ? "some" : "none";
  }

  #read(bytes: Uint8Array, end: number, how?: { most: number; grows: boolean }): string | undefined {
    const search: TakeSearch = (image, folders, name, count) =>
      this.#observer.takeSearch(image, folders, name, count);
    return this.#reader.read(bytes, end, (event) => this.#observer.take(event), { ...how, search });
  }

  /** The run has ended: what it asked and left behind, or why that cannot be kept. */
  finish(): Observation | Refused {
    const { record } = this.#with, copy = this.copy;
    if (this.#broken || !record.agrees(copy.bytes(), this.#reader.bytes)) {
      [this.#reader, this.#observer] = this.#begin();
      this.foreseen = new Foreseen(this.#with.startedAt);
    }
    copy.cut(this.#reader.bytes);
    copy.add(record.read(copy.length));
    const bytes = copy.bytes();
    bytes.set(record.read(0, headBytes));
    const head = headOf(bytes);
    if ("problem" in head) return { refusal: "pass_incomplete_trace", what: head.problem };
    const problem = this.#read(bytes, head.end);
    if (problem !== undefined) return { refusal: "pass_incomplete_trace", what: problem };
    return this.#observer.finish(head.doubts);
  }
}
