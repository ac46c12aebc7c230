/**
 * Becoming the tool that was to be wrapped, without any cache: the way out of every trouble.
 *
 * Where the launcher is there, it does this better (it cleans PATH and mends signals); this is for when it is not.
 * PATH is walked as execvp does, over bytes, but past anything that would come back to us: this executable and
 * launchers, which carry a note.
 *
 * @module
 */
import { byteString, shown } from "../base/bytes.ts";
import { become, c, readHead, statx, variable } from "../os/mod.ts";

/** What execvp searches where PATH is unset. */
const defaultPath = "/bin:/usr/bin";
/** The ELF note by which launchers are known: size of owner, of text, type, owner (lib/native/tool.h). */
const launcherNote = "\x08\0\0\0\0\0\0\0\x01\0\0\0zccache\0";
/** More than a launcher is long; an engine may lie behind it. */
const launcherBytes = 2 << 20;
const enoexec = 8;

/** Why a tool could not be run, as exit status and line for people (decisions.md 2). */
export interface NotRun {
  status: 126 | 127;
  line: string;
}

/** Becomes `argv[0]` (byte strings). Returns only where that failed. */
export function becomeTool(argv: readonly string[]): NotRun {
  const name = argv[0];
  let problem: number = c.ENOENT;
  for (const path of candidates(name)) {
    if (isOurs(path)) continue;
    const found = attempt(path, argv);
    if (found === c.ENOENT || found === c.ENOTDIR) continue;
    problem = found;
    if (found !== c.EACCES) break;
  }
  return notRun(name, problem);
}

/** The file that `name` means on `path` (byte strings); or why there is none. */
export function findTool(name: string, path: string): string | NotRun {
  let problem: number = c.ENOENT;
  for (const candidate of candidates(name, path)) {
    const state = statx(candidate);
    if (typeof state === "number") continue;
    if ((state.mode & c.S_IFMT) === c.S_IFREG && (state.mode & 0o111) !== 0) return candidate;
    problem = c.EACCES;
  }
  return notRun(name, problem);
}

function candidates(name: string, path = variable("PATH") ?? defaultPath): string[] {
  if (name.includes("/")) return [name];
  if (name === "") return [];
  return path.split(":").map((folder) => folder === "" ? `./${name}` : `${folder}/${name}`);
}

/** The errno of becoming `path`; a text file without "#!" is run by the shell, as execvp does. */
function attempt(path: string, argv: readonly string[]): number {
  const state = statx(path);
  if (typeof state === "number") return state;
  if ((state.mode & c.S_IFMT) !== c.S_IFREG) return c.EACCES;
  const problem = become(path, argv);
  return problem === enoexec ? become("/bin/sh", ["/bin/sh", path, ...argv.slice(1)]) : problem;
}

function isOurs(path: string): boolean {
  const state = statx(path), own = Deno.build.standalone ? statx("/proc/self/exe") : c.ENOENT;
  if (typeof state === "number") return false;
  if (typeof own !== "number" && own.dev === state.dev && own.ino === state.ino) return true;
  const bytes = readHead(path, launcherBytes);
  return bytes !== undefined && byteString(bytes).includes(launcherNote);
}

/** The line and status for a tool that could not be run for `errno`. */
export function notRun(name: string, errno: number): NotRun {
  const status = errno === c.ENOENT || errno === c.ENOTDIR ? 127 : 126;
  const missing = name.includes("/") ? "no such file" : "not found on PATH";
  const found = status === 127 ? missing : "not executable";
  return { status, line: `zccache: Cannot run ${JSON.stringify(shown(name))}: ${found}` };
}
