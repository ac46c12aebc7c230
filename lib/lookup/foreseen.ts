/**
 * What of a run's questions is answered while it goes on.
 *
 * Always true: whatever is foreseen, statements are made in the end; and what was found of a file counts then only if the
 * watch has reported nothing of it since, and the run did not write it.
 *
 * @module
 */
import { byteString, sameBytes } from "../base/bytes.ts";
import type { Content, Inputs } from "../inputs/mod.ts";
import type { FileState } from "../os/mod.ts";
import { type Input, inputKinds } from "../store/unit.ts";
import type { AbsentIn, Observation, Seen } from "../trace/mod.ts";
import { Groups } from "./groups.ts";

/** A file that a run has opened, found to be what lies there. */
export interface Early {
  path: string;
  seen: Seen;
  content: Content;
}

/** The statement that a file has this content. */
export function contentStatement(path: string, content: Content): Input {
  const { digest, signature } = content;
  return content.statement ??= { kind: inputKinds.content, path, value: digest, signature };
}

/** Statements about contents in the order of the first questions, and where among them each other file has its place. */
export interface InOrder {
  rows: readonly Input[];
  apart: readonly { at: number; path: string }[];
}

/** Bits of a mode. */
const executable = 0o111;

/** What was read, by content. */
export type Equals = Groups<{ path: string; state: FileState }>;

/** Takes note of what a file holds, if anything. */
export function noteEqual(equals: Equals, path: string, content: Content): void {
  const { digest, state } = content;
  if (state.size > 0) equals.add(content.name ??= byteString(digest), { path, state });
}

/** What a run has asked so far, looked at while it goes on: what is watched need not be looked at again in the end. */
export class Foreseen {
  readonly #startedAt: bigint;
  /** In the order of the first questions, as the observation has them. */
  readonly #early: Early[] = [];
  readonly #rows: Input[] = [];
  readonly #apart: { at: number; path: string }[] = [];
  readonly #equals: Equals = new Groups();
  /** As it was before the first of those. */
  #changes: number | undefined;
  /** Folders in which names were asked for, and how many: they are looked at again once these are twice as many. */
  readonly #expected = new Map<AbsentIn, number>();
  #files = 0;
  #next: MapIterator<[string, Seen]> | undefined;

  /** @param startedAt As IngestOptions have it. */
  constructor(startedAt: bigint) {
    this.#startedAt = startedAt;
  }

  /** Looks at what came since the last time. */
  look(found: Observation, inputs: Inputs): void {
    this.#lookAtFiles(found, inputs);
    for (const folder of found.absent.folders) {
      const { size } = folder;
      if (size < 2 * (this.#expected.get(folder) ?? 0) || size === 0) continue;
      this.#expected.set(folder, size);
      // Where the folder itself is missing, no name need be looked at.
      if (inputs.isWatchedFolder(folder.path)) inputs.expect(folder.path, folder);
    }
  }

  #lookAtFiles({ files, written }: Observation, inputs: Inputs): void {
    this.#next ??= files.entries();
    while (this.#files < files.size) {
      const { value } = this.#next.next();
      this.#files++;
      if (value === undefined) break;
      const [path, seen] = value as [string, Seen];
      // A file of the run's own may have a name that nobody has again.
      const isRead = seen.question === "content" && !written.has(path) && this.#readAhead(path, seen, inputs);
      if (!isRead) this.#apart.push({ at: this.#rows.length, path });
    }
  }

  /** Whether what each file holds is known, and told to stay so: then nobody need wait until statements are made of it. */
  knowsAll(found: Observation, inputs: Inputs): boolean {
    this.#lookAtFiles(found, inputs);
    return this.#isUntouched(found, inputs) && this.#apart.every(({ path }) => {
      const seen = found.files.get(path);
      return seen === undefined || seen.question !== "content" || inputs.lasting(path) !== undefined;
    });
  }

  /** Whether nothing has happened to any file since the first look. */
  #isUntouched({ files, written }: Observation, { changes }: Inputs): boolean {
    for (const path of written.keys()) if (files.has(path)) return false;
    return changes !== undefined && changes === this.#changes;
  }

  /**
   * Whether a file is what the run has read. What the run is rewriting meanwhile is left alone: who needs it needs what it
   * was before.
   */
  #readAhead(path: string, seen: Seen, inputs: Inputs): boolean {
    this.#changes ??= inputs.changes;
    const known = inputs.lasting(path);
    // The same header of one compile after another.
    if (known !== undefined && wasOpened(known, seen, this.#startedAt)) {
      return isPlainFile(known) && this.#take({ path, seen, content: known });
    }
    const state = inputs.state(path);
    if (typeof state === "number" || seen.signature === undefined) return false;
    if (!sameBytes(inputs.signature(path, state), seen.signature)) return false;
    const content = inputs.content(path);
    if (typeof content !== "object" || inputs.lasting(path) !== content) return false;
    const early = { path, seen, content };
    return isPlainFile(content) && isWhatWasOpened(early, inputs, this.#startedAt) && this.#take(early);
  }

  #take(early: Early): true {
    const { path, content } = early;
    this.#early.push(early);
    this.#rows.push(contentStatement(path, content));
    noteEqual(this.#equals, path, content);
    return true;
  }

  /** What still holds in the end of what was found so far; `equals` and `order`: where all does. To be asked once. */
  confirmed(
    found: Observation,
    inputs: Inputs,
  ): { early: readonly Early[]; equals?: Equals; order?: InOrder } {
    const { files, written } = found;
    if (this.#isUntouched(found, inputs)) {
      return { early: this.#early, equals: this.#equals, order: this.#order(files) };
    }
    const holds = ({ path, content }: Early) => !written.has(path) && inputs.lasting(path) === content;
    return { early: this.#early.filter(holds) };
  }

  /** With what came after the last look, and without what turned out to be no question; undefined: something is missing. */
  #order(files: Observation["files"]): InOrder | undefined {
    const rows = this.#rows, apart = this.#apart.filter(({ path }) => files.has(path));
    for (const [path] of this.#next ?? files) apart.push({ at: rows.length, path });
    return rows.length + apart.length === files.size ? { rows, apart } : undefined;
  }
}

/** Of a program that the run may start more counts than what it holds. */
function isPlainFile({ state }: Content): boolean {
  return (state.mode & executable) === 0;
}

/** Whether a content was told apart for an earlier run that opened it under this signature: it is so for all later ones. */
function wasOpened({ opened }: Content, { signature }: Seen, startedAt: bigint): boolean {
  return signature !== undefined && opened?.signature === signature && opened.startedAt <= startedAt;
}

/** Whether what lies there now is what a run opened that began after `startedAt`. */
export function isWhatWasOpened({ path, seen, content }: Early, inputs: Inputs, startedAt: bigint): boolean {
  const { signature } = seen, { state } = content;
  if (wasOpened(content, seen, startedAt)) return true;
  const same = signature === undefined
    ? state.ctime < startedAt
    : sameBytes(signature, inputs.signature(path, state));
  // Where the clock is coarse, a file written just before the start may have been written again since its opening.
  if (!same || inputs.ambiguous(path, state, startedAt)) return false;
  if (signature !== undefined) content.opened = { signature, startedAt };
  return true;
}
