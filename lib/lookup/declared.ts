/**
 * The declared way: an observation put together without a trace, from a compile's words, its dependency list and texts.
 *
 * It claims more than a trace would find, never less: each header by content; each name under which a header could
 * newly shadow another, in each folder that is searched, as absent; the whole environment; the driver's programs with
 * their libraries. Headers are those of a full list, or, without one, all that the texts could lead to (closure.ts); what
 * was to be written must have been. A source that may read what no list tells (time macros, .incbin, __has_include of a
 * computed name, precompiled headers) is not kept.
 *
 * @module
 */
import { byteString, sameBytes } from "../base/bytes.ts";
import { absolute, tidy } from "../base/paths.ts";
import {
  confess,
  type Confession,
  type Declared,
  declaredBy,
  dependenciesIn,
  type Told,
} from "../compilers/mod.ts";
import { c, type FileState, readSmall, signatureOf, statx } from "../os/mod.ts";
import { noObservation, type Observation, type Refused, standingInputs, type Style } from "../trace/mod.ts";
import type { Environment } from "./circumstances.ts";
import { type Before, beforeOf, closureOf, isSystems, largestText } from "./closure.ts";
import type { Toolchain } from "./toolchain.ts";

/** Variables that make a compiler search or write elsewhere than its words say. */
const unlisted =
  /^(?:CPATH|C(?:PLUS)?_INCLUDE_PATH|OBJC(?:PLUS)?_INCLUDE_PATH|DEPENDENCIES_OUTPUT|SUNPRO_DEPENDENCIES|GCC_EXEC_PREFIX|COMPILER_PATH|GCC_COMPARE_DEBUG|CCC_.*|CLANG_.*|CC_(?:PRINT|LOG)_.*|LD_PRELOAD|LD_AUDIT)$/;

/** A compile that is on its way. */
export interface Running {
  declared: Declared;
  cwd: string;
  environment: Environment;
  /** State of the outputs before the compile, by absolute path, the object last. */
  before: ReadonlyMap<string, Was>;
  /** Of their folders, where no list tells what is read. */
  folders?: Before;
}

/** Of a path before the compile: itself, and what it leads to. */
interface Was {
  itself: FileState | number;
  file: FileState | number;
}

/** Takes a compile up before it runs, or says which word or variable it cannot be trusted with. */
export function beginDeclared(
  argv: readonly string[],
  cwd: string,
  environment: Environment,
): Running | { word: string } {
  const declared = declaredBy(argv.slice(1));
  if ("word" in declared) return declared;
  const variable = [...environment.keys()].find((name) => unlisted.test(name));
  if (variable !== undefined) return { word: variable };
  const before = new Map<string, Was>();
  for (const written of outputsOf(declared)) {
    const path = absolute(written, cwd);
    before.set(path, { itself: statx(path, { follow: false }), file: statx(path) });
  }
  const folders = fullList(declared) === undefined ? beforeOf(before.keys()) : undefined;
  return { declared, cwd, environment, before, folders };
}

/** What a compile writes, the object last. */
function outputsOf({ list, sides, object }: Declared): string[] {
  return [...(list === undefined ? [] : [list.path]), ...sides, object];
}

/** The list that tells all that was read, if there is one that stays. */
function fullList({ list }: Declared): string | undefined {
  return list?.full && !list.path.startsWith("/dev/") ? list.path : undefined;
}

/** What the compile depended on and left, or why it cannot be kept. */
export function declaredObservation(
  running: Running,
  toolchain: Toolchain | undefined,
): Observation | Refused {
  const { environment, before, declared, cwd } = running;
  if (toolchain === undefined) {
    return { refusal: "pass_unmodelled", what: "the driver does not name its programs" };
  }
  const found: Observation = {
    ...noObservation(),
    variables: new Set(environment.keys()),
    wholeEnvironment: true,
  };
  const list = declared.list === undefined ? [] : listedIn(declared.list.path, cwd);
  if (list === undefined) {
    return { refusal: "pass_incomplete_trace", what: absolute(declared.list!.path, cwd) };
  }
  const texts = running.folders === undefined
    ? readListed(running, list, toolchain, found)
    : readAll(running, list, toolchain, found);
  if (texts !== undefined) return texts;
  for (const path of toolchain.files) found.files.set(tidy(path), { question: "content" });
  // Of two names of one folder, or of what is none, a compiler says so, or takes one.
  const searched = [...declared.folders.map((folder) => absolute(folder, cwd)), ...toolchain.searched];
  for (const path of [...standingInputs, ...searched]) {
    if (!found.files.has(path)) found.files.set(path, { question: "stat" });
  }
  for (const path of toolchain.listings) found.listings.add(path);
  for (const path of toolchain.absent) if (!exists(path)) found.absent.add(path);
  for (const [path, was] of before) {
    if (!wasWritten(path, was)) return { refusal: "pass_unmodelled", what: path };
    found.written.set(path, {
      style: styleOf(path, was),
      read: false,
      gone: false,
      exclusive: false,
      text: "",
    });
  }
  return found;
}

/** The files of a dependency list; none of what does not stay; undefined where it is none. */
function listedIn(list: string, cwd: string): string[] | undefined {
  if (list.startsWith("/dev/")) return [];
  const text = readSmall(absolute(list, cwd), largestText);
  return text && dependenciesIn(byteString(text));
}

