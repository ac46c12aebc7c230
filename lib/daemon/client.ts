/**
 * Asks a decider's socket an administrative question, for commands that end afterwards.
 *
 * Synchronous: such a command has nothing else to do. Each answer has a deadline, because a stopped daemon
 * accepts connections and frames like a living one.
 *
 * @module
 */
import { c, close, connectTo, PollSet, receive, send } from "../os/mod.ts";
import { decode, encode, frameSize } from "../protocol/mod.ts";

/** Larger than any administrative answer. */
const maxAnswerBytes = 8 << 20;

/** What became of a question: the answer's value, nobody there, or somebody there who does not answer. */
export type Answer = { value: unknown } | "absent" | "silent";

/**
 * Asks the decider at `socket` (byte string).
 *
 * @param deadlineMs How long to wait for the whole answer.
 */
export function askAdmin(
  socket: string,
  question: { verb: string; args?: string[]; build: bigint; deadlineMs: number },
): Answer {
  const descriptor = connectTo(socket);
  if (descriptor === -c.EAGAIN) return "silent"; // somebody listens, but the backlog is full
  if (descriptor < 0) return "absent";
  try {
    const frame = encode({ name: "admin", verb: question.verb, args: question.args ?? [] }, question.build);
    if (send(descriptor, frame) !== frame.length) return "silent";
    const answer = receiveFrame(descriptor, performance.now() + question.deadlineMs);
    if (answer === undefined) return "silent";
    const decoded = decode(answer);
    if ("problem" in decoded || decoded.message.name !== "answer") return "silent";
    return { value: JSON.parse(new TextDecoder().decode(decoded.message.json)) };
  } finally {
    close(descriptor);
  }
}

/** One whole frame, or undefined where the connection ends or `until` (of performance.now) passes before. */
export function receiveFrame(descriptor: number, until: number): Uint8Array | undefined {
  let into = new Uint8Array(16 << 10), filled = 0;
  const set = new PollSet();
  for (;;) {
    const left = Math.ceil(until - performance.now());
    if (left <= 0) return undefined;
    set.clear();
    set.add(descriptor, c.POLLIN);
    set.wait(left);
    const count = receive(descriptor, into.subarray(filled));
    if (count === -c.EAGAIN || count === -c.EINTR) continue;
    if (count <= 0) return undefined;
    filled += count;
    const size = frameSize(into.subarray(0, filled));
    if (size !== undefined && size > maxAnswerBytes) return undefined;
    if (size !== undefined && filled >= size) return into.slice(0, size);
    if (filled === into.length) {
      const larger = new Uint8Array(into.length * 2);
      larger.set(into);
      into = larger;
    }
  }
}
