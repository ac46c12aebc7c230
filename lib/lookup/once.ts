/**
 * Whether gcc may take one file for another of equal content: only where one of them was included once and for all.
 *
 * That is so for a file that says `#pragma once`, or that `#import` asked for; `_Pragma` may stand in a macro of any
 * other file. Equal headers that say nothing of the kind (a configure script makes six) are told apart by their paths, so
 * that neither their times nor where they lie reaches a byte. clang takes what it opened under two names for one file,
 * whatever that says.
 *
 * @module
 */
import { byteString, sameBytes } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { readSmall } from "../os/mod.ts";
import { programName } from "../trace/mod.ts";

const gccs = new Set(["gcc", "g++", "cpp", "cc1", "cc1plus", "as"]);
/** A text that is longer is taken for one that says anything. */
const longestText = 1 << 20;

/** A text as the preprocessor sees its words: lines that are continued are one. */
function spliced(text: string): string {
  return text.replace(/(?:\\|\?\?\/)[ \t\v\f]*\r?\n/g, "");
}

/** Whether the words of a header, or of what includes it, can ask for it to be read once only. */
export function saysOnce(header: string, others: readonly string[]): boolean {
  const own = spliced(header);
  if (/\bpragma\b/.test(own) && /\bonce\b/.test(own)) return true;
  return [header, ...others].some((text) => /\b(?:_Pragma|__pragma|import)\b/.test(spliced(text)));
}

interface Text {
  path: string;
  digest: Uint8Array;
}

/** Whether equal files of a run may be one to its compiler. `texts`: everything that it read, programs left out. */
export function mayBeOne(programs: Iterable<string>, header: Text, texts: readonly Text[]): boolean {
  const ran = [...programs];
  if (ran.length === 0 || !ran.every((path) => gccs.has(programName(path)))) return true;
  const own = textOf(header);
  if (own === undefined) return true;
  const others: string[] = [];
  for (const other of texts) {
    const text = /\.gch(?:\/|$)/.test(other.path) ? undefined : textOf(other);
    if (text === undefined) return true;
    others.push(text);
  }
  return saysOnce(own, others);
}

/** The text of a file that still holds what was read. */
function textOf({ path, digest }: Text): string | undefined {
  const bytes = readSmall(path, longestText);
  return bytes !== undefined && sameBytes(sha256(bytes), digest) ? byteString(bytes) : undefined;
}