/** Adds what a full list names, and what the texts of that say; why that is not enough. */
function readListed(
  { declared, cwd, before }: Running,
  listed: readonly string[],
  toolchain: Toolchain,
  found: Observation,
): Refused | undefined {
  const paths = listed.map((path) => absolute(path, cwd));
  for (const path of paths) found.files.set(path, { question: "content" });
  const told = textsOf(paths, toolchain);
  if ("refusal" in told) return told;
  const confession = confess([macrosOf(declared), ...told]), { refusal, what } = confession;
  if (refusal !== undefined) return { refusal, what };
  const searched = searchedBy(declared, listed, cwd, toolchain);
  for (const path of placesOf(spellings(declared, listed, confession), searched).map(tidy)) {
    const was = before.get(path);
    // Written by the run itself, where a header was looked for before that.
    if (typeof was?.itself === "object") return { refusal: "pass_overwrites_input", what: path };
    if (was !== undefined || !exists(path)) found.absent.add(path);
  }
  return refuseCompiled([...paths, ...placesOf([...declared.included, ...confession.mine], searched)], found);
}

/** Adds all that the texts could lead to; why that is not enough. */
function readAll(
  { declared, cwd, folders }: Running,
  listed: readonly string[],
  toolchain: Toolchain,
  found: Observation,
): Refused | undefined {
  const closure = closureOf(declared, cwd, toolchain, folders!);
  if ("refusal" in closure) return closure;
  const confession = confess([macrosOf(declared), ...closure.told]), { refusal, what } = confession;
  if (refusal !== undefined) return { refusal, what };
  const unknown = listed.map((path) => absolute(path, cwd)).find((path) => !closure.there.has(path));
  if (unknown !== undefined) return { refusal: "pass_unmodelled", what: unknown };
  for (const path of closure.there) found.files.set(path, { question: "content" });
  for (const path of closure.absent) found.absent.add(path);
  return refuseCompiled([absolute(declared.source, cwd), ...closure.own], found);
}

function macrosOf({ macros }: Declared): Told {
  return { path: "a macro on the command line", text: macros, system: false };
}

/** A precompiled header is taken instead of a header, if one stands where that is looked for. */
function refuseCompiled(headers: readonly string[], found: Observation): Refused | undefined {
  for (const path of headers.flatMap(precompiled)) {
    if (exists(path)) return { refusal: "pass_unmodelled", what: path };
    found.absent.add(tidy(path));
  }
  return undefined;
}

/** Whether an output is the run's own, so that its name was guessed well. A device is as it was. */
function wasWritten(path: string, { file: was }: Was): boolean {
  const now = statx(path);
  if (path.startsWith("/dev/") || typeof now === "number" || typeof was === "number") {
    return typeof now === "object";
  }
  return !sameBytes(signatureOf(now), signatureOf(was));
}

/** The texts that a list names. */
function textsOf(paths: readonly string[], toolchain: Toolchain): Told[] | Refused {
  const told: Told[] = [];
  for (const [i, path] of paths.entries()) {
    const bytes = readSmall(path, largestText);
    if (bytes === undefined) return { refusal: "pass_input_changed", what: path };
    // The first is the source itself, wherever it lies.
    told.push({ path, text: byteString(bytes), system: i > 0 && isSystems(path, toolchain) });
  }
  return told;
}

/** Every folder that a line, the compiler or another header's place lets it search. */
function searchedBy(
  { folders }: Declared,
  listed: readonly string[],
  cwd: string,
  { searched }: Toolchain,
): Set<string> {
  const places = listed.map((path) => absolute(path, cwd).replace(/\/[^/]*$/, "") || "/");
  return new Set([cwd, ...searched, ...folders.map((folder) => absolute(folder, cwd)), ...places]);
}

/**
 * Headers as they may be spelled. A list prints one as folder and spelling, so where no text has the spelling every tail
 * of its path may be it.
 */
function spellings(
  { included }: Declared,
  listed: readonly string[],
  { spelled, computed }: Confession,
): Set<string> {
  const all = new Set([...included, ...spelled]);
  for (const path of listed) {
    const names = path.split("/").filter((name) => name !== "");
    const tails = names.map((_, i) => names.slice(i).join("/"));
    if (computed !== undefined || !tails.some((tail) => spelled.has(tail))) {
      for (const tail of tails) all.add(tail);
    }
  }
  return all;
}

/** Each path at which a file would be taken for a header as it is spelled. */
function placesOf(spellings: Iterable<string>, searched: ReadonlySet<string>): string[] {
  return [...spellings].flatMap((spelling) =>
    spelling.startsWith("/") ? [spelling] : [...searched].map((folder) => `${folder}/${spelling}`)
  );
}

function precompiled(path: string): string[] {
  return [`${path}.gch`, `${path}.pch`];
}

function styleOf(path: string, { itself: before, file }: Was): Style {
  // Where a link led to nothing, it is not known what happens to one that leads to a file.
  if (typeof before === "number" || typeof file === "number") return "unknown";
  const now = statx(path, { follow: false }), type = before.mode & c.S_IFMT;
  const same = typeof now === "object" && now.dev === before.dev && now.ino === before.ino &&
    (now.mode & c.S_IFMT) === type;
  // The inode of a file that was removed may be given again at once; then how it was replaced is not known.
  return same ? before.nlink > 1 || type !== c.S_IFREG ? "write_through" : "unknown" : "replace";
}

function exists(path: string): boolean {
  return typeof statx(path, { follow: false }) === "object";
}
