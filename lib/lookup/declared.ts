/**
 * The declared way: an observation put together without a trace, from a compile's words and its dependency list.
 *
 * It claims more than a trace would find, never less: each header by content; each name under which a header could
 * newly shadow another, in each folder that is searched, as absent; the whole environment; the driver's programs with
 * their libraries. A source that may read what no list tells (soundness.md 3: time macros, .incbin, __has_include of a
 * computed name, precompiled headers) is not kept.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { absolute, tidy } from "../base/paths.ts";
import {
  confess,
  type Confession,
  type Declared,
  declaredBy,
  dependenciesIn,
  type Told,
} from "../compilers/mod.ts";
import { c, type FileState, readSmall, statx } from "../os/mod.ts";
import { noObservation, type Observation, type Refused, standingInputs, type Style } from "../trace/mod.ts";
import type { Environment } from "./circumstances.ts";
import type { Toolchain } from "./toolchain.ts";

/** Variables that make a compiler search or write elsewhere than its words say. */
const unlisted =
  /^(?:CPATH|C(?:PLUS)?_INCLUDE_PATH|OBJC(?:PLUS)?_INCLUDE_PATH|DEPENDENCIES_OUTPUT|SUNPRO_DEPENDENCIES|GCC_EXEC_PREFIX|COMPILER_PATH|GCC_COMPARE_DEBUG|CCC_.*|CLANG_.*|CC_PRINT_.*|LD_PRELOAD|LD_AUDIT)$/;
/** A source of more than this is no hand-written one, and is compiled without us. */
const largestSource = 64 << 20;

/** A compile that is on its way. */
export interface Running {
  declared: Declared;
  cwd: string;
  environment: Environment;
  /** State of the outputs before the compile, by absolute path, the object last. */
  before: ReadonlyMap<string, FileState | number>;
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
  const before = new Map<string, FileState | number>();
  for (const path of [declared.depfile, declared.object]) {
    before.set(absolute(path, cwd), statx(absolute(path, cwd), { follow: false }));
  }
  return { declared, cwd, environment, before };
}

/** What the compile depended on and left, or why it cannot be kept. */
export function declaredObservation(
  { declared, cwd, environment, before }: Running,
  toolchain: Toolchain | undefined,
): Observation | Refused {
  if (toolchain === undefined) {
    return { refusal: "pass_unmodelled", what: "the driver does not name its programs" };
  }
  const list = absolute(declared.depfile, cwd), text = readSmall(list, largestSource);
  const listed = text && dependenciesIn(byteString(text));
  if (listed === undefined) return { refusal: "pass_incomplete_trace", what: list };
  const found: Observation = {
    ...noObservation(),
    variables: new Set(environment.keys()),
    wholeEnvironment: true,
  };
  for (const path of [...toolchain.files, ...listed.map((path) => absolute(path, cwd))]) {
    found.files.set(tidy(path), { question: "content" });
  }
  for (const path of standingInputs) found.files.set(path, { question: "stat" });
  for (const path of toolchain.listings) found.listings.add(path);
  const told = textsOf(listed, cwd, toolchain, declared.macros);
  if ("refusal" in told) return told;
  const confession = confess(told), { refusal, what } = confession;
  if (refusal !== undefined) return { refusal, what };
  const searched = searchedBy(declared, listed, cwd, toolchain);
  for (const path of placesOf(spellings(declared, listed, confession), searched)) {
    if (!exists(path)) found.absent.add(tidy(path));
  }
  // Taken instead of a header, if one stands where that is looked for.
  const headers = placesOf([...declared.included, ...confession.mine], searched);
  for (const path of [...listed.map((path) => absolute(path, cwd)), ...headers].flatMap(precompiled)) {
    if (exists(path)) return { refusal: "pass_unmodelled", what: path };
    found.absent.add(tidy(path));
  }
  for (const path of toolchain.absent) if (!exists(path)) found.absent.add(path);
  for (const [path, state] of before) {
    found.written.set(path, {
      style: styleOf(path, state),
      read: false,
      gone: false,
      exclusive: false,
      text: "",
    });
  }
  return found;
}

/** The texts of a compile, one of them its macros as the line gives them. */
function textsOf(
  listed: readonly string[],
  cwd: string,
  { searched }: Toolchain,
  macros: string,
): Told[] | Refused {
  const told: Told[] = [{ path: "a macro on the command line", text: macros, system: false }];
  for (const [i, path] of listed.entries()) {
    const file = absolute(path, cwd), bytes = readSmall(file, largestSource);
    if (bytes === undefined) return { refusal: "pass_input_changed", what: file };
    // The first is the source itself, wherever it lies.
    const system = i > 0 &&
      [...searched].some((folder) => file.startsWith(folder + "/") && !file.includes("/../", folder.length));
    told.push({ path: file, text: byteString(bytes), system });
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
    if (computed || !tails.some((tail) => spelled.has(tail))) { for (const tail of tails) all.add(tail); }
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

function styleOf(path: string, before: FileState | number): Style {
  if (typeof before === "number") return "unknown";
  const now = statx(path, { follow: false });
  const same = typeof now === "object" && now.dev === before.dev && now.ino === before.ino;
  // The inode of a file that was removed may be given again at once; then how it was replaced is not known.
  return same
    ? before.nlink > 1 || (before.mode & c.S_IFMT) !== c.S_IFREG ? "write_through" : "unknown"
    : "replace";
}

function exists(path: string): boolean {
  return typeof statx(path, { follow: false }) === "object";
}
