/**
 * The gate: format, lint, types, import layers, generated files, then the unit tests beside the sources.
 *
 *     deno run -A scripts/check.ts        or `deno task check`; some seconds, needs nothing but Deno and a C compiler
 *
 * @module
 */
import { staleFiles } from "./generate.ts";
import { brokenLayers } from "./layers.ts";
import { run, step } from "./steps.ts";
import { type Counts, runPart, summary, total, unitTests } from "./testing.ts";

/** A rule that the whole tree keeps. */
export interface Check {
  name: string;
  /** What breaks it, as text for people; "" where nothing does. */
  broken(): string | Promise<string>;
}

const deno = Deno.execPath();
const sources = ["main.ts", "lib", "tests", "scripts"];

export const checks: readonly Check[] = [
  { name: "format", broken: () => textOfFailure([deno, "fmt", "--check"]) },
  { name: "lint", broken: () => textOfFailure([deno, "lint", "--quiet"]) },
  { name: "types", broken: () => textOfFailure([deno, "check", "--quiet", ...sources]) },
  { name: "import layers", broken: () => brokenLayers().join("\n") },
  {
    name: "generated files",
    broken: () => staleFiles().map((path) => `${path} is not current: run scripts/generate.ts`).join("\n"),
  },
];

/** Runs every check and prints what is broken; each broken one is a failure, none is a test that passed. */
export async function runChecks(): Promise<Counts> {
  const failures: string[] = [];
  for (const { name, broken } of checks) {
    const text = await step(name, broken);
    if (text === "") continue;
    failures.push(name);
    console.log(text.trimEnd());
  }
  return { passed: 0, failed: failures.length, skipped: [], failures };
}

async function textOfFailure(argv: readonly string[]): Promise<string> {
  const { code, text } = await run(argv, { env: { NO_COLOR: "1" } });
  return code === 0 ? "" : text.trim() === "" ? `exit code ${code}` : text;
}

if (import.meta.main) {
  const counts = total([await runChecks(), await runPart(unitTests)]);
  console.log(summary(counts));
  if (counts.failed > 0) Deno.exit(1);
}
