/**
 * Everything: tools, build, the gate, unit tests, tests of the launcher, tracer and daemon, crashes, scenarios.
 *
 *     scripts/test
 *
 * The last line is `N passed, N failed`, and `, N skipped` where cases were, from the runner's own counts. A step
 * that is no test (build, format, types ...) counts as one failure where it fails.
 *
 * @module
 */
import { runChecks } from "./check.ts";
import { projectFolder, run } from "./steps.ts";
import { type Counts, noCounts, runTests, sum } from "./tests.ts";
import { installTools } from "./tools.ts";

const parts: readonly { name: string; paths: readonly string[] }[] = [
  { name: "unit tests", paths: ["lib", "scripts"] },
  { name: "tests/native", paths: ["tests/native"] },
  { name: "tests/process", paths: ["tests/process"] },
  { name: "tests/crash", paths: ["tests/crash"] },
  { name: "scenarios", paths: ["tests/script", "tests/script_test.ts"] },
];

/** The caller's own settings and cache are none of the tests' business. */
function forgetSettings(): void {
  for (const name of Object.keys(Deno.env.toObject())) {
    if (name.startsWith("ZCCACHE_")) Deno.env.delete(name);
  }
}

async function build(): Promise<Counts> {
  const { code } = await run([`${projectFolder}/scripts/build`], { show: true });
  return { ...noCounts, failed: code === 0 ? 0 : 1 };
}

forgetSettings();
const start = performance.now();
await installTools();
const counts = [await build(), { ...noCounts, failed: await runChecks() }];
for (const { name, paths } of parts) counts.push(await runTests(name, paths));
const { passed, failed, skipped } = sum(counts);
console.log(`${((performance.now() - start) / 1000).toFixed(0)} s in all`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
Deno.exit(failed > 0 ? 1 : 0);
