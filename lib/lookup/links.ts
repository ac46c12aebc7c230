/**
 * Links under other names: a program that depends on no name of its objects, nor on its own, is found from every folder by
 * its words and what its objects hold.
 *
 * Always true: only GNU ld took part, no script for it told files apart by their names, and no object says what it is
 * called.
 *
 * @module
 */
import { asciiIn, bytesOf, byteString } from "../base/bytes.ts";
import { absolute } from "../base/paths.ts";
import { toolName } from "../compilers/mod.ts";
import { readHead } from "../os/mod.ts";
import { isAboutContent } from "../store/unit.ts";
import type { Observation } from "../trace/mod.ts";
import { searchable, type TextsRead } from "./in_full.ts";
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

/**
 * Looks for many names in long texts at once. Most of them end alike, so it is their ends that are looked for: to look for
 * each of 500 objects' names in all 500 objects took longer than the link.
 */
export class NameSearch {
  /** By the end of a name, from its last dot on, if it has one. */
  readonly #byEnd = new Map<string, { names: Set<string>; lengths: Set<number> }>();

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const end = name.slice(Math.max(0, name.lastIndexOf(".")));
      let alike = this.#byEnd.get(end);
      if (alike === undefined) this.#byEnd.set(end, alike = { names: new Set(), lengths: new Set() });
      alike.names.add(name), alike.lengths.add(name.length);
    }
  }

  /** Whether one of the names is a part of `text`. */
  isIn(text: string): boolean {
    for (const [end, { names, lengths }] of this.#byEnd) {
      for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end, at + 1)) {
        const behind = at + end.length;
        for (const length of lengths) if (names.has(text.slice(behind - length, behind))) return true;
      }
    }
    return false;
  }
}

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
  const namesOne = new NameSearch(own.map((name) => asciiIn(bytesOf(name)))); // read as the texts are
  for (const { kind, path, value } of inputs) {
    if (!isAboutContent(kind) || found.programs.has(path) || path.startsWith(loadersOwn)) continue;
    const isObject = objects.has(path);
    if (!isObject && compilers.has(found.files.get(path)?.reader ?? "")) continue;
    if (!isObject && binary.test(byteString(readHead(path, 8) ?? new Uint8Array(0)))) continue;
    const text = isObject ? searchable(path, value) : texts.text(path, value, cwd)?.text;
    if (text === undefined) return path;
    if (isObject ? namesOne.isIn(text) : tellsApart.test(text.replace(comments, ""))) return path;
  }
  return undefined;
}
