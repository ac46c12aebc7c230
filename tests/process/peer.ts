/**
 * The decider's end of one conversation with the launcher, for tests.
 *
 * @module
 */
import { type AnyMessage, decode, encode, frameSize, type Message } from "../../lib/protocol/mod.ts";

/** The build that launchers under test say they are of. */
export const buildId = 0x1122334455667788n;

/** Hears and says whole messages, or bytes. What the launcher says must be sound. */
export class Peer {
  readonly heard: AnyMessage[] = [];
  #bytes = new Uint8Array();

  constructor(readonly connection: Deno.Conn) {}

  /** The next message, or undefined where the launcher has closed the connection. */
  async next(): Promise<AnyMessage | undefined> {
    const piece = new Uint8Array(1 << 16);
    for (;;) {
      const size = frameSize(this.#bytes);
      if (size !== undefined && this.#bytes.length >= size) return this.#cut(size);
      const count = await this.connection.read(piece).catch(() => null);
      if (count === null) return undefined;
      const joined = new Uint8Array(this.#bytes.length + count);
      joined.set(this.#bytes);
      joined.set(piece.subarray(0, count), this.#bytes.length);
      this.#bytes = joined;
    }
  }

  #cut(size: number): AnyMessage {
    const read = decode(this.#bytes.slice(0, size));
    this.#bytes = this.#bytes.slice(size);
    if ("problem" in read) throw new Error(`the launcher sent nonsense: ${read.problem}`);
    if (read.build !== buildId) throw new Error(`the launcher sent build ${read.build}`);
    this.heard.push(read.message);
    return read.message;
  }

  /** The next message, which must be of this kind. */
  async expect<N extends AnyMessage["name"]>(name: N): Promise<Message<N>> {
    const message = await this.next();
    if (message?.name !== name) throw new Error(`expected ${name}, heard ${message?.name ?? "the end"}`);
    return message as unknown as Message<N>;
  }

  async say(message: AnyMessage): Promise<void> {
    await this.raw(encode(message, buildId));
  }

  async raw(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.connection.write(bytes.subarray(at));
  }
}
