/**
 * When a signature may be trusted to stand for a content.
 *
 * dev, inode, size, mtime and ctime tell an edit from none, unless the file system's clock is so coarse that an edit
 * just after we looked gets the time that we saw. Linux 6.13 and later never gives a time again that was looked at
 * (multigrain timestamps, on the file systems below); elsewhere times advance by the scheduler's tick, on old
 * formats by seconds. Hence: a signature is too new where the file changed within one step of its clock before we looked
 * (soundness.md 1.4; the racy rule of git).
 *
 * @module
 */
import { type FileState, fileSystemType } from "../os/mod.ts";

const tickNs = 10_000_000n; // HZ=100, the slowest tick in use
const secondsNs = 2_000_000_000n; // FAT counts in steps of two seconds
/** statfs f_type of file systems with multigrain timestamps: ext4, xfs, btrfs, tmpfs. */
const multigrain = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994]);

export class Clocks {
  #steps = new Map<bigint, bigint>();
  #kernelKeepsTimesApart: boolean;

  /** @param release The kernel's release, as of `uname -r`. */
  constructor(release: string) {
    const [major, minor] = release.split(".").map(Number);
    this.#kernelKeepsTimesApart = major > 6 || (major === 6 && minor >= 13);
  }

  /**
   * Whether an edit after `lookedAt` (ns) could leave `state` as it is. `path` names the file, to ask what file
   * system holds it; asked once a device.
   */
  tooNew(path: string, state: FileState, lookedAt: bigint): boolean {
    const changed = state.mtime > state.ctime ? state.mtime : state.ctime;
    if (changed + secondsNs < lookedAt) return false;
    return changed + this.#step(path, state) >= lookedAt;
  }

  /**
   * Whether an edit at or after `since` (ns, CLOCK_REALTIME_COARSE) could have left `state` as it is: the file changed
   * within one step of its clock before that moment, so that two contents may share this signature.
   */
  ambiguous(path: string, state: FileState, since: bigint): boolean {
    if (state.ctime + secondsNs < since) return false;
    const step = this.#step(path, state);
    return step > 0n && state.ctime + step >= since;
  }

  #step(path: string, state: FileState): bigint {
    // Whole seconds in both times: an old format (ext4 with 128-byte inodes), or chance, which costs one more hash.
    if (state.mtime % 1_000_000_000n === 0n && state.ctime % 1_000_000_000n === 0n) return secondsNs;
    let step = this.#steps.get(state.dev);
    if (step === undefined) {
      const type = fileSystemType(path);
      const exact = type !== undefined && this.#kernelKeepsTimesApart && multigrain.has(type);
      this.#steps.set(state.dev, step = exact ? -1n : tickNs);
    }
    // A time after "now" (a clock set back, a touched file) is never trusted: -1 keeps "changed later than we looked" too new.
    return step;
  }
}
