/**
 * Edits that cannot matter: where a source or header differs from what a run read by comments and by blanks at the ends of
 * lines alone, its result is what the compiler would make again.
 *
 * What a run may have read as source alone is decided when it is learned (`sources`) and stands in its unit as statements
 * of kind `code`. What the files hold is decided when such a statement fails: the codes of all of them are known then, or
 * the statement is false. Codes are found out once for each content, after the answer, and kept in the store.
 *
 * Always true: a statement is taken for true only if old and new content have equal code, no file of the run reaches
 * beyond its code, and no two of them have the same: gcc tells files under `#pragma once` apart by content.
 *
 * @module
 */
import { byteString, sameBytes } from "../base/bytes.ts";
import { type Digest, sha256 } from "../base/digest.ts";
import {
  addsNothing,
  codeOf,
  codeVersion,
  type CommentUse,
  commentUse,
  isClang,
  mayBlank,
  mostCodeBytes,
  readAs,
  readsSources,
} from "../compilers/mod.ts";
import type { Content, Inputs } from "../inputs/mod.ts";
import { readSmall } from "../os/mod.ts";
import type { Store, StoredCode } from "../store/mod.ts";
import { type Input, inputKinds, type Unit } from "../store/unit.ts";
import { type Observation, programName } from "../trace/mod.ts";
import type { Environment } from "./circumstances.ts";

export interface CommentsOptions {
  store: Pick<Store, "code" | "codesEpoch" | "rememberCodes">;
  /** Off: comments count like all else. */
  comments: boolean;
  /** Does work while nobody waits for an answer; by default at once. */
  later?: (work: () => void) => void;
  /** Whether the store's table is at hand. Who lives for one answer reads a small source rather than that. */
  lives: boolean;
}

/**
 * Bytes of a run's sources. gcc numbers places in the source with 31 bits and leaves columns out once they are used up,
 * after half a million lines: where in the text that happens may depend on comments.
 */
const mostBytes = 16 << 20;
/** Files that are read between two turns of the event loop: a header takes some 200 µs. */
const filesAtOnce = 4;
/** Codes that are put into the store at once; while builds go on there may always be more to find out. */
const mostFound = 256;
/** A source that is read in less time than the store's table is. */
const smallBytes = 256 << 10;
/** Codes that are not in the store; each a source that was asked about. */
const mostOwn = 1 << 12;

/** In a stored code's mark: the version, and whether the file reaches beyond its code. */
function reaches({ mark }: StoredCode): boolean {
  return (mark & 1) !== 0;
}

/** What a content is to the program that read it; `code`: the statement that takes it for a source. */
interface AsRead {
  reader: string;
  as: ReturnType<typeof readAs>;
  size: number;
  code: Input;
}

export class Comments {
  readonly #with: CommentsOptions;
  readonly #own = new Map<string, StoredCode>();
  /** For each unit the codes that several of its files have; only where all are known and none reaches further. */
  readonly #twins = new WeakMap<Unit, ReadonlySet<string>>();
  /** Statements about contents are the same objects in each run (Inputs.content); so is what is known of them. */
  readonly #asRead = new WeakMap<Input, AsRead>();
  readonly #waiting: Input[] = [];
  /** By content, what is not in the store yet: each compile of a project asks for most of what the one before did. */
  readonly #found = new Map<string, [Digest, StoredCode]>();
  /** Statements whose codes are in the store, or on their way there, in this epoch of the store's. */
  #known = new WeakSet<Input>();
  #epoch = -1;
  #scheduled = false;
  /** A statement of kind `code` was true by code alone, since `begin`. */
  spared: string | undefined;

  constructor(options: CommentsOptions) {
    this.#with = options;
  }

  /** How a compile's words use comments; undefined where nothing is to be spared. */
  use(words: readonly string[]): CommentUse | undefined {
    return this.#with.comments ? commentUse(words) : undefined;
  }

  begin(): void {
    this.spared = undefined;
  }

  /**
   * What names a source: its content, or where comments may not count and it has one its code. `bytes`: what it holds,
   * where that is at hand.
   */
  named(
    path: string,
    { digest: content, state }: Content,
    use: CommentUse | undefined,
    bytes?: Uint8Array,
  ): Digest {
    if (use === undefined) return content;
    const stored = this.#with.lives || state.size > smallBytes ? this.#stored(content) : undefined;
    const known = stored ?? this.#own.get(byteString(content));
    if (known !== undefined) return known.digest ?? content;
    // A launcher waits: where nothing is blanked, the text need not be taken apart for its name.
    const text = bytes ?? this.#bytesOf(path, content);
    if (text === undefined || !mayBlank(byteString(text))) return content;
    return this.#codeOf(text, content).digest ?? content;
  }

  /** Whether a statement of `unit` about a content is as good as true of another, `now`. */
  holds(input: Input, now: Digest, unit: Unit): boolean {
    const then = this.#with.comments ? this.#stored(input.value) : undefined;
    if (then?.digest === undefined) return false;
    const code = this.#stored(now) ?? this.#own.get(byteString(now)) ?? this.#find(input.path, now);
    if (code?.digest === undefined || reaches(code) || !sameBytes(code.digest, then.digest)) return false;
    const twins = this.#twinsOf(unit);
    if (twins === undefined || twins.has(byteString(code.digest))) return false;
    this.spared = input.path;
    return true;
  }

