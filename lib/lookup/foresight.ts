/**
 * Which outputs a compile will leave, known by earlier ones whose words differ in names alone: its launcher then stages
 * them without asking first.
 *
 * Always true: what is foreseen decides when outputs are staged, and nothing else. A run that left others is not stored,
 * and nothing more is foreseen of its like.
 *
 * @module
 */
import { absolute } from "../base/paths.ts";
import type { Job } from "./job.ts";
import type { Product } from "./outputs.ts";

/** More kinds of lines than a build has; beyond that all is learned anew. */
const mostKinds = 1_000;
/** Words that decide which files a compile leaves; those of headers and macros, which differ from line to line, do not. */
const counting = /^-(?![DIU])/;

/** What compiles have in common that leave outputs of the same kinds; undefined: which ones they leave is not known. */
function kindOf({ names, realTool }: Job): string | undefined {
  if (names === undefined || names.objects !== undefined) return undefined;
  const words = names.others.filter((word) => counting.test(word));
  return [realTool, names.list?.words ?? "", ...words].join("\0");
}

/** The paths that a line names: its object, and the list where it wants one. */
function namedBy({ names, ask: { cwd } }: Job): string[] {
  const { object, list } = names!;
  return [object, ...list === undefined ? [] : [list.path]].map((name) => absolute(name, cwd));
}

export class Foresight {
  readonly #kinds = new Set<string>();

  /** The outputs that a compile will leave; undefined: no run like it has shown that. */
  outputs(job: Job): string[] | undefined {
    const kind = kindOf(job);
    return kind !== undefined && this.#kinds.has(kind) ? namedBy(job) : undefined;
  }

  /** A compile has succeeded, and this is what it left. */
  learn(job: Job, products: readonly Product[]): void {
    const kind = kindOf(job);
    if (kind === undefined) return;
    const named = new Set(namedBy(job)), left = new Set(products.map(({ path }) => path));
    if (named.size === left.size && products.every(({ path, staged }) => staged && named.has(path))) {
      if (this.#kinds.size >= mostKinds) this.#kinds.clear();
      this.#kinds.add(kind);
    } else this.#kinds.delete(kind);
  }

  /** A compile left something else than was foreseen. */
  forget(job: Job): void {
    const kind = kindOf(job);
    if (kind !== undefined) this.#kinds.delete(kind);
  }
}
