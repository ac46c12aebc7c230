/**
 * Names under which the launcher stands for compilers: which there are on PATH, and a folder of links.
 *
 * @module
 */
import { sameBytes } from "../base/bytes.ts";
import { hex, sha256 } from "../base/digest.ts";
import { knownTool } from "../compilers/mod.ts";

/** Kinds of tools that a build calls by name. Assemblers and linkers are found by compilers, as a part of their run. */
const calledByName: ReadonlySet<ReturnType<typeof knownTool>> = new Set(["driver", "archive", "other"]);

/** Names of compilers, archivers, strip and objcopy in the folders of `path`, in order of the alphabet. Ordinary text. */
export function compilersOn(path: string): string[] {
  const found = new Set<string>();
  for (const folder of path.split(":")) {
    for (const name of namesIn(folder || ".")) {
      if (calledByName.has(knownTool(name)) && isExecutable(`${folder}/${name}`)) found.add(name);
    }
  }
  return [...found].sort();
}

/** Makes `folder` hold a link to `target` for each name, and no link of an earlier time. */
export function linkAll(folder: string, names: readonly string[], target: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const name of linksIn(folder)) if (!names.includes(name)) Deno.removeSync(`${folder}/${name}`);
  for (const name of names) {
    const made = `${folder}/.${name}.${Deno.pid}`;
    Deno.symlinkSync(target, made);
    Deno.renameSync(made, `${folder}/${name}`);
  }
}

/**
 * Makes a folder of links below `base` that stays as it is, each set of names in one of its own. They lead to a copy
 * of the launcher beside them. CMake writes the path of the compiler that it found into its own cache; a link that is
 * gone after a reboot or a run with another PATH, or leads to what is gone, would break that build.
 *
 * @returns the folder
 * @throws where nothing can be written there, or nothing be executed
 */
export function linkLasting(base: string, names: readonly string[], launcher: string): string {
  const folder = `${base}/${hex(sha256(new TextEncoder().encode(names.join("\n")))).slice(0, 8)}`;
  const own = `${folder}/own`, beside = launcher.slice(0, launcher.lastIndexOf("/"));
  Deno.mkdirSync(own, { recursive: true, mode: 0o755 });
  for (const name of ["engine-path", "launcher"]) replace(`${own}/${name}`, `${beside}/${name}`);
  // A folder may be mounted so that nothing in it can be executed.
  const env = { ZCCACHE_DISABLE: "1" };
  const { success } = new Deno.Command(`${own}/launcher`, { args: ["wrap", "true"], env }).outputSync();
  if (!success) throw new Error(`The launcher does not work in ${own}`);
  linkAll(folder, names, "own/launcher");
  linkAll(`${folder}/wrapper`, ["zccache"], "../own/launcher");
  return folder;
}

/** Makes `path` a copy of `from`, at once; nothing is written where it is one already. */
function replace(path: string, from: string): void {
  const wanted = Deno.readFileSync(from);
  if (sameBytes(readFile(path) ?? new Uint8Array(), wanted)) return;
  const made = `${path}.${Deno.pid}`;
  Deno.copyFileSync(from, made);
  Deno.renameSync(made, path);
}

function readFile(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Names of the symbolic links in a folder, none where there is no folder. */
export function linksIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter((entry) => entry.isSymlink).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter((entry) => !entry.isDirectory).map((entry) => entry.name);
  } catch {
    return []; // a folder of PATH that is not there, or not ours to read, holds no compiler for us
  }
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false; // a link that leads nowhere
  }
}
