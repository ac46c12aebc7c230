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
  kind: string;
  realTool: string;
  stored: StoredUnit;
  /** Its statements in the asker's folder. */
  unit: Unit;
  reply: Message<"hit">;
}

/** Each holds a request of some 10 KB. */
const mostRequests = 2048;
/** Place of the asker's pid in an ask's frame: the first field behind the head. */
const pidAt = 16, pidBytes = 4;

export class Memo {
  readonly #known = new Map<string, Remembered>();

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
  set(key: string, remembered: Remembered): void {
    this.#known.delete(key);
    if (this.#known.size >= mostRequests) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, remembered);
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}
