/**
 * Inputs that are held once, whatever number of units and shards name them: the units of a project share nearly all of
 * their headers, and an input takes some 400 bytes.
 *
 * Always true: a shared input owns its bytes, so that it keeps no shard in memory; and no input changes.
 *
 * @module
 */
import { sameBytes } from "../base/bytes.ts";
import type { Input } from "./unit.ts";

/** Beyond this it begins anew: then older inputs are held twice, and nothing is wrong. */
const mostInputs = 1 << 18;

export class SharedInputs {
  #byPath = new Map<string, Input[]>();
  #count = 0;
  /** Of objects that come again and again. */
  readonly #lasting = new WeakMap<Input, Input>();

  /** The same for an object that is asked for often: one compile after another states the same of the same headers. */
  shareLasting(input: Input): Input {
    let own = this.#lasting.get(input);
    if (own === undefined) this.#lasting.set(input, own = this.share(input));
    return own;
  }

  /** An input equal to this one. */
  share(input: Input): Input {
    const known = this.#byPath.get(input.path);
    const same = known?.find(({ kind, value, signature }) =>
      kind === input.kind && sameBytes(value, input.value) && sameBytes(signature, input.signature)
    );
    if (same !== undefined) return same;
    const own = { ...input, value: input.value.slice(), signature: input.signature.slice() };
    if (++this.#count > mostInputs) this.#byPath = new Map(), this.#count = 1;
    if (known === undefined || this.#count === 1) this.#byPath.set(input.path, [own]);
    else known.push(own);
    return own;
  }
}
