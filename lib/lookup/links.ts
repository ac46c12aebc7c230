/**
 * Links under other names: a program that depends on no name of its objects, nor on its own, is found from every folder by
 * its words and what its objects hold.
 *
 * Always true: only GNU ld took part, no script for it told files apart by their names, and no object says what it is
 * called.
 *
 * @module
 */
import { byteString } from "../base/bytes.ts";
import { absolute } from "../base/paths.ts";
import { toolName } from "../compilers/mod.ts";
import { readHead } from "../os/mod.ts";
import { isAboutContent } from "../store/unit.ts";
import type { Observation } from "../trace/mod.ts";
import type { TextsRead } from "./in_full.ts";
import type { Statements } from "./ingest.ts";
import type { Job } from "./job.ts";

/** Drivers, and what they start to link; with others, objects may be compiled once more under drawn names. */
const linkers = new Set(["gcc", "g++", "clang", "clang++", "collect2", "ld", "ld.bfd"]);
/** What is no text: programs, objects, archives. */
const binary = /^(?:\x7fELF|!<arch>\n)/;
/** Of a linker's script: what may tell its input files apart. */
const tellsApart = /SECTIONS|INSERT|[*?[]/, comments = /\/\*[^]*?\*\//g;

/** Why a link's result holds under its names alone. */
export function boundLink(
  job: Job,
  { inputs }: Statements,
  found: Observation,
  texts: TextsRead,
): string | undefined {
  const { ask: { cwd }, names } = job;
  if (job.running !== undefined || found.wholeEnvironment || found.programs.size === 0) return "a script";
  const program = [...found.programs].find((path) => !linkers.has(toolName(path)));
  if (program !== undefined) return program;
  const objects = new Set(names!.objects!.map((name) => absolute(name, cwd)));
  for (const { kind, path, value } of inputs) {
    if (!isAboutContent(kind) || found.programs.has(path)) continue;
    const isObject = objects.has(path);
    if (!isObject && binary.test(byteString(readHead(path, 8) ?? new Uint8Array(0)))) continue;
    const text = texts.text(path, value, cwd)?.text;
    if (text === undefined) return path;
    if (
      isObject
        ? names!.objects!.some((name) => text.includes(name))
        : tellsApart.test(text.replace(comments, ""))
    ) return path;
  }
  return undefined;
}
