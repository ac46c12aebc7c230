/**
 * Files that are written from TypeScript: the C headers, so that both languages say the same, and a page of tables.
 *
 *     deno run -A scripts/generate.ts            writes what is not current
 *     deno run -A scripts/generate.ts --check    only tells; exit 1 where something is not current
 *
 * They are committed, so that the C sources can be read and built without Deno.
 *
 * @module
 */
import { commandsHeader } from "../lib/cli/c_header.ts";
import { protocolHeader } from "../lib/protocol/c_header.ts";
import { traceHeader } from "../lib/trace/c_header.ts";
import { readme as optionsReadme } from "../tests/options/readme.ts";
import { projectFolder } from "./steps.ts";

/** Path in the project -> its text. */
const generated: Readonly<Record<string, () => string>> = {
  "lib/native/commands.h": commandsHeader,
  "lib/native/protocol.h": protocolHeader,
  "lib/native/trace_format.h": traceHeader,
  "tests/options/README.md": optionsReadme,
};

/** Paths of generated files whose text is not what would be written now. */
export function staleFiles(): string[] {
  return Object.keys(generated).filter((path) => textOf(path) !== generated[path]());
}

/** Writes every generated file that is not current; the paths of those written. */
export function writeStaleFiles(): string[] {
  const stale = staleFiles();
  for (const path of stale) Deno.writeTextFileSync(`${projectFolder}/${path}`, generated[path]());
  return stale;
}

function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${projectFolder}/${path}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) {
  const check = Deno.args.includes("--check");
  const stale = check ? staleFiles() : writeStaleFiles();
  for (const path of stale) {
    console.log(check ? `${path} is not current: run scripts/generate.ts` : `wrote ${path}`);
  }
  if (check && stale.length > 0) Deno.exit(1);
}
