/**
 * Whether what a compile with a mapped tree asked and made holds in every tree: then it is found from each of them by
 * its words and sources, and its paths below the root are written with the slot `$root`.
 *
 * A path below the root that the run asked for came from a word, which is in the key with its slot; or from a text that
 * was read, a variable, a link: so none of those may hold the root's name. What was made must not hold it either, in
 * any form in which it could still stand there. A dependency list holds it by nature; it is set anew for each tree
 * (lib/compilers/depfile.ts).
 *
 * Always true: a doubt binds the result to its tree.
 *
 * @module
 */
import { asciiIn, bytesOf, byteString, sameBytes } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import { withoutLinks } from "../base/paths.ts";
import { readSmall } from "../os/mod.ts";
import { type Input, inputKinds, isAboutContent } from "../store/unit.ts";
import type { Observation } from "../trace/mod.ts";
import { type Slot, toSlot } from "./anywhere.ts";
import { anotherFolder, placeOfPwd } from "./circumstances.ts";
import type { Statements } from "./ingest.ts";
import type { Job } from "./job.ts";
import type { Unshared } from "./remap.ts";

/** A text beyond this is not looked through. */
const longestText = 256 << 20;
/** Answers kept, for each tree's inputs. */
const mostAnswers = 1 << 16;
/** Precompiled headers and modules hold names in forms of their own; libraries are a program's. */
const sealed = /\.(?:gch|pch|pcm)$/, library = /\.so(?:\.[\d.]+)?$/;

/** Tells whether the file at `path`, whose content has this digest, may hold a folder's name. */
export interface FileNames {
  mayHold(path: string, digest: Uint8Array, folder: string): boolean;
}

/** Which texts name a tree. Asked on a miss, once for each content. */
export class TreeNames implements FileNames {
  #known = new Map<string, boolean>();

  mayHold(path: string, digest: Uint8Array, root: string): boolean {
    const key = byteString(digest) + root, known = this.#known.get(key);
    if (known !== undefined) return known;
    const bytes = readSmall(path, longestText);
    // Another content than the one that counts tells nothing.
    if (bytes === undefined || byteString(sha256(bytes)) !== byteString(digest)) return true;
    if (this.#known.size >= mostAnswers) this.#known.clear();
    const holds = asciiIn(bytes).includes(root);
    this.#known.set(key, holds);
    return holds;
  }
}

/** Why what a run asked and said holds in its tree alone, or undefined where it holds in all. */
export function boundToTree(
  job: Job,
  statements: Statements,
  found: Observation,
  names: FileNames,
): Unshared | undefined {
  const { slot, report } = job;
  const text = [report!.out, report!.err].find((text) => asciiIn(text).includes(slot.folder));
  if (text !== undefined) return { reason: "path_in_text", what: byteString(text).split("\n", 1)[0] };
  const shell = job.variables!.find(([name, value]) =>
    name === "PWD" && placeOfPwd(value, job.ask.cwd) === anotherFolder
  );
  if (shell !== undefined) return { reason: "path_sensitive_environment", what: shell[0] };
  return boundByQuestions(job, statements, found, names);
}

/** Why what a run asked holds in its tree alone. PWD is no matter of it: that reaches debug information. */
export function boundByQuestions(
  job: Job,
  { inputs }: Statements,
  found: Observation,
  names: FileNames,
): Unshared | undefined {
  const { slot, variables } = job, root = slot.folder;
  const variable = variables!.find(([name, value]) =>
    name !== "PWD" && name !== "=PATH" && value?.includes(root)
  );
  if (variable !== undefined) return { reason: "path_sensitive_environment", what: variable[0] };
  for (const [path, to] of [...found.linkTexts, ...found.physical]) {
    if (to.includes(root) && toSlot(path, slot) === path) return { reason: "path_through_link", what: path };
  }
  const link = inputs.find((input) =>
    toSlot(input.path, slot) !== input.path &&
    (input.kind === inputKinds.link_text
      ? found.linkTexts.get(input.path)?.includes(root) ?? true
      : input.kind === inputKinds.real_path && !leadsInTree(input, slot))
  );
  if (link !== undefined) return { reason: "path_through_link", what: link.path };
  const file = textsRead(job, inputs, found).find(({ path, value }) =>
    sealed.test(path) || names.mayHold(path, value, root)
  );
  return file && { reason: "path_in_input", what: file.path };
}

/** The statements about files whose contents a run took in: all but programs and libraries. */
export function textsRead({ ask, realTool }: Job, inputs: Statements["inputs"], found: Observation): Input[] {
  const tools = new Set([...found.programs, ask.tool, realTool]);
  return inputs.filter(({ kind, path }) => isAboutContent(kind) && !tools.has(path) && !library.test(path));
}

/** Whether no link is on a path's way, and it stays in the tree: then it does so from each root. */
function leadsInTree({ path, value }: Input, slot: Slot): boolean {
  const resolved = withoutLinks(path);
  return toSlot(resolved, slot) !== resolved && sameBytes(value, sha256(bytesOf(resolved)));
}

/** Marks of what holds names in a form that a search does not find: compressed sections, bitcode. */
const packed = [".zdebug_", ".gnu.lto_", ".llvmbc"], bitcode = "BC\xc0\xde";

/** Whether an output's bytes may hold the name of the tree. */
export function mayHoldName(bytes: Uint8Array, { folder }: Slot): boolean {
  const text = asciiIn(bytes);
  return text.includes(folder) || packed.some((mark) => text.includes(mark)) ||
    byteString(bytes.subarray(0, 4)) === bitcode || hasCompressedSection(bytes);
}

/** The same, and whether a symbol may be named by it: compilers then put another character for what is no letter. */
export function mayHoldFolder(bytes: Uint8Array, slot: Slot): boolean {
  const symbol = new RegExp(slot.folder.replace(/[^A-Za-z0-9]/g, "."), "s");
  return mayHoldName(bytes, slot) || symbol.test(asciiIn(bytes));
}

/** SHF_COMPRESSED. */
const compressed = 0x800n;

/** Whether an ELF file has a compressed section, or a table of sections that cannot be read. */
function hasCompressedSection(bytes: Uint8Array): boolean {
  if (bytes.length < 64 || byteString(bytes.subarray(0, 4)) !== "\x7fELF") return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), wide = bytes[4] === 2;
  if (bytes[5] !== 1) return true; // big-endian: nobody here makes those
  const table = wide ? Number(view.getBigUint64(40, true)) : view.getUint32(32, true);
  const [size, count] = wide
    ? [view.getUint16(58, true), view.getUint16(60, true)]
    : [view.getUint16(46, true), view.getUint16(48, true)];
  if (table === 0) return false;
  // A count of 0 stands for one too large for its field.
  if (count === 0 || size < (wide ? 64 : 40) || table + size * count > bytes.length) return true;
  for (let at = table; at < table + size * count; at += size) {
    const flags = wide ? view.getBigUint64(at + 8, true) : BigInt(view.getUint32(at + 8, true));
    if ((flags & compressed) !== 0n) return true;
  }
  return false;
}
