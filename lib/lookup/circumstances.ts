/**
 * What surrounds a run besides files: environment and terminal, as a request brings them.
 *
 * @module
 */
import { asciiIn, bytesOf } from "../base/bytes.ts";
import { ignoresVariable } from "../trace/mod.ts";
import { askFlags, type Message } from "../protocol/mod.ts";
import { absolute } from "../base/paths.ts";
import { c, statx } from "../os/mod.ts";
import { isNamesRow } from "./renamed.ts";
import { isTextsRow } from "./texts.ts";

export type Environment = ReadonlyMap<string, string>;

/** Those that were read last: a build has a few, which all of its compiles bring. */
const recent = new Map<string, Environment>();
const mostRecent = 16;

/** The variables of a block of NUL-terminated strings; of two with one name the first counts, as for getenv. */
export function environmentOf(block: string): Environment {
  const known = recent.get(block);
  if (known !== undefined) return known;
  if (recent.size >= mostRecent) recent.clear();
  const variables = readVariables(block);
  recent.set(block, variables);
  return variables;
}

function readVariables(block: string): Environment {
  const variables = new Map<string, string>();
  for (const entry of block.split("\0")) {
    const at = entry.indexOf("=");
    if (at > 0 && !variables.has(entry.slice(0, at))) variables.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return variables;
}

/**
 * The variables that a run depended on, with their values, in order of their names.
 *
 * @param whole Every variable counts but the ignored ones. That one which was unset then and is set now
 *   counts too is told by `wholeMark`.
 */
export function variablesAsked(
  environment: Environment,
  asked: ReadonlySet<string>,
  whole: boolean,
): [string, string | null][] {
  const names = new Set([...asked].filter((name) => !ignoresVariable(name)));
  if (whole) { for (const name of environment.keys()) if (!ignoresVariable(name)) names.add(name); }
  const rows: [string, string | null][] = [...names].sort().map((
    name,
  ) => [name, environment.get(name) ?? null]);
  if (whole) rows.push([wholeMark, countVariables(environment)]);
  return rows;
}

/** Folders for temporary files, in the order in which compilers ask. */
const temporaryVariables = ["TMPDIR", "TMP", "TEMP", "TEMPDIR"];

/** The folder for temporary files, as rows of a result that names files there. */
export function temporaryRows(environment: Environment): [string, string | null][] {
  return temporaryVariables.map((name) => [name, environment.get(name) ?? null]);
}

/** Names that gcc and clang draw for temporary files. */
const drawnName = /^(?:cc\w{6}|[^\s\/]*-[0-9a-f]{6,8}\b)/;

/** Whether a text names a file that a compiler may have made in the folder for temporary files. */
export function namesTemporary(bytes: Uint8Array, environment: Environment): boolean {
  const set = temporaryVariables.map((name) => environment.get(name)?.replace(/\/+$/, ""));
  const text = asciiIn(bytes);
  return [...set, "/tmp", "/var/tmp"].some((name) => {
    if (!name) return false;
    const folder = `${asciiIn(bytesOf(name))}/`; // read as the text is
    for (let at = text.indexOf(folder); at >= 0; at = text.indexOf(folder, at + 1)) {
      const start = at + folder.length;
      if (drawnName.test(text.slice(start, start + longestName))) return true;
    }
    return false;
  });
}
const longestName = 255;

/** Names that no variable can have. How many variables count in all: */
const wholeMark = "=";
/** PATH by what it resolves: names sought, and where they were found (search_path.ts); `path` is its text then. */
const pathMarks = { text: "=PATH", names: "=PATH names", found: "=PATH found" } as const;
/** Where a program gave an output a mode of its own choice, the umask; where a script may ask for it, the processor. */
const umaskMark = "=umask", cpuMark = "=cpu";
/** What a script may read beside standard input: it was not there. */
const descriptorsMark = "=descriptors";
/** A variable names a folder for temporary files that is none: some tools fail then, others take another one. */
const temporaryMark = "=no temporary folder";
/** Folders in which a failed run made files, which are gone: another may fail to, and say so. */
const writtenMark = "=written in";
/** The tool's path as typed, where files were found by it. */
const toolMark = "=tool";
/** argv[0] as typed, where it may have been said or used. */
const calledMark = "=called";

/** Where the shell says that we are (PWD), as far as compilers use it: as a name of the working folder. */
const pwdMark = "=PWD";
/** PWD leads elsewhere, or here by a name of its own. */
export const anotherFolder = "another";

/** What PWD is for a compiler in `cwd`, which has no link on its way: null unset, "." that very name, ".." a folder above. */
export function placeOfPwd(value: string | null, cwd: string): string | null {
  if (value === null) return null;
  if (value === cwd) return ".";
  return value.startsWith("/") && cwd.startsWith(value.endsWith("/") ? value : value + "/")
    ? ".."
    : anotherFolder;
}

/** The rows with PWD by what it is, for a result that holds in other folders. */
export function withPlace(rows: readonly [string, string | null][], cwd: string): [string, string | null][] {
  return rows.map((row): [string, string | null] =>
    row[0] === "PWD" ? [pwdMark, placeOfPwd(row[1], cwd)] : row
  );
}

/** The rows of a run that looked for `names` in PATH. */
export function withPrograms(
  rows: readonly [string, string | null][],
  names: readonly string[],
  found: (path: string | null) => string,
): [string, string | null][] {
  const path = rows.find(([name]) => name === "PATH");
  if (path === undefined) return [...rows];
  const others = rows.filter((row) => row !== path);
  return [
    ...others,
    [pathMarks.text, path[1]],
    [pathMarks.names, names.join("\0")],
    [pathMarks.found, found(path[1])],
  ];
}

/** Rows of what a run may have used besides variables. */
export function factRows(
  { called, tool, umask, cpu, descriptors, lacksTemporary, writtenIn = [] }: {
    lacksTemporary: boolean;
    /** With the working folder as a slot. */
    writtenIn?: readonly string[];
    called?: string;
    tool?: string;
    umask?: number;
    cpu?: string;
    descriptors?: boolean;
  },
): [string, string | null][] {
  const rows: [string, string | null][] = [];
  if (called !== undefined) rows.push([calledMark, called]);
  if (tool !== undefined) rows.push([toolMark, tool]);
  if (umask !== undefined) rows.push([umaskMark, umask.toString(8)]);
  if (cpu !== undefined) rows.push([cpuMark, cpu]);
  if (descriptors !== undefined) rows.push([descriptorsMark, String(descriptors)]);
  if (lacksTemporary) rows.push([temporaryMark, ""]);
  if (writtenIn.length > 0) rows.push([writtenMark, writtenIn.join("\0")]);
  return rows;
}

/** Whether a variable names a folder for temporary files that is none. */
export function lacksTemporaryFolder(environment: Environment, cwd: string): boolean {
  return temporaryVariables.some((name) => {
    const value = environment.get(name);
    if (!value) return false;
    const state = statx(absolute(value, cwd));
    return typeof state === "number" || (state.mode & c.S_IFMT) !== c.S_IFDIR;
  });
}

/** Whoever asks whether a candidate serves. */
export interface Asker {
  environment: Environment;
  cwd: string;
  /** argv[0] as typed. */
  called: string;
  tool: string;
  umask: number;
  lacksTemporary: boolean;
  cpu(): string;
  /** Whether the tool would inherit a readable descriptor above 2. */
  descriptors(): boolean;
  /** Where `names` are found with this PATH. */
  found(path: string | null, names: readonly string[]): string;
  /** Whether files can be made in each of the folders, whose paths may hold a slot. */
  takesFiles(folders: readonly string[]): boolean;
}

function countVariables(environment: Environment): string {
  let count = 0;
  for (const name of environment.keys()) if (!ignoresVariable(name)) count++;
  return String(count);
}

/** Whether an asker's circumstances agree with what a candidate recorded; "this time": by what nobody watches. */
export function environmentHolds(
  rows: readonly (readonly [string, string | null])[],
  asker: Asker,
): boolean | "this time" {
  const { environment } = asker, path = environment.get("PATH") ?? null;
  let elsewhere = false, unwatched = false, lacksTemporary = false, names: string[] = [];
  for (const [name, value] of rows) {
    if (name === pathMarks.text) elsewhere = value !== path;
    else if (isNamesRow(name) || isTextsRow(name)) continue;
    else if (name === temporaryMark) lacksTemporary = true;
    else if (name === writtenMark) {
      if (!asker.takesFiles(value!.split("\0"))) return false;
      unwatched = true;
    } else if (name === pathMarks.names) names = value ? value.split("\0") : [];
    else if (name === pathMarks.found) {
      if (elsewhere && asker.found(path, names) !== value) return false;
    } else if (valueOf(name, asker) !== value) return false;
    else unwatched ||= name === descriptorsMark;
  }
  if (lacksTemporary !== asker.lacksTemporary) return false;
  return elsewhere || unwatched ? "this time" : true;
}

function valueOf(
  name: string,
  { environment, cwd, called, tool, umask, cpu, descriptors }: Asker,
): string | null {
  switch (name) {
    case wholeMark:
      return countVariables(environment);
    case calledMark:
      return called;
    case toolMark:
      return tool;
    case pwdMark:
      return placeOfPwd(environment.get("PWD") ?? null, cwd);
    case umaskMark:
      return umask.toString(8);
    case cpuMark:
      return cpu();
    case descriptorsMark:
      return String(descriptors());
    default:
      return environment.get(name) ?? null;
  }
}

/**
 * Facts of the terminal on which text depends (decisions.md 15): which of 0 to 2 are terminals, the width, TERM,
 * COLUMNS, and whether 1 and 2 are one file.
 */
export function terminalOf(ask: Message<"ask">, environment: Environment): string {
  const ttys = ask.flags & (askFlags.tty0 | askFlags.tty1 | askFlags.tty2);
  const window = ttys === 0 ? 0 : ask.window;
  const one = ask.flags & askFlags.one_output ? 1 : 0;
  return [ttys, window, one, environment.get("TERM") ?? "", environment.get("COLUMNS") ?? ""].join("\0");
}
