/**
 * Things that share a key: those that stand alone cost one entry, and no list.
 *
 * @module
 */

/** Things that share their key with others. */
export class Groups<T> {
  readonly #first = new Map<string, T>();
  readonly #groups = new Map<string, T[]>();

  add(key: string, thing: T): void {
    const first = this.#first.get(key);
    if (first === undefined) return void this.#first.set(key, thing);
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, [first, thing]);
    else group.push(thing);
  }

  /** By key. */
  groups(): Iterable<[string, T[]]> {
    return this.#groups;
  }
}
