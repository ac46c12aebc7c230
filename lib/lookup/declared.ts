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
import { confess, type Declared, declaredBy, dependenciesIn } from "../compilers/mod.ts";
import { c, type FileState, readSmall, statx } from "../os/mod.ts";
import { type Observation, type Refused, type Style } from "../trace/mod.ts";
import type { Environment } from "./circumstances.ts";
import type { Toolchain } from "./toolchain.ts";

/** Variables that make a compiler search or write elsewhere than its words say. */
const unlisted =
  /^(?:CPATH|C(?:PLUS)?_INCLUDE_PATH|OBJC(?:PLUS)?_INCLUDE_PATH|DEPENDENCIES_OUTPUT|SUNPRO_DEPENDENCIES|GCC_EXEC_PREFIX|COMPILER_PATH|GCC_COMPARE_DEBUG|CCC_.*|CLANG_.*|CC_PRINT_.*|LD_PRELOAD|LD_AUDIT)$/;
/** Searched by every compiler on top of what a line names. */
const systemFolders = ["/usr/local/include", "/usr/include"];
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
    files: new Map(),
    absent: new Set(),
    listings: new Set(),
    linkTexts: new Map(),
    physical: new Map(),
    refused: new Map(),
    written: new Map(),
    variables: new Set(environment.keys()),
    wholeEnvironment: true,
    full: new Set(),
    scripts: new Set(),
    givesModes: false,
    programs: new Set(),
  };
  for (const path of [...toolchain.files, ...listed.map((path) => absolute(path, cwd))]) {
    found.files.set(tidy(path), { question: "content" });
  }
  const asked = askedFor(listed, cwd);
  if ("refusal" in asked) return asked;
  for (const path of shadows(declared, [...listed, ...asked.names], cwd)) {
    if (!exists(path)) found.absent.add(tidy(path));
  }
  for (const path of listed.flatMap(precompiled)) {
    if (exists(absolute(path, cwd))) return { refusal: "pass_unmodelled", what: path };
    found.absent.add(absolute(path, cwd));
  }
  for (const path of toolchain.absent) if (!exists(path)) found.absent.add(tidy(path));
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

/** Names that the sources ask `__has_include` for, or why a source cannot be trusted. */
function askedFor(listed: readonly string[], cwd: string): { names: string[] } | Refused {
  const names: string[] = [];
  for (const path of listed) {
    const file = absolute(path, cwd), bytes = readSmall(file, largestSource);
    if (bytes === undefined) return { refusal: "pass_input_changed", what: file };
    const said = confess(byteString(bytes), !file.startsWith("/usr/"));
    if (said.refusal !== undefined) return { refusal: said.refusal, what: file };
    names.push(...said.asked);
  }
  return { names };
}

/**
 * Each path at which a file would be taken instead of a listed one. A list prints a header as folder and spelling, so
 * every tail of its path may be the spelling; it is looked for in every folder that a line, the system or another
 * header's place lets the compiler search.
 */
function shadows({ folders, included }: Declared, listed: readonly string[], cwd: string): Set<string> {
  const searched = new Set([cwd, ...systemFolders, ...folders.map((folder) => absolute(folder, cwd))]);
  const spellings = new Set(included);
  for (const path of listed) {
    searched.add(absolute(path, cwd).replace(/\/[^/]*$/, "") || "/");
    const names = path.split("/").filter((name) => name !== "");
    for (let i = names.length - 1; i >= 0; i--) spellings.add(names.slice(i).join("/"));
  }
  const paths = new Set<string>();
  for (const folder of searched) for (const spelling of spellings) paths.add(`${folder}/${spelling}`);
  return paths;
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
