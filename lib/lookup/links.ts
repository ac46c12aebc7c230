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

/** Drivers, and what they start to compile and link; with others, objects may be compiled once more under drawn names. */
const known = new Set(["gcc", "g++", "clang", "clang++", "cc1", "cc1plus", "as", "collect2", "ld", "ld.bfd"]);
/** What these read is no matter of the linker's. */
const compilers = new Set(["cc1", "cc1plus", "as", "clang", "clang++"]);
/** What is no text: programs, objects, archives. */
const binary = /^(?:\x7fELF|!<arch>\n)/;
/** Where libraries lie, as the loader is told. */
const loadersOwn = "/etc/ld.so.conf";
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
  const program = [...found.programs].find((path) => !known.has(toolName(path)));
  if (program !== undefined) return program;
  const own = names?.objects ?? [], objects = new Set(own.map((name) => absolute(name, cwd)));
  for (const { kind, path, value } of inputs) {
    if (!isAboutContent(kind) || found.programs.has(path) || path.startsWith(loadersOwn)) continue;
    const isObject = objects.has(path);
    if (!isObject && compilers.has(found.files.get(path)?.reader ?? "")) continue;
    if (!isObject && binary.test(byteString(readHead(path, 8) ?? new Uint8Array(0)))) continue;
    const text = texts.text(path, value, cwd)?.text;
    if (text === undefined) return path;
    if (
      isObject ? own.some((name) => text.includes(name)) : tellsApart.test(text.replace(comments, ""))
    ) return path;
  }
  return undefined;
}
