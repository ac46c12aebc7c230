/**
 * What several plain runs of one line have in common, which is all that a cached run can be held to.
 *
 * Some tools write other bytes each time: stamps of coverage, seeds of link-time optimisation, names of temporary
 * files within dumps. Keeps true: what was equal in all plain runs is compared, so a line that is unsteady somewhere
 * is still checked everywhere else: names, kinds, modes, sizes, every steady byte, steady texts, the exit code.
 *
 * @module
 */
import type { Ran } from "./world.ts";
import type { Entry, Tree } from "./tree.ts";

/** How a plain run ended, and what the folder held then. */
export interface PlainRun {
  ran: Ran;
  tree: Tree;
}

/** Bytes about one that differs are taken for parts of the same number or text, which agree now and then by chance. */
const neighbours = 16;

/** By so much the length of drawn bytes may vary: link-time objects are compressed, and padded to 8. */
const paddingBytes = 32;

/** The parts of a text that a tool draws at random: gcc's `ccXXXXXX`, clang's `-0a1b2c3d.` and `.0a1b.json` names. */
export function withoutDrawn(text: string): string {
  return text.replace(/\bcc[A-Za-z0-9]{6}\b/g, "ccXXXXXX").replace(/-[0-9a-f]{6,8}\./g, "-XXXXXX.")
    .replace(/\.[0-9a-f]{4}\.json\b/g, ".XXXX.json");
}

/** Two trees in which only what is steady is left, and the paths that are not. */
export function onlySteady(
  plains: readonly PlainRun[],
  cached: Tree,
): { plain: Tree; cached: Tree; unsteady: string[]; names: string[] } {
  const left = { plain: new Map(plains[0].tree), cached: new Map(cached), unsteady: [] as string[] };
  const isCommon = (path: string) => plains.every(({ tree }) => tree.has(path));
  for (const [path, entry] of plains[0].tree) {
    const others = plains.map(({ tree }) => tree.get(path)).filter((other) => other !== undefined);
    if (!isCommon(path)) continue;
    const steady = blanked(others, cached.get(path));
    if (steady === undefined) continue;
    left.unsteady.push(path);
    left.plain.set(path, { ...entry, bytes: steady.plain });
    const delivered = cached.get(path);
    if (delivered !== undefined) left.cached.set(path, { ...delivered, bytes: steady.cached });
  }
  return { ...left, names: takeDrawnNames(plains, left) };
}

/** Takes names that no two plain runs share out of both trees: as many of each form must be there. */
function takeDrawnNames(plains: readonly PlainRun[], left: { plain: Tree; cached: Tree }): string[] {
  const known = new Set(
    [...plains[0].tree.keys()].filter((path) => plains.every(({ tree }) => tree.has(path))),
  );
  const drawn = (tree: Tree) => [...tree.keys()].filter((path) => !known.has(path));
  if (plains.every(({ tree }) => drawn(tree).length === 0)) return [];
  const forms = (tree: Tree) => drawn(tree).map(withoutDrawn).sort().join(" ");
  const [plain, cached] = [forms(left.plain), forms(left.cached)];
  for (const tree of [left.plain, left.cached]) for (const path of drawn(tree)) tree.delete(path);
  return plain === cached ? [] : [`drawn names "${plain}" when plain, "${cached}" when cached`];
}

/** The bytes to compare where the plain runs differ among themselves; undefined where they do not. */
function blanked(
  entries: readonly Entry[],
  cached: Entry | undefined,
): { plain?: Uint8Array; cached?: Uint8Array } | undefined {
  const [first, ...others] = entries.map(({ bytes }) => bytes);
  if (first === undefined || others.some((bytes) => bytes === undefined)) return undefined;
  if (others.some((bytes) => bytes?.length !== first.length)) return {};
  const plain = first.slice(), copy = cached?.bytes?.slice();
  let differs = false;
  const longer = Math.abs((copy?.length ?? first.length) - first.length);
  for (let i = 0; i < first.length; i++) {
    if (others.every((bytes) => bytes?.[i] === first[i])) continue;
    differs = true;
    for (const bytes of [plain, copy]) bytes?.fill(0, Math.max(0, i - neighbours), i + neighbours);
  }
  if (differs && (holdsSeed(first) || (longer > 0 && longer <= paddingBytes))) return {};
  return differs ? { plain, cached: copy } : undefined;
}

/** Whether debug information holds a seed that gcc drew: the order of its strings goes by their hashes, so by the seed. */
function holdsSeed(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(" -frandom-seed=0x");
}

/** How the texts and exit codes differ, a line each; a stream on which the plain runs disagree is not compared. */
export function compareRuns(plains: readonly Ran[], cached: Ran): string[] {
  const found: string[] = [], [plain] = plains;
  if (plains.every(({ code }) => code === plain.code) && plain.code !== cached.code) {
    found.push(`exit code ${plain.code} when plain, ${cached.code} when cached`);
  }
  for (const stream of ["stdout", "stderr"] as const) {
    const texts = plains.map((ran) => withoutDrawn(ran[stream])), text = withoutDrawn(cached[stream]);
    if (texts.some((other) => other !== texts[0]) || texts[0] === text) continue;
    found.push(`${stream} when plain:\n${texts[0]}${stream} when cached:\n${text}`);
  }
  return found;
}
