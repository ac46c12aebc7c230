/**
 * What a run wrote, seen from its end: what keeps the run from being stored, and which questions were about its own files.
 *
 * @module
 */
import { partsOf } from "../base/paths.ts";
import { foldersOf } from "./absent.ts";
import type { Observation, Refused } from "./observation.ts";
import { factRule, isHandedOn } from "./rules.ts";

/**
 * Why outputs cannot be given back: something is gone that was there before, or an output has an owner, times or attributes.
 *
 * A path at which something was, and which the run leaves empty. What it made and removed itself must find nothing there
 * next time either, since it would go as well; unless its name is one that nobody has.
 */
export function refusedAtEnd(
  { written, absent, files }: Observation,
  removed: ReadonlySet<string>,
  asked: Set<string>,
): Refused | undefined {
  for (const path of removed) {
    if (written.get(path)?.gone ?? true) return { refusal: "pass_removes", what: path };
  }
  for (const [path, { gone, exclusive, style, setApart }] of written) {
    if (setApart && !gone) return { refusal: "pass_unmodelled", what: `change of ${path}` };
    if (!gone || exclusive || factRule(path) !== undefined) continue;
    if (style === "write_through") return { refusal: "pass_removes", what: path };
    asked.add(path), absent.add(path);
    // It was made there: in a folder that is missing nobody could.
    const folder = path.slice(0, path.lastIndexOf("/")) || "/";
    if (!written.has(folder) && !files.has(folder)) files.set(folder, { question: "exists" });
  }
  return undefined;
}

/** Whether a name was looked for in other folders, too: as a header or a library, not as what is to be written. */
function isSought(path: string, { absent, files }: Observation): boolean {
  if (!absent.has(path)) return false;
  const { name } = partsOf(path);
  if (foldersOf(absent.names.get(name)).length > 1) return true;
  for (const [other, { question }] of files) {
    if (question === "content" && other.endsWith(`/${name}`) && other !== path) return true;
  }
  return false;
}

/** Questions about paths that the run then wrote. `asked`: by a program whose habits we do not know. */
export function dropOwnQuestions(found: Observation, asked: ReadonlySet<string>): void {
  for (const [path, written] of found.written) {
    if (asked.has(path) || isSought(path, found)) continue;
    if (written.read && !written.gone) {
      weaken(path, found);
      continue;
    }
    found.absent.delete(path);
    found.physical.delete(path);
    found.linkTexts.delete(path);
    if (found.files.get(path)?.question !== "content") found.files.delete(path);
  }
}

/**
 * A file of an earlier run that a compiler looked at, wrote anew and read back. What it would do to a link or to a file of
 * several names was not seen, so it is delivered onto plain files alone: one that is the source as well is none.
 */
function weaken(path: string, { files, written }: Observation): void {
  const seen = files.get(path);
  if (seen?.signature === undefined || seen.question === "content" || !isHandedOn(path)) return;
  seen.replaced = true;
  written.get(path)!.style = "unknown";
}