  #twinsOf(unit: Unit): ReadonlySet<string> | undefined {
    const known = this.#twins.get(unit);
    if (known !== undefined) return known;
    const met = new Set<string>(), twins = new Set<string>();
    for (const { kind, value } of unit.inputs) {
      if (kind !== inputKinds.code) continue;
      const code = this.#stored(value);
      if (code === undefined || reaches(code)) return undefined;
      if (code.digest === undefined) continue;
      const key = byteString(code.digest);
      if (met.has(key)) twins.add(key);
      met.add(key);
    }
    this.#twins.set(unit, twins);
    return twins;
  }

  #stored(content: Digest): StoredCode | undefined {
    const code = this.#with.store.code(content);
    return code !== undefined && code.mark >> 1 === codeVersion ? code : undefined;
  }

  /** The content that a path had; undefined where it has another by now. */
  #bytesOf(path: string, content: Digest): Uint8Array | undefined {
    const bytes = readSmall(path, mostCodeBytes);
    return bytes !== undefined && sameBytes(sha256(bytes), content) ? bytes : undefined;
  }

  /** The code of the content that a path had; undefined where it has another by now. */
  #find(path: string, content: Digest): StoredCode | undefined {
    const bytes = this.#bytesOf(path, content);
    return bytes && this.#codeOf(bytes, content);
  }

  #codeOf(bytes: Uint8Array, content: Digest): StoredCode {
    const { digest, reaches } = codeOf(bytes, content),
      code = { digest, mark: codeVersion << 1 | Number(reaches) };
    if (this.#own.size >= mostOwn) this.#own.clear();
    this.#own.set(byteString(content), code);
    return code;
  }

  /** Makes statements of kind `code` of those about files that the run read as sources alone, where comments cannot count. */
  mark(rows: Input[], use: CommentUse, run: CommentRun): void {
    const { found, inputs } = run, names = new Set(Array.from(found.programs, programName));
    if (!readsSources(names) || (use.checksums && isClang(names)) || !addsNothing(run.environment.keys())) {
      return;
    }
    const codes: [number, Input][] = [];
    let bytes = 0;
    for (const [i, row] of rows.entries()) {
      const reader = row.kind === inputKinds.content ? found.files.get(row.path)?.reader : undefined;
      if (reader === undefined || found.written.has(row.path)) continue;
      const read = this.#readBy(reader, row, inputs);
      if (read.as === "unknown") return;
      if (read.as === "bytes") continue;
      bytes += read.size;
      codes.push([i, read.code]);
    }
    if (bytes > mostBytes) return;
    for (const [i, code] of codes) rows[i] = code;
  }

  #readBy(reader: string, row: Input, inputs: Inputs): AsRead {
    let read = this.#asRead.get(row);
    if (read?.reader !== reader) {
      const state = inputs.state(row.path), code = { ...row, kind: inputKinds.code };
      const size = typeof state === "object" ? state.size : 0;
      this.#asRead.set(row, read = { reader, as: readAs(row.path, reader), size, code });
    }
    return read;
  }

  /** A run was learned: what its sources are as code is found out, once nobody waits. */
  learn(rows: readonly Input[]): void {
    const { codesEpoch } = this.#with.store;
    if (codesEpoch !== this.#epoch) this.#epoch = codesEpoch, this.#known = new WeakSet();
    for (const row of rows) {
      if (row.kind === inputKinds.code && !this.#known.has(row)) this.#waiting.push(row);
    }
    const { later } = this.#with;
    if (later === undefined) this.settle();
    else if (!this.#scheduled && this.#waiting.length > 0) {
      this.#scheduled = true;
      later(() => this.#work(later));
    }
  }

  #work(later: (work: () => void) => void): void {
    this.#piece(filesAtOnce);
    if (this.#waiting.length > 0) later(() => this.#work(later));
    else this.#scheduled = false;
  }

  /** Finds out all that is still waited for. */
  settle(): void {
    this.#piece(Infinity);
  }

  #piece(files: number): void {
    for (let read = 0; this.#waiting.length > 0 && read < files;) {
      const row = this.#waiting.pop()!, { path, value: content } = row, key = byteString(content);
      if (this.#stored(content) !== undefined || this.#found.has(key)) {
        this.#known.add(row);
        continue;
      }
      const code = this.#own.get(key) ?? this.#find(path, content);
      this.#own.delete(key);
      if (code !== undefined) this.#found.set(key, [content, code]), this.#known.add(row);
      read++;
    }
    const { size } = this.#found;
    if (size === 0 || (this.#waiting.length > 0 && size < mostFound)) return;
    this.#with.store.rememberCodes([...this.#found.values()]);
    this.#found.clear();
  }
}

/** What of a run decides whether its comments can count. */
export interface CommentRun {
  found: Observation;
  inputs: Inputs;
  environment: Environment;
}
