/**
 * Does a file still hold what a run saw? The one door to that question.
 *
 * Within one decision every path is looked at once (`begin` forgets the looks of the decision before). A content is
 * hashed only where its signature is new to us; a signature that is too new to trust is hashed each time. With a watch,
 * what was looked at by an earlier decision is looked at again only where something happened to it (standing.ts).
 *
 * Always true: a digest is remembered with the signature that the descriptor had before and after it was read.
 *
 * @module
 */
import { bytesOf, sameBytes } from "../base/bytes.ts";
import { type Digest, sha256 } from "../base/digest.ts";
import { withoutLinks } from "../base/paths.ts";
import {
  c,
  coarseNow,
  type FileState,
  hashFile,
  listFolder,
  physicalPath,
  readLink,
  realNow,
  signatureOf,
  statx,
} from "../os/mod.ts";
import {
  type Input,
  type InputKind,
  inputKinds,
  isAboutContent,
  noSignature,
  type Unit,
} from "../store/unit.ts";
import { common, listed, type Names } from "./absences.ts";
import { Clocks } from "./signature.ts";
import { type Look, Standing } from "./standing.ts";
import type { Tree } from "./tree.ts";
import { executable, existsValue, numbers, statValue } from "./values.ts";

export { type Node, Tree, type TreeOptions } from "./tree.ts";
export { Watched } from "./watched.ts";
export { absencesHold, type Names } from "./absences.ts";
export { existsValue, statValue } from "./values.ts";

/** Digests of large files that outlive the process: the store's. */
export interface DigestMemo {
  memo(path: string): { signature: Uint8Array; digest: Digest } | undefined;
  remember(path: string, signature: Uint8Array, digest: Digest): void;
}

/** Whether a statement of kind `code` is as good as true where the content is another, `now`. */
export interface Codes {
  holds(input: Input, now: Digest, unit: Unit): boolean;
}

/** What is known of a path's content: a digest, and whether its signature may stand for it next time. */
export interface Content {
  digest: Digest;
  /** All zero where the signature must not be trusted. */
  signature: Uint8Array;
  state: FileState;
  /** The statement that it is so, and the digest as a string; each made once for all who ask. */
  statement?: Input;
  name?: string;
  /** A signature under which a run opened the file, found to be this one's, and when that run began at the earliest. */
  opened?: { signature: Uint8Array; startedAt: bigint };
}

/** Files from this size on are worth a record in the store: hashing them costs more than reading it. */
const largeBytes = 512 << 10;

/** Digests of texts kept; one costs some µs, and a compile asks for dozens. */
const mostDigests = 1 << 16;

export class Inputs {
  #clocks: Clocks;
  #memo: DigestMemo;
  #followed = new Map<string, FileState | number>();
  #unfollowed = new Map<string, FileState | number>();
  #listings = new Map<string, Uint8Array>();
  #members = new Map<string, ReadonlySet<string>>();
  /** When the decision began, by the clock that file systems stamp with. */
  #begun = coarseNow();
  #lastRead: { digest: Digest; whole?: Uint8Array } | undefined;
  #contents = new Map<string, { signature: Uint8Array; digest: Digest }>();
  #digests = new Map<string, Digest>();
  #standing: Standing | undefined;
  #lookedAgain = 0;
  readonly #codes: Codes | undefined;

  /** @param tree A watch to be asked before files are. */
  constructor(memo: DigestMemo, kernelRelease: string, tree?: Tree, codes?: Codes) {
    this.#memo = memo;
    this.#codes = codes;
    this.#clocks = new Clocks(kernelRelease);
    this.#standing = tree && new Standing(tree);
  }

  /** What the watch did not see, if it ever failed. */
  get disagreement(): string | undefined {
    return this.#standing?.disagreement;
  }

  /** From now on everything is looked at. */
  stopWatching(): void {
    this.#standing = undefined;
  }

  /** A new decision begins: what was seen before may have changed. */
  begin(): void {
    this.#followed.clear();
    this.#unfollowed.clear();
    this.#listings.clear();
    this.#members.clear();
    this.#begun = coarseNow();
  }

  /** What `body` finds by looking, whatever was seen before and whatever the watch says. */
  afresh<T>(body: () => T): T {
    const standing = this.#standing;
    this.#standing = undefined;
    this.begin();
    try {
      return body();
    } finally {
      this.begin();
      this.#standing = standing;
    }
  }

  /** State of what `path` leads to, or the errno. Of a folder only that it is one: `folderState` knows its times. */
  state(path: string): FileState | number {
    return this.#standing?.look(path)?.state ?? this.#looked(path);
  }

  /** The same of what may be a folder, with the times that change with its entries. */
  folderState(path: string): FileState | number {
    return this.#standing?.folder(path)?.state ?? this.#looked(path);
  }

