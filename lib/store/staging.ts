/**
 * Names for what launchers stage, and files under them made ahead: a file system that looks for an inode which nobody had
 * of late took half a millisecond for it (ext4, where thousands of files come and go), and a launcher would wait.
 *
 * Always true: a name is given out once; a file that is ready is empty, ours and 0600, so that it is taken for no whole one.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { fromText } from "../base/bytes.ts";
import { isFolder, removeIfThere, temporaryName } from "./files.ts";
import { preparePlace } from "./place.ts";

/** An object and its dependency list. More outputs are rare, and two compiles at a time common. */
const mostReady = 4;

export interface StagingOptions {
  /** `<cache>/v1` as ordinary text. */
  folder: string;
  writable: boolean;
  warn(text: string): void;
}

export class Staging {
  readonly #options: StagingOptions;
  #ready: string[] = [];

  constructor(options: StagingOptions) {
    this.#options = options;
  }

  /** A name (byte string); something empty may be there. The folder is made anew where somebody removed it. */
  name(): string {
    const { folder, writable } = this.#options;
    if (writable && !isFolder(`${folder}/tmp`)) preparePlace(folder);
    return fromText(this.#ready.pop() ?? temporaryName(folder));
  }

  /** Makes files ahead, while nobody waits. */
  prepare(): void {
    const { folder, writable, warn } = this.#options;
    try {
      while (writable && this.#ready.length < mostReady) {
        const name = temporaryName(folder);
        Deno.openSync(name, { write: true, createNew: true, mode: 0o600 }).close();
        this.#ready.push(name);
      }
    } catch (cause) {
      warn(`cannot make files ahead: ${messageOf(cause)}`); // who stages meets it as well, and says so
    }
  }

  /** Forgets what is ready; it goes where it is still there. */
  clear(): void {
    for (const name of this.#ready.splice(0)) removeIfThere(name);
  }
}
