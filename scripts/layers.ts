/**
 * Which folder of lib/ may import which, as data, and a check of every import against it.
 *
 * Imports go one way, and through a folder's door (`mod.ts`) only, so that a folder can be read and changed with
 * nothing but its door in mind. Open to all who may import the folder are `lib/base` and the files named in
 * `openFiles`: tables and data that several folders read; to tests also a folder's `testing.ts`.
 *
 *     deno run -A scripts/layers.ts        prints what breaks the rules; exit 1 where anything does
 *
 * @module
 */
import { projectFolder } from "./steps.ts";

// deno-fmt-ignore: a table
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  base:      [],
  engine:    [],
  os:        ["base"],
  config:    ["base"],
  compilers: ["base"],
  trace:     ["base", "os"],
  protocol:  ["base"],
  store:     ["base", "os"],
  inputs:    ["base", "os", "store"],
  lookup:    ["base", "os", "compilers", "trace", "store", "inputs", "protocol"],
  report:    ["base", "config", "store", "lookup"],
  native:    ["base", "os", "protocol", "trace"],
  daemon:    ["base", "os", "config", "protocol", "trace", "store", "inputs", "lookup", "report", "native"],
  cli:       ["base", "os", "config", "compilers", "trace", "protocol", "store", "inputs", "lookup", "report", "native",
              "daemon"],
};

/** Tables and data, beside the doors: what they hold is the contract itself. */
export const openFiles: readonly string[] = [
  "lib/lookup/outcome.ts",
  "lib/protocol/spec.ts",
  "lib/store/unit.ts",
  "lib/trace/format.ts",
];

/** An import as it stands in a file; paths are relative to the project. */
export interface Import {
  from: string;
  to: string;
  line: number;
}

const fromClause = /(?:^|[;}\s])(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** The relative imports that `text`, the content of `path`, holds; in comments they do not count. */
export function importsOf(path: string, text: string): Import[] {
  // Comments become blanks of equal length, so that lines stay where they are.
  const code = text.replace(
    /\/\*[^]*?\*\/|(?<=^|\s)\/\/[^\n]*/g,
    (comment) => comment.replace(/[^\n]/g, " "),
  );
  return [...code.matchAll(fromClause)].map((found) => ({
    from: path,
    to: new URL(found[1], `file:///${path}`).pathname.slice(1),
    line: code.slice(0, found.index + found[0].indexOf(found[1])).split("\n").length,
  }));
}

/** What is wrong with an import, or undefined where nothing is. */
export function problemOf({ from, to }: Import): string | undefined {
  const here = folderOf(from), there = folderOf(to);
  if (here === undefined || here === there) return undefined;
  const allowed = mayImport[here];
  if (allowed === undefined) return `scripts/layers.ts has no row for lib/${here}`;
  if (there === undefined) return `lib/ may not import ${to}`;
  if (!allowed.includes(there)) return `lib/${here} may not import lib/${there}`;
  const open = there === "base" || to === `lib/${there}/mod.ts` || openFiles.includes(to) ||
    (from.endsWith("_test.ts") && to === `lib/${there}/testing.ts`);
  return open ? undefined : `${to} is not the door of its folder: import lib/${there}/mod.ts`;
}

/** The concept's folder below lib/, as in "os" of "lib/os/libc.ts"; undefined outside lib/. */
function folderOf(path: string): string | undefined {
  return /^lib\/([^/]+)\//.exec(path)?.[1];
}

/** Every broken rule in the project, one line each: "file:line: what". */
export function brokenLayers(): string[] {
  return [...sources("lib")].flatMap((path) =>
    importsOf(path, Deno.readTextFileSync(`${projectFolder}/${path}`)).flatMap((found) => {
      const problem = problemOf(found);
      return problem === undefined ? [] : [`${found.from}:${found.line}: ${problem}`];
    })
  );
}

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(`${projectFolder}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(path);
    else if (path.endsWith(".ts") && !path.endsWith(".d.ts")) yield path;
  }
}

if (import.meta.main) {
  const broken = brokenLayers().sort();
  for (const line of broken) console.log(line);
  if (broken.length > 0) Deno.exit(1);
}
