/**
 * Paths with what is known of each, which tell the names of their files to a set: whoever looks for a name that no path
 * has need not ask for any path.
 *
 * Always true: the set has the name of every path that was ever put in.
 *
 * @module
 */
export class NamedPaths<V> extends Map<string, V> {
  readonly #names: Set<string>;

  constructor(names: Set<string>) {
    super();
    this.#names = names;
  }

  override set(path: string, value: V): this {
    this.#names.add(path.slice(path.lastIndexOf("/") + 1));
    return super.set(path, value);
  }
}
