/**
 * Files whose times reach a result, beside what they hold: those of precompiled headers.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { isTimeless } from "../compilers/mod.ts";
import { readHead } from "../os/mod.ts";
import type { Observation } from "../trace/mod.ts";

/**
 * Precompiled headers and modules of clang hold size and mtime of their headers, and clang compares them on use
 * (soundness.md 3); gcc's hold size and content.
 */
const holdTimes = [".pch", ".pcm", ".gch"],
  holdTimesOfGcc = [".pch", ".pcm"],
  gcc = /\/cc1(?:plus|obj|objplus)?$/;

/** Whether clang's precompiled header lies there, whatever it is called. */
function isOfClang(path: string): boolean {
  const head = readHead(path, clangMagic.length);
  return head !== undefined && byteString(head) === clangMagic;
}
const clangMagic = "CPCH";

/** Modules are held to times by rules of their own. */
const module = /\.pcm$/;
/** The list of headers ends before. */
const listBytes = 1 << 20;

/** Whether it was made with -fno-pch-timestamp. */
function holdsNone(path: string): boolean {
  if (module.test(path)) return false;
  const head = readHead(path, listBytes);
  return head !== undefined && isTimeless(head);
}

/**
 * Of which files a run's result may hold, or compare, the time. A precompiled header that is read alone is held to
 * the times of its headers, but to its own only by another that is made of it.
 */
export function timesThatCount(
  found: Observation,
  made: readonly string[],
  named: readonly string[],
): (path: string) => boolean {
  const endings = [...found.programs].some((path) => gcc.test(path)) ? holdTimesOfGcc : holdTimes;
  const holds = (path: string) => endings.some((ending) => path.endsWith(ending));
  const isOne = (path: string) => holds(path) || isOfClang(path);
  const read = [
    ...new Set([
      ...[...found.files.keys()].filter(holds),
      ...named.filter((path) => found.files.has(path) && isOne(path)),
    ]),
  ].filter((path) => !holdsNone(path));
  const makes = made.some((path) => isOne(path) && !holdsNone(path));
  if (read.length === 0 && !makes) return () => false;
  const alone = read.length === 1 && !makes ? read[0] : undefined;
  return (path) => path !== alone;
}
