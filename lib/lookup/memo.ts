/**
 * Requests that were answered by a hit, by their bytes: the same words in the same folder and environment ask for the
 * same action, so all that is left to find out is whether the candidate's statements still hold.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { sha256 } from "../base/digest.ts";
import type { Message } from "../protocol/mod.ts";
import type { StoredUnit } from "../store/mod.ts";
import type { Unit } from "../store/unit.ts";
import type { Action } from "./action.ts";
import type { Environment } from "./circumstances.ts";

/** What a request was found to mean. */
export interface Remembered {
  ask: Message<"ask">;
  action: Action;
  environment: Environment;
  lacksTemporary: boolean;
  kind: string;
  realTool: string;
  stored: StoredUnit;
  /** Its statements in the asker's folder. */
  unit: Unit;
  /** The root of the asker's tree, where its name was mapped away. */
  root?: string;
  reply: Message<"hit">;
}

/** Each holds a request of some 10 KB. */
const mostRequests = 2048;
const mostMarks = 16 * mostRequests;
/** Place of the asker's pid in an ask's frame: the first field behind the head. */
const pidAt = 16, pidBytes = 4;

export class Memo {
  readonly #known = new Map<string, Remembered>();
  /** Marks of all requests that were ever remembered: what has none of them needs no digest. */
  #marks = new Set<number>();

  /** A number made of a frame's words but the pid: quick, and the same for few other frames. */
  static #mark(frame: Uint8Array): number {
    const words = new Uint32Array(frame.buffer, frame.byteOffset, frame.length >> 2);
    let mark = frame.length;
    for (let i = 0; i < words.length; i++) {
      if (i !== pidAt / 4) mark = Math.imul(mark ^ words[i], 0x01000193) ^ mark >>> 15;
    }
    return mark;
  }

  /** Whether a request may be one that is remembered. */
  mayKnow(frame: Uint8Array): boolean {
    return frame.byteOffset % 4 !== 0 || this.#marks.has(Memo.#mark(frame));
  }

  /** Names a request by its frame, whoever sends it. */
  static key(frame: Uint8Array): string {
    const pid = frame.slice(pidAt, pidAt + pidBytes);
    frame.fill(0, pidAt, pidAt + pidBytes);
    const key = byteString(sha256(frame));
    frame.set(pid, pidAt);
    return key;
  }

  get(key: string): Remembered | undefined {
    return this.#known.get(key);
  }

  /** Remembers a request; the one remembered for longest goes where there are too many. */
  set(frame: Uint8Array, remembered: Remembered): void {
    const key = Memo.key(frame);
    if (this.#marks.size >= mostMarks) this.#marks = new Set(), this.#known.clear();
    if (frame.byteOffset % 4 === 0) this.#marks.add(Memo.#mark(frame));
    this.#known.delete(key);
    if (this.#known.size >= mostRequests) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, remembered);
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}
