/**
 * Everything: tools, build, the gate, unit tests, tests of the built executable, scenarios in every mode.
 *
 *     scripts/test
 *
 * The last line is `N passed, N failed`, and `, N skipped` where cases were, from the runner's own counts. A step
 * that is no test (build, format, types ...) counts as one failure where it fails. This file cannot be called
 * test.ts: Deno's runner would take it for a test, and it would start itself again for ever.
 *
 * @module
 */
import { runChecks } from "./check.ts";
import { newFolder, projectFolder, run } from "./steps.ts";
import { type Counts, otherParts, runParts, summary, total, unitTests } from "./testing.ts";
import { installTools } from "./tools.ts";

/** The caller's own settings and cache are none of the tests' business. */
function forgetSettings(): void {
  for (const name of Object.keys(Deno.env.toObject())) {
    if (name.startsWith("ZCCACHE_")) Deno.env.delete(name);
  }
}

async function build(): Promise<Counts> {
  const { code } = await run([`${projectFolder}/scripts/build`], { show: true });
  const failures = code === 0 ? [] : ["scripts/build"];
  return { passed: 0, failed: failures.length, skipped: [], failures };
}

/** One folder for all temporary files, since not every test removes its own; its name is short, as sockets need. */
function temporaryFolder(): string {
  const folder = newFolder("zct-");
  Deno.chmodSync(folder, 0o755);
  Deno.env.set("TMPDIR", folder);
  return folder;
}

forgetSettings();
const temporary = temporaryFolder();
const start = performance.now();
await installTools();
const counts = [await build(), await runChecks(), ...await runParts([unitTests, ...otherParts()])];
console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s in all`);
Deno.removeSync(temporary, { recursive: true });
const sum = total(counts);
console.log(summary(sum));
Deno.exit(sum.failed > 0 ? 1 : 0);
