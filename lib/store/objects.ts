/**
 * Blobs: what runs left behind, by the SHA-256 of their bytes.
 *
 * A blob's bytes are compared with its name before its first delivery in a process's life and again whenever its
 * signature changed; so bits that flipped, a folder that was restored older or files that somebody edited are never
 * delivered. What does not match is removed, which makes it a miss.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { fromText, sameBytes, shown } from "../base/bytes.ts";
import { type Digest, hex } from "../base/digest.ts";
import { c, hashFile, signatureOf, statx } from "../os/mod.ts";
import { isFolder, removeIfThere, temporaryName } from "./files.ts";
import { names, objectDigits } from "./layout.ts";

const objectMode = 0o444;

/** A staged file that has its name now. `head`: its first bytes. */
export interface Committed {
  digest: Digest;
  size: number;
  head: Uint8Array;
}

export class Objects {
  readonly #folder: string;
  readonly #log: { warn(text: string): void };
  /** Digest (hex) -> signature under which its bytes were found right. */
  readonly #verified = new Map<string, Uint8Array>();

  constructor(folder: string, log: { warn(text: string): void }) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Path (byte string) of a blob whose bytes are right, or undefined where it is missing or damaged. */
  path(digest: Digest): string | undefined {
    const path = this.#find(digest);
    if (path === undefined) this.#log.warn(`the blob ${hex(digest)} is missing`);
    return path;
  }

  #find(digest: Digest): string | undefined {
    const path = fromText(`${this.#folder}/${names.object(digest)}`);
    const state = statx(path, { follow: false });
    if (typeof state === "number" || (state.mode & c.S_IFMT) !== c.S_IFREG) return undefined;
    const signature = signatureOf(state), known = this.#verified.get(hex(digest));
    if (known !== undefined && sameBytes(known, signature)) return path;
    const hashed = hashFile(path);
    if (typeof hashed !== "object") {
      this.#log.warn(`the blob ${hex(digest)} cannot be read (${hashed})`);
      return undefined;
    }
    if (!sameBytes(hashed.digest, digest)) {
      this.#dropDamaged(digest, shown(path));
      return undefined;
    }
    this.#verified.set(hex(digest), signatureOf(hashed.state));
    return path;
  }

  /** In a cache that cannot be written to it stays, and is a miss each time. */
  #dropDamaged(digest: Digest, path: string): void {
    let what = "was dropped";
    try {
      removeIfThere(path);
    } catch (cause) {
      what = `stays (${messageOf(cause)})`;
    }
    this.#log.warn(`the blob ${hex(digest)} is damaged and ${what}`);
  }

  /**
   * Names a staged file by its content and moves it in place.
   *
   * @param named Told the digest before the staged name goes.
   * @throws {Error} where the staged file cannot be read or the folder not be written.
   */
  commit(staged: string, named?: (digest: Digest) => void): Committed {
    const hashed = hashFile(staged);
    if (typeof hashed !== "object") {
      throw new Error(`cannot read the staged file ${shown(staged)} (${hashed})`);
    }
    const { digest, head, state } = hashed, committed = { digest, size: state.size, head };
    named?.(digest);
    if (this.#find(digest) !== undefined) {
      removeIfThere(shown(staged));
      return committed;
    }
    if ((state.mode & 0o777) !== objectMode) Deno.chmodSync(shown(staged), objectMode);
    const final = `${this.#folder}/${names.object(digest)}`;
    this.#move(shown(staged), final);
    const now = statx(fromText(final), { follow: false });
    if (typeof now === "object") this.#verified.set(hex(digest), signatureOf(now));
    return committed;
  }

  /** The same for a staged file that somebody has moved before. @throws {Error} where the blob is not there, or damaged. */
  committed(digest: Digest): Committed {
    const path = this.#find(digest), hashed = path === undefined ? undefined : hashFile(path);
    if (typeof hashed !== "object") throw new Error(`the blob ${hex(digest)} is not there`);
    return { digest, size: hashed.state.size, head: hashed.head };
  }

  #move(from: string, to: string): void {
    const folder = to.slice(0, to.lastIndexOf("/"));
    if (!isFolder(folder)) Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    Deno.renameSync(from, to);
  }

  /** Keeps bytes that are in memory. */
  put(bytes: Uint8Array): Digest {
    const temporary = temporaryName(this.#folder);
    Deno.writeFileSync(temporary, bytes, { createNew: true, mode: 0o600 });
    try {
      return this.commit(fromText(temporary)).digest;
    } finally {
      removeIfThere(temporary);
    }
  }

  /** Every blob on disk: its digits, bytes on disk and when it was made (ms). Folders that are not ours are left out. */
  *all(): Generator<{ digits: string; bytes: number; madeMs: number }> {
    for (const sub of list(`${this.#folder}/objects`)) {
      for (const name of list(`${this.#folder}/objects/${sub}`)) {
        const digits = objectDigits(sub, name);
        const state = digits && statx(fromText(`${this.#folder}/objects/${sub}/${name}`), { follow: false });
        if (typeof state !== "object") continue;
        yield { digits: digits!, bytes: state.blocks * 512, madeMs: Number(state.ctime / 1_000_000n) };
      }
    }
  }

  /** Removes a blob by its digits. */
  remove(digits: string): void {
    this.#verified.delete(digits);
    removeIfThere(`${this.#folder}/objects/${digits.slice(0, 2)}/${digits.slice(2)}`);
  }
}

function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return [];
    throw cause;
  }
}
