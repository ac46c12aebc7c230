/**
 * A unit is what the store keeps of one run: the statements that made its result valid, and the result.
 *
 * The store gives no meaning to a statement beyond its shape, so that every rule about what counts as an input
 * lives in lookup/ and trace/. Paths and other byte strings that are not text are "byte strings": JavaScript
 * strings with one character (0 to 255) for a byte, see lib/base/bytes.ts.
 *
 * @module
 */

/** What a statement says of its path. Numbers are on disk: never change one, only add. */
export const inputKinds = {
  /** The file's content has `value` = SHA-256 of its bytes. */
  content: 1,
  /** stat: `value` = type, size, mtime (not opened by the run). */
  stat: 2,
  /** lstat, likewise. */
  lstat: 3,
  /** Something is there: `value` = its type (followed). */
  exists: 4,
  /** The folder's entries: `value` = SHA-256 of the sorted names. */
  listing: 5,
  /** The link's text: `value` = its SHA-256. */
  link_text: 6,
  /** The physical path: `value` = its SHA-256. */
  real_path: 7,
  /** Nothing is there. */
  absent: 8,
  /** The question was answered with an error: `value` = its errno. */
  refused: 9,
  /** The path leads where its words say, ".." undone: no link is on its way. */
  physical: 10,
  /** Nothing is there, not even a link that leads to nothing. */
  missing: 11,
  /** As `content`, and read as source by a compiler alone: another content of equal code serves as well (codes.ts). */
  code: 12,
} as const;
export type InputKind = (typeof inputKinds)[keyof typeof inputKinds];

/** Whether a statement is about what a file holds. */
export function isAboutContent(kind: InputKind): boolean {
  return kind === inputKinds.content || kind === inputKinds.code;
}

/** Signature of a file: dev, ino, size, mtime ns, ctime ns, mode as 6 x u64 little-endian (48 bytes); all zero = do not trust. */
export type Signature = Uint8Array;
export const signatureBytes = 48;
/** "Do not trust." */
export const noSignature: Signature = new Uint8Array(signatureBytes);

/** One statement about one path. `value` is 32 bytes (short ones zero-padded). `signature`: when it was last seen true. */
export interface Input {
  kind: InputKind;
  path: string;
  value: Uint8Array;
  signature: Signature;
}

/** `names[i]` was absent in each folder of `folders[lists[i]]`; lists are shared because one search asks many names. */
export interface Absences {
  /** Folders met, with the signature under which all names below were seen absent (all zero: probe again; folder itself absent: `gone`). */
  folders: { path: string; gone: boolean; signature: Signature }[];
  /** Lists of indexes into `folders`. */
  lists: number[][];
  /** (list index, name). */
  names: { list: number; name: string }[];
}

/**
 * Styles of outputs that are no files: a text too long to stand in the unit, as a blob. Files have the protocol's
 * (small) numbers.
 */
export const textStyles = { out: 101, err: 102 } as const;

export interface Output {
  /** As the launcher shall write it: "$cwd/..." or absolute. */
  path: string;
  /** Digest of the blob; for a link its text; for a folder empty. */
  blob: Uint8Array;
  text: string;
  style: number;
  /** Before the umask. */
  mode: number;
  size: number;
}

export interface Result {
  status: number;
  out: Uint8Array;
  err: Uint8Array;
  /** out and err came from one file, in order, in `out`. */
  oneOutput: boolean;
  outputs: Output[];
}

export interface Unit {
  /** Action key, 32 bytes. */
  key: Uint8Array;
  /** Environment: value or null for unset. */
  environment: [string, string | null][];
  /** Facts of the terminal under which text is valid, empty for results without text. */
  terminal: string;
  inputs: Input[];
  absences: Absences;
  result: Result;
  /** compile, link, archive, other. */
  workKind: string;
  /** How long the tool ran. */
  wallUs: number;
  /** When it was stored, ms since 1970. */
  storedAt: number;
}
