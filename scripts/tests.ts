/**
 * Runs `deno test` on some folders and counts by the runner's own last line.
 *
 * @module
 */
import { exists, projectFolder, run, step } from "./steps.ts";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 };

export function sum(all: readonly Counts[]): Counts {
  return all.reduce((a, b) => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }), noCounts);
}

/** A part that takes longer hangs: the slowest takes some minutes. */
const limitMs = 15 * 60_000;
const lastLine =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/m;

/** What the runner counted. A run that ended badly without counting a failure is one. */
export function countsOf(code: number, text: string): Counts {
  const found = [...text.matchAll(new RegExp(lastLine, "gm"))].at(-1);
  if (found === undefined) return code === 0 ? noCounts : { ...noCounts, failed: 1 };
  const [passed, failed, skipped] = [found[1], found[2], found[3] ?? "0"].map(Number);
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

/** Runs the tests in `paths` (relative to the project); prints failures whole and skipped cases by name. */
export async function runTests(name: string, paths: readonly string[]): Promise<Counts> {
  const there = paths.filter((path) => exists(`${projectFolder}/${path}`));
  if (there.length === 0) return noCounts;
  // Types are the gate's business, once.
  const argv = [Deno.execPath(), "test", "-A", "--no-check", ...there];
  const { code, text } = await step(name, () => run(argv, { env: { NO_COLOR: "1" }, timeoutMs: limitMs }));
  const counts = countsOf(code, text);
  if (counts.failed > 0) console.log(text.trimEnd());
  for (const line of text.split("\n")) {
    if (/ \.\.\. ignored/.test(line)) console.log(`  skipped: ${line.replace(/ \.\.\. ignored.*/, "")}`);
  }
  if (code === 124) console.log(`  ${name} did not end within ${limitMs / 60_000} minutes`);
  console.log(`  ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts;
}
