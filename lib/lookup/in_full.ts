/**
 * Results of lines that name files below their folder in full, as CMake does: the folder has a drawn name where CMake
 * tries whether something compiles.
 *
 * Such a result holds in every folder if the name reached nothing but the paths that were asked for: no text, variable or
 * link held it, none of the texts could ask what it is called (lib/compilers/own_names.ts), and no output holds it. What
 * was printed may; it is said anew for each folder (texts.ts).
 *
 * Always true: a doubt binds the result to its folder.
 *
 * @module
 */
import { asciiIn, byteString, sameBytes } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { asksForName, isClang, type Text } from "../compilers/mod.ts";
import { readSmall } from "../os/mod.ts";
import { askFlags } from "../protocol/mod.ts";
import { type Observation, programName } from "../trace/mod.ts";
import type { Statements } from "./ingest.ts";
import type { Job } from "./job.ts";
import { longestInline } from "./keep.ts";
import { withMarks } from "./texts.ts";
import { boundByQuestions, textsRead } from "./tree.ts";

/** A text beyond this is not looked through. */
const longestText = 16 << 20;
/** Bytes of texts that are kept for the next such line: those of the system serve many. */
const mostBytes = 16 << 20;
const outside = /^\/(?:usr|etc|lib|proc|sys|dev)\//;

/** The file's bytes if it has that content still, and is not too long. */
function read(path: string, digest: Uint8Array): Uint8Array | undefined {
  const bytes = readSmall(path, longestText);
  return bytes !== undefined && sameBytes(sha256(bytes), digest) ? bytes : undefined;
}

/** The same as a text to search in, which takes a third of the time: one of ASCII, or read by `asciiIn` as well. */
export function searchable(path: string, digest: Uint8Array): string | undefined {
  const bytes = read(path, digest);
  return bytes && asciiIn(bytes);
}

/** Texts by what they hold. */
export class TextsRead {
  #texts = new Map<string, Text>();
  #bytes = 0;

  mayHold(path: string, digest: Uint8Array, folder: string): boolean {
    return this.text(path, digest, folder)?.text.includes(folder) ?? true;
  }

  /** The file's text if it has that content still. */
  text(path: string, digest: Uint8Array, folder: string): Text | undefined {
    const own = path.startsWith(`${folder}/`),
      key = `${own}${byteString(digest)}`,
      known = this.#texts.get(key);
    if (known !== undefined) return known;
    const bytes = read(path, digest);
    if (bytes === undefined) return undefined;
    if (this.#bytes + bytes.length > mostBytes) this.#texts.clear(), this.#bytes = 0;
    const text = { path, text: byteString(bytes), own };
    // What one folder alone has serves no other.
    if (outside.test(path)) this.#texts.set(key, text), this.#bytes += bytes.length;
    return text;
  }
}

/** Why what a run asked and said holds in its folder alone, though its words may name files there in full. */
export function boundInFull(
  job: Job,
  statements: Statements,
  found: Observation,
  texts: TextsRead,
): string | undefined {
  const { ask: { cwd, flags }, report } = job;
  if (job.running !== undefined || found.wholeEnvironment) return "a run that nobody watched in full";
  for (const text of [report!.out, report!.err]) {
    const marked = withMarks(text, cwd);
    const isSaidElsewhere = marked === undefined || marked.length > longestInline ||
      flags & (askFlags.tty1 | askFlags.tty2);
    if (marked !== text && isSaidElsewhere) return "its text";
  }
  const asked = boundByQuestions(job, statements, found, texts);
  if (asked !== undefined) return asked.what;
  const read = textsRead(job, statements.inputs, found)
    .map(({ path, value }) => texts.text(path, value, cwd));
  return asksForName(read.filter((text) => text !== undefined), {
    macros: job.use!.full!.macros,
    isClang: isClang(Array.from(found.programs, programName)),
  });
}
