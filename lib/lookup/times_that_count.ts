/**
 * Files whose times reach a result, beside what they hold: those of precompiled headers.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { isClang, timelessInputs } from "../compilers/mod.ts";
import { readHead } from "../os/mod.ts";
import { type Observation, programName } from "../trace/mod.ts";

/**
 * Precompiled headers and modules of clang hold size and mtime of their headers, and clang compares them on use
 * (soundness.md 3); gcc's hold size and content.
 */
const holdTimes = [".pch", ".pcm", ".gch"],
  holdTimesOfGcc = [".pch", ".pcm"],
  endingLength = 4,
  dot = 0x2e,
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

/** What it was made of, where that was with -fno-pch-timestamp. */
function inputsWithoutTimes(path: string): string[] | undefined {
  const head = module.test(path) ? undefined : readHead(path, listBytes);
  return head && timelessInputs(head);
}

/** What a run has to do with times of files that it read, or merely looked at. */
export interface Times {
  /** Whether size and mtime of what was read count, too; undefined: of nothing. */
  withTimes?(path: string): boolean;
  /** Whether of what was merely looked at the content counts: it was compared with a list without times. */
  byContent(path: string): boolean;
}

/**
 * Of which files a run's result may hold, or compare, the time. A precompiled header that is read alone is held to
 * the times of its headers, but to its own only by another that is made of it.
 */
export function timesThatCount(
  found: Observation,
  made: readonly string[],
  named: readonly string[],
): Times {
  const programs = [...found.programs], isOfGcc = programs.some((path) => gcc.test(path));
  const endings = isOfGcc ? holdTimesOfGcc : holdTimes;
  // Nobody else reads one of clang's. Where programs are not watched, none is known.
  const mayBeClang = !isOfGcc || isClang(programs.map(programName));
  // Thousands of files are asked for this while a launcher waits; nearly none has its dot there.
  const holds = (path: string) =>
    path.charCodeAt(path.length - endingLength) === dot && endings.includes(path.slice(-endingLength));
  const isOne = (path: string) => holds(path) || (mayBeClang && isOfClang(path));
  const all = new Set(named.filter((path) => found.files.has(path) && isOne(path)));
  for (const path of found.files.keys()) if (holds(path)) all.add(path);
  const read = [...all];
  const lists = read.map((path) => inputsWithoutTimes(path));
  const timed = read.filter((_path, i) => lists[i] === undefined);
  const makes = made.some((path) => isOne(path) && inputsWithoutTimes(path) === undefined);
  if (timed.length === 0 && !makes) {
    const listed = new Set(lists.flatMap((list) => list ?? []));
    return { byContent: (path) => listed.has(path) };
  }
  const alone = timed.length === 1 && !makes ? timed[0] : undefined;
  return { withTimes: (path) => path !== alone, byContent: () => false };
}
