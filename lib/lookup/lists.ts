/**
 * Dependency lists of results that hold in several folders: kept in words, with the folder as a slot, and set anew for each
 * asker as his compiler would set them (lib/compilers/depfile.ts).
 *
 * @module
 */
import { byteString, shown } from "../base/bytes.ts";
import { type DependencyList, listText } from "../compilers/mod.ts";
import type { Output } from "../store/unit.ts";
import type { Slot } from "./anywhere.ts";

/** In the place of a file's text: its blob is a list in words; or they follow, behind a line's end. */
export const listMark = "dependency list";

/** Whether an output, which is no link, is such a list. */
export function isInWords({ text }: Output): boolean {
  return text.startsWith(listMark);
}

/** The list in the asker's folder or tree. `blob`: the path of the output's. */
export function listHere({ text }: Output, blob: string, { folder }: Slot): string {
  const words = text === listMark
    ? byteString(Deno.readFileSync(shown(blob)))
    : text.slice(listMark.length + 1);
  return listText(JSON.parse(words) as DependencyList, folder);
}

/**
 * A list (`words`: its blob's text) for another target. The words stand in the output itself: nobody asks for them again.
 *
 * @returns Undefined where it has other targets.
 */
export function retargetedWords(output: Output, words: string, from: string, to: string): Output | undefined {
  const list = JSON.parse(words) as DependencyList;
  if (list.targets.length !== 1 || list.targets[0] !== from) return undefined;
  return { ...output, text: `${listMark}\n${JSON.stringify({ ...list, targets: [to] })}` };
}
