/**
 * inotify and the table of mounts, asked synchronously: has anything happened since we asked last?
 *
 * The kernel queues an event inside the writer's own system call, so whoever was told that a write is done, and asks
 * us afterwards, finds its event in the queue (soundness.md 1.1). A mount raises no event of inotify, but a state of
 * /proc/self/mountinfo (1.2); one poll asks for both and costs half a microsecond where nothing happened.
 *
 * @module
 */
import { byteString, cPath } from "../base/bytes.ts";
import { c, errno, libc } from "./libc.ts";

/** Bits of an event's mask, as in <sys/inotify.h>. */
// deno-fmt-ignore: a table
export const inotify = {
  MODIFY: 0x2, ATTRIB: 0x4, CLOSE_WRITE: 0x8, MOVED_FROM: 0x40, MOVED_TO: 0x80, CREATE: 0x100, DELETE: 0x200,
  DELETE_SELF: 0x400, MOVE_SELF: 0x800, UNMOUNT: 0x2000, Q_OVERFLOW: 0x4000, IGNORED: 0x8000,
  ONLYDIR: 0x01000000, DONT_FOLLOW: 0x02000000, EXCL_UNLINK: 0x04000000,
} as const;

const headerBytes = 16, firstName = 16;
const queue = new Uint8Array(64 << 10), queueView = new DataView(queue.buffer);

/** An open queue of events. */
export class Inotify {
  readonly #descriptor: number;
  readonly #mounts: number;
  readonly #asked = new Uint8Array(16);
  readonly #askedView = new DataView(this.#asked.buffer);

  private constructor(descriptor: number, mounts: number) {
    this.#descriptor = descriptor;
    this.#mounts = mounts;
    this.#askedView.setInt32(0, descriptor, true);
    this.#askedView.setInt16(4, c.POLLIN, true);
    this.#askedView.setInt32(8, mounts, true);
    this.#askedView.setInt16(12, c.POLLPRI, true);
  }

  /** A new queue, or the errno: each user has 128 of them. */
  static open(): Inotify | number {
    const descriptor = libc().inotify_init1(c.O_NONBLOCK | c.O_CLOEXEC);
    if (descriptor < 0) return errno();
    const mounts = libc().open(cPath("/proc/self/mountinfo"), c.O_RDONLY | c.O_CLOEXEC, 0);
    if (mounts >= 0) return new Inotify(descriptor, mounts);
    const problem = errno();
    libc().close(descriptor);
    return problem;
  }

  /** Watches `path` (byte string); its number, or the errno below zero. One inode has one number, whatever its paths. */
  add(path: string, mask: number): number {
    const number = libc().inotify_add_watch(this.#descriptor, cPath(path), mask);
    return number >= 0 ? number : -errno();
  }

  /** What there is to know: nothing, events to be read, or that something was mounted, moved or unmounted. */
  ask(): "nothing" | "events" | "mounts" {
    if (libc().poll(this.#asked, 2n, 0) <= 0) return "nothing";
    return this.#askedView.getInt16(14, true) !== 0 ? "mounts" : "events";
  }

  /**
   * Takes every event out of the queue.
   *
   * @param take `nameAt` and `nameEnd` bound the name in `bytes`; both are 0 where there is none.
   */
  drain(
    take: (watch: number, mask: number, bytes: Uint8Array, nameAt: number, nameEnd: number) => void,
  ): void {
    for (;;) {
      const got = Number(libc().read(this.#descriptor, queue, BigInt(queue.length)));
      if (got <= 0) return;
      for (let at = 0; at < got;) {
        const watch = queueView.getInt32(at, true), mask = queueView.getUint32(at + 4, true);
        const room = queueView.getUint32(at + 12, true);
        const start = at + firstName, end = room === 0 ? start : queue.indexOf(0, start);
        take(watch, mask, queue, room === 0 ? 0 : start, room === 0 ? 0 : Math.min(end, start + room));
        at += headerBytes + room;
      }
    }
  }

  close(): void {
    libc().close(this.#descriptor);
    libc().close(this.#mounts);
  }
}

/** The name of an event, as a byte string. */
export function eventName(bytes: Uint8Array, at: number, end: number): string {
  return byteString(bytes.subarray(at, end));
}
