/**
 * What a run asked and left behind, as values: what observe.ts makes of a record, and the declared way of a list.
 *
 * @module
 */
import { sameBytes } from "../base/bytes.ts";
import { AbsentPaths } from "./absent.ts";
import type { Refusal } from "./rules.ts";

/** How strong a statement about a path is; a stronger one replaces a weaker. */
export type Question = "exists" | "lstat" | "stat" | "content";
export const strength: Readonly<Record<Question, number>> = { exists: 0, lstat: 1, stat: 2, content: 3 };

export interface Seen {
  question: Question;
  /** Signature (48 bytes) at the moment of the question; undefined where none was taken. */
  signature?: Uint8Array;
  /** The one program that opened it as data; undefined where it was run, or mapped by the loader. */
  reader?: string;
  /** The run replaced it whole: that there was a file is all that counts, and who delivers looks whether it is a lone one. */
  replaced?: true;
}

/** Whether two looks at one path in one run saw different files. A folder is the same while it is that folder. */
export function differs(before: Seen, question: Question, signature: Uint8Array | undefined): boolean {
  if (signature === undefined || before.signature === undefined) return false;
  if ((before.question === "lstat") !== (question === "lstat")) return false;
  const isFile = (signature[41] & 0xf0) === 0x80; // S_IFREG in the mode's second byte
  const length = isFile ? 48 : 16;
  return !sameBytes(before.signature.subarray(0, length), signature.subarray(0, length));
}

/** The reader of what several programs opened. */
export const anyReader = "?";

export type Style = "replace" | "write_through" | "unknown" | "folder" | "link";

export interface Written {
  style: Style;
  /** The run read it before it wrote it, or read it back. */
  read: boolean;
  /** It exists no more, as far as the trace tells. */
  gone: boolean;
  /** Made under a name that nobody had (O_EXCL, mkstemp). */
  exclusive: boolean;
  /** It was given an owner, times or attributes, which no delivery gives. */
  setApart?: boolean;
  /** Text, of a symbolic link. */
  text: string;
}

export interface Observation {
  files: Map<string, Seen>;
  absent: AbsentPaths;
  listings: Set<string>;
  /** Path -> text of the link, physical path. */
  linkTexts: Map<string, string>;
  physical: Map<string, string>;
  /** Path -> errno, of questions answered with neither yes nor no. */
  refused: Map<string, number>;
  /** Paths that could not be made for want of what they lie in or lead to. */
  unmade: Set<string>;
  written: Map<string, Written>;
  variables: Set<string>;
  /** A program reads `environ` itself: every variable counts. */
  wholeEnvironment: boolean;
  /** Paths below the working folder that were spelled in full: elsewhere the run would ask for the same ones. */
  full: ReadonlySet<string>;
  /** Files opened by interpreters that are not their own: their texts may hold what no call tells. */
  scripts: Set<string>;
  /** A program gave an output a mode of its own choice. */
  givesModes: boolean;
  /** Executables of the run, for rules of particular tools. */
  programs: Set<string>;
}

/** What a run that asked nothing and wrote nothing would leave. */
export function noObservation(): Observation {
  return {
    files: new Map(),
    absent: new AbsentPaths(),
    listings: new Set(),
    linkTexts: new Map(),
    physical: new Map(),
    refused: new Map(),
    unmade: new Set(),
    written: new Map(),
    variables: new Set(),
    wholeEnvironment: false,
    full: new Set(),
    scripts: new Set(),
    givesModes: false,
    programs: new Set(),
  };
}

export interface Refused {
  refusal: Refusal;
  /** The thing that is named to people: a path, a program, a call. */
  what: string;
}
