/**
 * Inputs that are held once, whatever number of units and shards name them: the units of a project share nearly all of
 * their headers, and an input takes some 400 bytes.
 *
 * Always true: a shared input owns its bytes, so that it keeps no shard in memory.
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
