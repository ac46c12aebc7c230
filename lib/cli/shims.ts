/**
 * Names under which the launcher stands for compilers: which there are on PATH, and a folder of links.
 *
 * @module
 */
import { knownTool } from "../compilers/mod.ts";

/** Names of compilers and archivers in the folders of `path`, in order of the alphabet. Ordinary text. */
export function compilersOn(path: string): string[] {
  const found = new Set<string>();
  for (const folder of path.split(":")) {
    for (const name of namesIn(folder || ".")) {
      const kind = knownTool(name);
      if ((kind === "driver" || kind === "archive") && isExecutable(`${folder}/${name}`)) found.add(name);
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
