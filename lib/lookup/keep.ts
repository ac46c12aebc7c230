/**
 * What a run made, as the outputs of its result: the staged files under their names in the store, and texts.
 *
 * Where a result is to hold in every tree, its dependency list is kept in words, and what names the tree binds it.
 *
 * @module
 */
import { asciiIn, bytesOf, byteString, shown } from "../base/bytes.ts";
import type { Digest } from "../base/digest.ts";
import { absolute } from "../base/paths.ts";
import { listOf } from "../compilers/mod.ts";
import { readHead, readSmall } from "../os/mod.ts";
import { type Message, styles } from "../protocol/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Unit } from "../store/unit.ts";
import { toSlot } from "./anywhere.ts";
import { namesTemporary } from "./circumstances.ts";
import type { Job } from "./job.ts";
import { offloads } from "./offload.ts";
import type { Ended } from "./outcome.ts";
import { modeBeforeUmask } from "./outputs.ts";
import { bind } from "./remap.ts";
import { listMark } from "./lists.ts";
import { mayHoldFolder, mayHoldName } from "./tree.ts";

/** An output beyond this is not looked through. */
const longestOutput = 256 << 20;
/** A larger program is not looked through: what has debug information names its folder, and others take their time. */
const longestProgram = 4 << 20;
/** Texts up to this length stand in the unit itself; a preprocessed source is no matter for the index. */
export const longestInline = 16 << 10;
/** What linkers and assemblers make. */
const elf = "\x7fELF";
/** A text has no NUL in its first bytes; archives and precompiled headers have. */
const headBytes = 1024;

export class Keeper {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The staged files as outputs of a result, or why they cannot be given back. */
  outputs(job: Job, { files }: Message<"kept">): Unit["result"]["outputs"] | Ended {
    let next = 0;
    const outputs: Unit["result"]["outputs"] = [];
    for (const { path, style, text, staged, mode: given = 0o777 & ~job.ask.umask } of job.products) {
      const slot = toSlot(path, job.slot);
      if (!staged) {
        const mode = modeBeforeUmask(given, job.ask.umask);
        if (mode === undefined) return { outcome: "pass_mode", what: path };
        // A folder that not everybody was to have: under another umask it may have been given other bits.
        if (mode !== 0o777) job.givesModes = true;
        outputs.push({ path: slot, blob: new Uint8Array(0), text, style, mode, size: 0 });
        continue;
      }
      const { errno, mode } = files[next];
      if (errno !== 0) throw new Error(`${shown(path)} was not staged (errno ${errno})`);
      const before = style === styles.write_through ? 0o666 : modeBeforeUmask(mode, job.ask.umask);
      if (before === undefined) return { outcome: "pass_mode", what: path };
      // Without a trace nobody knows whether the file was there before, and kept the permissions that it had.
      if (job.running !== undefined && style === styles.unknown && before !== 0o666) {
        return { outcome: "pass_mode", what: path };
      }
      const list = this.#listIn(job, path, job.staged[next]) ?? this.#ownList(job, path, job.staged[next]);
      if (list === undefined && this.#mayHoldFolder(job, job.staged[next])) job.bound = path;
      if (list !== undefined) {
        next++;
        outputs.push({ path: slot, ...list, text: listMark, style, mode: before });
        continue;
      }
      const { digest, size, head } = this.#store.commitBlob(job.staged[next]);
      job.staged[next++] = ""; // it has another name now
      if (job.mayOffload && this.#offloads(digest)) return { outcome: "pass_unmodelled", what: path };
      job.namesTemporary ||= byteString(head) !== elf && this.#namesTemporary(job, digest);
      outputs.push({ path: slot, blob: digest, text: "", style, mode: before, size });
    }
    return outputs;
  }

  /** The list of a line that names files in full, in words: they are others in another folder. */
  #ownList(job: Job, path: string, staged: string): { blob: Uint8Array; size: number } | undefined {
    const { use, names, bound, listRule, ask: { cwd } } = job;
    const isList = names?.list !== undefined && path === absolute(names.list.path, cwd);
    if (!isList || use?.full === undefined || bound !== undefined || listRule === undefined) return undefined;
    const bytes = readSmall(staged, longestOutput), text = bytes && byteString(bytes);
    const list = text?.includes(cwd) ? listOf(text, cwd, listRule) : undefined;
    if (list === undefined) return undefined;
    const kept = bytesOf(JSON.stringify(list));
    return { blob: this.#store.putBlob(kept), size: kept.length };
  }

  /** Where files were named in full, an output may hold the folder's name; a program, those of its objects. */
  #mayHoldFolder({ kind, use, names, bound, slot }: Job, staged: string): boolean {
    const isLink = kind === "link" && use !== undefined;
    if (bound !== undefined || (use?.full === undefined && !isLink)) return false;
    const bytes = readSmall(staged, isLink ? longestProgram : longestOutput);
    if (bytes === undefined || mayHoldFolder(bytes, slot)) return true;
    const own = names?.objects === undefined ? [] : [names.object, ...names.objects];
    if (own.length === 0) return false;
    const text = asciiIn(bytes);
    return own.some((name) => text.includes(name.slice(name.lastIndexOf("/") + 1)));
  }

  /** Looks for the tree's name in an output; a dependency list is then kept in words, to be set anew for each tree. */
  #listIn(job: Job, path: string, staged: string): { blob: Uint8Array; size: number } | undefined {
    const use = job.remap?.use, { slot, bound, ask: { cwd } } = job;
    if (use === undefined || bound !== undefined) return undefined;
    const bytes = readSmall(staged, longestOutput);
    if (bytes !== undefined && !mayHoldName(bytes, slot)) return undefined;
    const isList = use.list !== undefined &&
      (path.endsWith(".d") || (use.list !== true && path === absolute(use.list, cwd)));
    const rule = job.listRule, readable = isList && rule !== undefined && bytes !== undefined;
    const list = readable ? listOf(byteString(bytes), slot.folder, rule) : undefined;
    if (list === undefined) {
      bind(job, { reason: "path_in_output", what: path });
      return undefined;
    }
    const kept = bytesOf(JSON.stringify(list));
    return { blob: this.#store.putBlob(kept), size: kept.length };
  }

  #offloads(digest: Digest): boolean {
    const path = this.#store.blobPath(digest);
    return path === undefined || offloads(path);
  }

  /** Maps and listings are texts; nothing else is read through while a launcher waits. */
  #namesTemporary({ environment }: Job, digest: Digest): boolean {
    const path = this.#store.blobPath(digest);
    if (path === undefined) return true;
    if (readHead(path, headBytes)?.includes(0)) return false;
    const bytes = readSmall(path, longestOutput);
    return bytes === undefined || namesTemporary(bytes, environment!);
  }

  /** A text as it stands in the unit, and beside it as a blob where it is long. */
  text(bytes: Uint8Array, style: number): { inline: Uint8Array; blobs: Unit["result"]["outputs"] } {
    if (bytes.length <= longestInline) return { inline: bytes.slice(), blobs: [] };
    const blob = this.#store.putBlob(bytes);
    return {
      inline: new Uint8Array(0),
      blobs: [{ path: "", blob, text: "", style, mode: 0, size: bytes.length }],
    };
  }
}
