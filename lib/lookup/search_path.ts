/**
 * PATH as an input: not its text, but which program each name that a run looked for is found as.
 *
 * A driver looks for `as`, `ld` or itself in the folders of PATH. With another PATH under which the same names are found
 * as the same programs it would do the same. The folders that the run searched are watched by the unit's other
 * statements; those of an asker's other PATH are looked at here, each time.
 *
 * Always true: only the first executable file of a name counts, as for execvp.
 *
 * @module
 */
import { absolute } from "../base/paths.ts";
import type { Absences, Input } from "../store/unit.ts";

/** What a search needs to know of a file: whether it may be executed. */
export type IsProgram = (path: string) => boolean;

/** What libc takes where PATH is not set. */
export const unsetPath = "/bin:/usr/bin";

function foldersOf(path: string | null, cwd: string): string[] {
  return (path ?? unsetPath).split(":").map((folder) => absolute(folder, cwd));
}

/** Names that a run looked for in the folders of `path`, as its statements tell. */
export function namesSought(
  path: string | null,
  cwd: string,
  { inputs, absences }: { inputs: readonly Input[]; absences: Absences },
): string[] {
  const searched = new Set(foldersOf(path, cwd)), names = new Set<string>();
  // Thousands of files are asked for while a launcher waits: most lie in folders whose length alone says no.
  const lengths = new Set(Array.from(searched, (folder) => folder === "/" ? 0 : folder.length));
  const note = (file: string) => {
    const cut = file.lastIndexOf("/");
    if (lengths.has(cut) && searched.has(file.slice(0, cut) || "/")) names.add(file.slice(cut + 1));
  };
  for (const input of inputs) note(input.path);
  const among = new Set(absences.folders.flatMap(({ path }, i) => searched.has(path) ? [i] : []));
  const lists = absences.lists.map((folders) => folders.some((folder) => among.has(folder)));
  for (const { list, name } of absences.names) if (lists[list]) names.add(name);
  return [...names].sort();
}

/** Where each name is found, as text; "" where it is not. */
export function foundOn(
  path: string | null,
  cwd: string,
  names: readonly string[],
  isProgram: IsProgram,
): string {
  const folders = foldersOf(path, cwd);
  return names.map((name) => {
    const folder = folders.find((folder) => isProgram(`${folder}/${name}`));
    return folder === undefined ? "" : `${folder}/${name}`;
  }).join("\0");
}
