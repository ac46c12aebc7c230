/**
 * What a run left behind, as outputs of its result: which files, in which style, in which order.
 *
 * @module
 */
import type { Inputs } from "../inputs/mod.ts";
import { c } from "../os/mod.ts";
import { styles } from "../protocol/mod.ts";
import { factRule, type Observation, type Refused, type Written } from "../trace/mod.ts";

/** An output before its bytes are kept. */
export interface Product {
  path: string;
  style: number;
  /** Text of a symbolic link. */
  text: string;
  /** A regular file, whose bytes are to be staged. */
  staged: boolean;
  /** Of a folder: its permission bits. What it inherits from the folder above comes by itself. */
  mode?: number;
}

export interface ProductsOptions {
  inputs: Inputs;
  cwd: string;
  /** Folder of temporary files, as the run saw it. */
  temporaryFolder: string;
  argv: readonly string[];
  /** Plain files that were staged when the run ended; since then they may have been moved, or written over. */
  left?: ReadonlyMap<string, { mode: number }>;
}

/** The products of a run, side files first and the object (or what is linked) last, or why it cannot be kept. */
export function productsOf(found: Observation, options: ProductsOptions): Product[] | Refused {
  const products: Product[] = [];
  for (const [path, written] of found.written) {
    const product = productAt(path, written, options);
    if (product === undefined) continue;
    if ("refusal" in product) return product;
    products.push(product);
  }
  const main = mainOutput(options);
  const rank = ({ path, style }: Product) =>
    style === styles.folder ? 0 : path === main ? 3 : path.endsWith(".o") ? 2 : 1;
  return products.sort((a, b) => rank(a) - rank(b));
}

function productAt(path: string, written: Written, options: ProductsOptions): Product | Refused | undefined {
  const { inputs, cwd, temporaryFolder, argv, left } = options;
  if (factRule(path) !== undefined) return undefined;
  const state = left?.get(path) ?? inputs.linkState(path);
  if (typeof state === "number") {
    // Created and gone: temporary. Where nobody waits, it may be gone since.
    return left === undefined || written.gone ? undefined : { refusal: "pass_unforeseen", what: path };
  }
  const name = path.slice(path.lastIndexOf("/") + 1), folder = path.slice(0, path.length - name.length - 1);
  if (folder === temporaryFolder && folder !== cwd && !argv.some((word) => word.includes(name))) {
    return { refusal: "pass_leaves_temporary", what: path };
  }
  const type = state.mode & c.S_IFMT;
  if (type === c.S_IFDIR && written.style === "folder") {
    return { path, style: styles.folder, text: "", staged: false, mode: state.mode & 0o777 };
  }
  if (type === c.S_IFLNK && written.style === "link") {
    return { path, style: styles.link, text: written.text, staged: false };
  }
  if (type === c.S_IFREG) {
    return {
      path,
      style: styles[written.style === "folder" ? "unknown" : written.style],
      text: "",
      staged: true,
    };
  }
  // Written through a symbolic link: what is there now is reached by the same path. Where the link led to nothing,
  // the run did not show what the tool does to one that leads to a file: some replace the link then.
  const followed = inputs.state(path);
  if (type === c.S_IFLNK && typeof followed === "object" && (followed.mode & c.S_IFMT) === c.S_IFREG) {
    const style = written.style === "write_through" ? styles.write_through : styles.unknown;
    return { path, style, text: "", staged: true };
  }
  return { refusal: "pass_irregular_output", what: path };
}

/** The path that `-o` names, if any. */
export function mainOutput({ argv, cwd }: Pick<ProductsOptions, "argv" | "cwd">): string | undefined {
  const at = argv.indexOf("-o");
  const name = at >= 0
    ? argv[at + 1]
    : argv.find((word) => word.startsWith("-o") && word.length > 2)?.slice(2);
  if (name === undefined) return undefined;
  return name.startsWith("/") ? name : `${cwd}/${name}`;
}

/**
 * The mode to give an output before the asker's umask, from the mode it got under `umask`: the families 0666 and
 * 0777 are what the system calls asked for; another mode was set on purpose. Undefined where it holds bits that the umask
 * takes away, which can then not be given again.
 */
export function modeBeforeUmask(mode: number, umask: number): number | undefined {
  const bits = mode & 0o7777;
  for (const family of [0o666, 0o777]) if (bits === (family & ~umask)) return family;
  return (bits & umask) === 0 ? bits : undefined;
}
