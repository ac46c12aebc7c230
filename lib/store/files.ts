/**
 * How the store writes: whole or not at all.
 *
 * @module
 */
import { fromText } from "../base/bytes.ts";
import { c, type FileState, statx } from "../os/mod.ts";

let count = 0;

/** A name that nobody else makes, below the store's `tmp/`. */
export function temporaryName(folder: string): string {
  return `${folder}/tmp/${Deno.pid}-${++count}`;
}

/** What must be on the disk when a replacement returns: who replaces many files flushes their folder once, at the end. */
export type Flush = "all" | "file" | "nothing";

/**
 * Replaces the file at `path` by `bytes`: written beside, flushed to the disk, renamed, its folder flushed. A reader sees
 * the old file or the new one, also after a power cut.
 *
 * @throws {Error} where the disk is full or the folder gone; nothing half-written stays.
 */
export function replaceFile(folder: string, path: string, bytes: Uint8Array, flush: Flush = "all"): void {
  const temporary = temporaryName(folder);
  try {
    const file = Deno.openSync(temporary, { write: true, createNew: true, mode: 0o600 });
    try {
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      if (flush !== "nothing") file.syncDataSync();
    } finally {
      file.close();
    }
    Deno.renameSync(temporary, path);
  } catch (cause) {
    removeIfThere(temporary);
    throw cause;
  }
  if (flush === "all") flushFolder(path.slice(0, path.lastIndexOf("/")));
}

/**
 * Writes a short head and a body to a file of their own, on the disk when it resolves, without holding anybody up.
 * @returns its name, for a rename. @throws {Error} where the disk is full or the folder gone; nothing half-written stays.
 */
export async function stageFile(folder: string, head: Uint8Array, body: Uint8Array): Promise<string> {
  const temporary = temporaryName(folder);
  try {
    const file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    try {
      for (let at = 0; at < head.length;) at += file.writeSync(head.subarray(at));
      for (let at = 0; at < body.length;) at += await file.write(body.subarray(at));
      await file.syncData();
    } finally {
      file.close();
    }
  } catch (cause) {
    removeIfThere(temporary);
    throw cause;
  }
  return temporary;
}

/** Makes names in a folder last through a power cut. */
export function flushFolder(path: string): void {
  const folder = Deno.openSync(path);
  try {
    folder.syncSync();
  } finally {
    folder.close();
  }
}

/** The same without holding anybody up. */
export async function flushFolderAside(path: string): Promise<void> {
  const folder = await Deno.open(path);
  try {
    await folder.sync();
  } finally {
    folder.close();
  }
}

/** Removes a file; that it is not there is no error. */
export function removeIfThere(path: string): void {
  if (statx(fromText(path), { follow: false }) === c.ENOENT) return; // to be told so by an exception costs a hundred times more
  try {
    Deno.removeSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
}

/** A file's bytes from an offset on, or undefined where it is not there. */
export function readIfThere(path: string, from = 0): Uint8Array | undefined {
  const state = statx(fromText(path)); // as above
  if (state === c.ENOENT || state === c.ENOTDIR) return undefined;
  try {
    return from === 0 ? Deno.readFileSync(path) : readTail(path, from);
  } catch (cause) {
    if (isNotThere(cause)) return undefined;
    throw cause;
  }
}

function isNotThere(cause: unknown): boolean {
  return cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory;
}

/** Reads files one after the other into memory that it uses again, without holding anybody up. */
export class Reader {
  #memory = new Uint8Array(0);

  /** A file's bytes, valid until the next read; undefined where it is not there. */
  async read(path: string): Promise<Uint8Array | undefined> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path);
    } catch (cause) {
      if (isNotThere(cause)) return undefined;
      throw cause;
    }
    try {
      const { size } = file.statSync();
      if (size > this.#memory.length) this.#memory = new Uint8Array(size + (size >> 2));
      let filled = 0;
      for (let count: number | null = 1; count && filled < size; filled += count ?? 0) {
        count = await file.read(this.#memory.subarray(filled, size));
      }
      return this.#memory.subarray(0, filled);
    } finally {
      file.close();
    }
  }
}

function readTail(path: string, from: number): Uint8Array {
  const file = Deno.openSync(path);
  try {
    const bytes = new Uint8Array(Math.max(0, file.statSync().size - from));
    file.seekSync(from, Deno.SeekMode.Start);
    let filled = 0;
    for (let count: number | null = 1; count; filled += count ?? 0) {
      count = file.readSync(bytes.subarray(filled));
    }
    return bytes.subarray(0, filled);
  } finally {
    file.close();
  }
}

/** State of a regular file given as ordinary text, else undefined. */
export function fileState(path: string): FileState | undefined {
  const state = statx(fromText(path), { follow: false });
  return typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFREG ? state : undefined;
}

/** Whether a folder is at `path`, given as ordinary text. */
export function isFolder(path: string): boolean {
  const state = statx(fromText(path));
  return typeof state === "object" && (state.mode & c.S_IFMT) === c.S_IFDIR;
}
