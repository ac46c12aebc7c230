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

/** The first of the outputs (paths) of a run with these words that holds such a name, if clang may have made it. */
export function offloading(
  paths: readonly string[],
  { programs, words, compiles }: { programs: Iterable<string>; words: readonly string[]; compiles: boolean },
): string | undefined {
  if (![...programs].some((path) => path.slice(path.lastIndexOf("/")).includes("clang"))) return undefined;
  // A link alone gives on what its objects hold.
  if (!compiles && !words.some((word) => word.startsWith("-fopenmp") || word[0] === "@")) return undefined;
  return paths.find((path) => {
    const bytes = readSmall(path, longest);
    return bytes === undefined || Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(mark);
  });
}
