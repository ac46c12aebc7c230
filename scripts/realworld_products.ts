/**
 * Every file that a build left, by mode and digest, and how two builds differ in them.
 *
 * @module
 */

/** Path, from the build's folder on, to "mode digest". */
export type Products = Map<string, string>;

/** Every file below a folder; `spared` are left out. */
export function takeProducts(folder: string, spared?: RegExp): Products {
  const script =
    "find . -type f -printf '%m %p\\n' | sort -k2 >../modes; find . -type f -print0 | sort -z | xargs -0 sha256sum";
  const { success, stdout } = new Deno.Command("sh", { args: ["-c", script], cwd: folder }).outputSync();
  if (!success) throw new Error(`Cannot read the files in ${folder}`);
  const modes = new Map<string, string>();
  for (const line of Deno.readTextFileSync(`${folder}/../modes`).trim().split("\n")) {
    modes.set(line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" ")));
  }
  const products: Products = new Map();
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    const path = line.slice(66);
    if (!spared?.test(path)) products.set(path, `${modes.get(path)} ${line.slice(0, 64)}`);
  }
  return products;
}

/** One sentence for each file that differs. */
export function compareProducts(plain: Products, cached: Products): string[] {
  const faults: string[] = [];
  for (const [path, state] of plain) {
    const found = cached.get(path);
    if (found === undefined) faults.push(`${path} is missing`);
    else if (found !== state) faults.push(`${path} is ${found}, plain ${state}`);
  }
  for (const path of cached.keys()) if (!plain.has(path)) faults.push(`${path} is there only with the cache`);
  return faults;
}

/** One sentence for each line that only one of the two said; order does not count. */
export function compareLines(what: string, plain: string[], cached: string[]): string[] {
  const more = (of: string[], than: string[]) => {
    const left = new Map<string, number>();
    for (const line of than) left.set(line, (left.get(line) ?? 0) + 1);
    return of.filter((line) => {
      const count = left.get(line) ?? 0;
      left.set(line, count - 1);
      return count <= 0;
    });
  };
  return [
    ...more(plain, cached).map((line) => `${what} lacks: ${line}`),
    ...more(cached, plain).map((line) => `${what} has more: ${line}`),
  ];
}