  #looked(path: string): FileState | number {
    let state = this.#followed.get(path);
    if (state === undefined) this.#followed.set(path, state = statx(path));
    return state;
  }

  /** The signature of a state of `path`. */
  signature(path: string, state: FileState): Uint8Array {
    const look = this.#standing?.look(path);
    return look?.state === state ? look.signature ??= signatureOf(state) : signatureOf(state);
  }

  /** State of `path` itself, a link not followed, or the errno. */
  linkState(path: string): FileState | number {
    let state = this.#unfollowed.get(path);
    if (state === undefined) this.#unfollowed.set(path, state = statx(path, { follow: false }));
    return state;
  }

  /** Whether `path` is a file that somebody may execute. */
  isProgram(path: string): boolean {
    const state = this.state(path);
    return typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFREG &&
      (state.mode & executable) !== 0;
  }

  /** Whether nothing is at `path`. */
  absent(path: string): boolean {
    const state = this.linkState(path);
    if (state === c.ENOENT || state === c.ENOTDIR) return true;
    // A dangling link answers "absent" to every question that follows it.
    if (typeof state !== "number" && (state.mode & c.S_IFMT) === c.S_IFLNK) {
      const followed = this.state(path);
      return followed === c.ENOENT || followed === c.ENOTDIR;
    }
    return false;
  }

  /** The names, of those asked for, at which something is in `folder`: also a link that leads to nothing. */
  thereOf(folder: string, asked: Names): string[] {
    const isThere = this.#isThere(folder);
    const watched = this.#standing?.thereOf(folder, asked, isThere);
    if (watched !== undefined) return watched;
    const members = this.#membersOf(folder, asked);
    return (members === undefined ? [...asked] : common(members, asked)).filter(isThere);
  }

  /** All names in a folder, where that is quicker than to look for those asked for. */
  #membersOf(folder: string, { size }: Names): ReadonlySet<string> | undefined {
    const members = this.#members.get(folder) ?? listed(folder, () => this.state(folder), size, 1);
    if (members !== undefined) this.#members.set(folder, members);
    return members;
  }

  #isThere(folder: string): (name: string) => boolean {
    return (name) => {
      const state = this.linkState(join(folder, name));
      return state !== c.ENOENT && state !== c.ENOTDIR;
    };
  }

  /** Gets ready for `thereOf`, with these names and with more. */
  expect(folder: string, asked: Names): void {
    this.#standing?.expect(folder, asked, this.#isThere(folder));
  }

  /** Looks at `path` anew in this decision. */
  lookAgain(path: string): void {
    this.#lookedAgain++;
    this.#standing?.forget(path);
    this.#followed.delete(path);
  }

  /**
   * Grows with each change of a path that somebody depends on, and whenever something that was found is looked at anew;
   * undefined where nobody tells of changes.
   */
  get changes(): number | undefined {
    return this.#standing && this.#lookedAgain + this.#standing.changes;
  }

  /** The content of `path`, if it was found earlier, is told to stay so, and nothing has happened to it. */
  lasting(path: string): Content | undefined {
    return this.#standing?.look(path)?.content;
  }

  /** Whether a folder is at `path` and what was once found of it is told to stay so. */
  isWatchedFolder(path: string): boolean {
    return this.#standing?.look(path)?.isFolder === true;
  }

  /** Where all links of `path` lead, or the errno. */
  physical(path: string): string | number {
    return this.#standing?.physical(path) ?? physicalPath(path);
  }

  /** Content of a regular file, hashed only where it must be; the errno or a word where there is none. */
  content(path: string): Content | number | "changed" | "irregular" {
    const look = this.#standing?.look(path);
    if (look?.content !== undefined) return look.content;
    const content = this.#content(path, look);
    if (look !== undefined && typeof content === "object" && content.signature !== noSignature) {
      look.content = content;
    }
    return content;
  }

  #content(path: string, look: Look | undefined): Content | number | "changed" | "irregular" {
    const state = look?.state ?? this.#looked(path);
    if (typeof state === "number") return state;
    if ((state.mode & c.S_IFMT) !== c.S_IFREG) return "irregular";
    const signature = look === undefined ? signatureOf(state) : look.signature ??= signatureOf(state);
    const known = this.#known(path, signature, state.size);
    if (known !== undefined) return { digest: known, signature, state };
    return this.#hash(path, signature);
  }

  #known(path: string, signature: Uint8Array, size: number): Digest | undefined {
    const here = this.#contents.get(path);
    if (here !== undefined && sameBytes(here.signature, signature)) return here.digest;
    if (size < largeBytes) return undefined;
    const kept = this.#memo.memo(path);
    if (kept === undefined || !sameBytes(kept.signature, signature)) return undefined;
    this.#contents.set(path, kept);
    return kept.digest;
  }

  #hash(path: string, signature: Uint8Array): Content | number | "changed" | "irregular" {
    const lookedAt = realNow();
    const hashed = hashFile(path);
    if (typeof hashed !== "object") return hashed;
    const now = signatureOf(hashed.state);
    if (!sameBytes(now, signature)) return "changed";
    this.#lastRead = hashed;
    const trusted = !this.#clocks.tooNew(path, hashed.state, lookedAt);
    if (trusted) {
      this.#contents.set(path, { signature: now, digest: hashed.digest });
      if (hashed.state.size >= largeBytes) this.#memo.remember(path, now, hashed.digest);
    }
    return { digest: hashed.digest, signature: trusted ? now : noSignature, state: hashed.state };
  }

  /** The bytes of a content, if it is a short one that was read just now. */
  justRead({ digest }: Content): Uint8Array | undefined {
    return this.#lastRead?.digest === digest ? this.#lastRead.whole : undefined;
  }

  /** A digest that another process or an earlier run found under `signature`; believed where the signature still holds. */
  learn(path: string, signature: Uint8Array, digest: Digest): void {
    if (!this.#contents.has(path)) this.#contents.set(path, { signature, digest });
  }

  /** The digest that is known for a content which is gone, by the signature it had. */
  recall(path: string, signature: Uint8Array): Digest | undefined {
    const known = this.#contents.get(path);
    return known !== undefined && sameBytes(known.signature, signature) ? known.digest : undefined;
  }

  /** Whether `state`, of a folder or file at `path`, may stand for what it holds next time. */
  trusted(path: string, state: FileState, lookedAt: bigint): boolean {
    // Looks are kept for a whole decision: of what changed since it began we may have seen parts before and after.
    const since = this.#begun - 1n;
    return !this.#clocks.tooNew(path, state, lookedAt < since ? lookedAt : since);
  }

  /** Whether `path` may have been edited since `since` (ns) without a trace in `state`. */
  ambiguous(path: string, state: FileState, since: bigint): boolean {
    return this.#clocks.ambiguous(path, state, since);
  }

  /** Digest of a link's text or a physical path: the same few in every compile. */
  digestOf(text: string): Digest {
    let digest = this.#digests.get(text);
    if (digest === undefined) {
      if (this.#digests.size >= mostDigests) this.#digests.clear();
      this.#digests.set(text, digest = sha256(bytesOf(text)));
    }
    return digest;
  }

  /** What is true of `path` now, in the terms of `kind`; undefined where no such statement can be made. */
  value(kind: InputKind, path: string): Uint8Array | undefined {
    switch (kind) {
      case inputKinds.content:
      case inputKinds.code: {
        const content = this.content(path);
        return typeof content === "object" ? content.digest : undefined;
      }
      case inputKinds.stat:
        return statValue(this.state(path));
      case inputKinds.lstat:
        return statValue(this.linkState(path));
      case inputKinds.exists:
        return existsValue(this.state(path));
      case inputKinds.listing:
        return this.#listing(path);
      case inputKinds.link_text: {
        const text = readLink(path);
        return typeof text === "string" ? this.digestOf(text) : undefined;
      }
      case inputKinds.real_path: {
        const real = this.physical(path);
        return typeof real === "string" ? this.digestOf(real) : undefined;
      }
      case inputKinds.physical:
        return this.physical(path) === withoutLinks(path) ? zeros : undefined;
      case inputKinds.absent:
        return this.absent(path) ? zeros : undefined;
      case inputKinds.missing: {
        const state = this.linkState(path);
        return state === c.ENOENT || state === c.ENOTDIR ? zeros : undefined;
      }
      case inputKinds.refused: {
        const state = this.state(path);
        return typeof state === "number" ? numbers(state) : undefined;
      }
    }
  }

  #listing(path: string): Uint8Array | undefined {
    let value = this.#listings.get(path);
    if (value === undefined) {
      const names = listFolder(path);
      if (typeof names === "number") return undefined;
      this.#listings.set(path, value = sha256(bytesOf(names.join("\0"))));
    }
    return value;
  }

  /** Whether the statement is true now. `unit`: whose it is, without which codes are not compared. */
  holds(input: Input, unit?: Unit): boolean {
    if (isAboutContent(input.kind) && !sameBytes(input.signature, noSignature)) {
      this.learn(input.path, input.signature, input.value);
    }
    const value = this.value(input.kind, input.path);
    if (value === undefined) return false;
    if (sameBytes(value, input.value)) return true;
    if (input.kind !== inputKinds.code || unit === undefined) return false;
    return this.#codes?.holds(input, value, unit) === true;
  }
}

/** A path below a folder, "/" being the root folder's path. */
export function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

const zeros = new Uint8Array(32);
