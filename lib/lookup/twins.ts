/**
 * Equal requests at the same moment: one runs the tool, the others wait and take its result.
 *
 * Always true: whoever runs is taken off the list when its run is over in whatever way, and everybody who waits for it
 * is freed then.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { namesText } from "../compilers/mod.ts";
import type { Job } from "./job.ts";

interface Run {
  readonly job: Job;
  readonly over: Promise<void>;
  readonly end: () => void;
}

function keyOf({ action, names }: Job): string {
  return byteString(action!.digest) + (names === undefined ? "" : namesText(names));
}

export class Twins {
  readonly #runs = new Map<string, Run>();

  /** When the run of this action that is under way will be over; undefined: there is none. */
  underWay(job: Job): Promise<void> | undefined {
    return this.#runs.get(keyOf(job))?.over;
  }

  /** Whether a compile with this line (lineOf) is under way. */
  hasLine(line: Uint8Array): boolean {
    const start = byteString(line);
    for (const key of this.#runs.keys()) if (key.startsWith(start)) return true;
    return false;
  }

  /** The tool is about to run for `job`. One run of an action is enough to be waited for. */
  begin(job: Job): void {
    const key = keyOf(job);
    if (this.#runs.has(key)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#runs.set(key, { job, over: promise, end: resolve });
  }

  /** The run of `job` is over, whether it gave a result or not. A job that never ran is none to wait for. */
  end(job: Job): void {
    if (job.action === undefined) return;
    const key = keyOf(job), run = this.#runs.get(key);
    if (run?.job !== job) return;
    this.#runs.delete(key);
    run.end();
  }
}
