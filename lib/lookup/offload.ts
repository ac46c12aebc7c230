/**
 * Objects that hold what no statement tells: clang names each function that may run on another device by device and inode
 * of its source. A copy of the source, or the same put there anew, gives another object.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { readSmall } from "../os/mod.ts";

const mark = "__omp_offloading_";
/** An output beyond this is taken to hold the mark. */
const longest = 256 << 20;

/** Whether an output of a run of these programs with these words may hold such a name. */
export function mayOffload(
  programs: readonly string[],
  { words, compiles }: { words: readonly string[]; compiles: boolean },
): boolean {
  if (!programs.some((path) => path.slice(path.lastIndexOf("/")).includes("clang"))) return false;
  // A link alone gives on what its objects hold.
  return compiles || words.some((word) => word.startsWith("-fopenmp") || word[0] === "@");
}

/** Whether a file holds such a name, as far as can be told. */
export function offloads(path: string): boolean {
  const bytes = readSmall(path, longest);
  return bytes === undefined || Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(mark);
}
