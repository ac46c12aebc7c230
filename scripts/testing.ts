/**
 * Runs test files by Deno's runner, one process a part, and adds up what the runner itself counted.
 *
 * A part whose process dies, hangs or ends badly without a failed test counts as one failure, so that nothing that
 * went wrong can hide behind the tests that passed before it.
 *
 * @module
 */
import { projectFolder, run } from "./steps.ts";

/** Tests that run in one process of the runner. */
export interface Part {
  name: string;
  /** Files or folders, relative to the project. */
  paths: readonly string[];
  env?: Readonly<Record<string, string>>;
}

export interface Counts {
  passed: number;
  failed: number;
  /** Names of tests that cannot run here, with the reason where the name tells it. */
  skipped: readonly string[];
  /** Names of tests that failed, or of the part. */
  failures: readonly string[];
}

/** A part that needs longer hangs: the slowest, all scenarios of one mode, takes some minutes on two cores. */
const partLimitMs = 20 * 60_000;

/** The folders of tests that need no built executable. */
export const unitTests: Part = { name: "unit tests", paths: ["lib", "scripts"] };

/** Every other part: each folder below tests/ with tests, each file in tests/, the scenarios once for each mode. */
export function otherParts(): Part[] {
  const parts: Part[] = [];
  for (const { name, isDirectory } of sorted(Deno.readDirSync(`${projectFolder}/tests`))) {
    if (name === "script_test.ts") parts.push(...scenarioParts());
    else if (isDirectory ? holdsTests(`tests/${name}`) : /_test\.ts$/.test(name)) {
      parts.push({ name: `tests/${name}`, paths: [`tests/${name}`] });
    }
  }
  return parts;
}

/** Modes in which every scenario runs. */
export const scenarioModes = ["one-shot", "daemon", "launcher", "declared"] as const;

function scenarioParts(): Part[] {
  return scenarioModes.map((mode) => ({
    name: `scenarios, ${mode}`,
    paths: ["tests/script_test.ts"],
    env: { SCENARIO_MODES: mode },
  }));
}

function holdsTests(folder: string): boolean {
  return [...Deno.readDirSync(`${projectFolder}/${folder}`)].some((entry) =>
    entry.isDirectory ? holdsTests(`${folder}/${entry.name}`) : entry.name.endsWith("_test.ts")
  );
}

function sorted(entries: Iterable<Deno.DirEntry>): Deno.DirEntry[] {
  return [...entries].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Parts that run at the same time: a runner mostly waits, so that one by itself keeps two cores less than half busy. */
const lanes = 3;
/** What clocks decide: of these one at a time. */
const timed: ReadonlySet<string> = new Set(["tests/crash", "tests/process", "tests/fuzz"]);

/** Runs all parts, the ones that take longest first; what each prints comes as a whole when it is done. */
export async function runParts(parts: readonly Part[]): Promise<Counts[]> {
  const waiting = [...parts].sort((a, b) => weightOf(b) - weightOf(a)), counts: Counts[] = [];
  console.log(`\n${waiting.length} parts: ${waiting.map(({ name }) => name).join("; ")}`);
  const take = (fits: (part: Part) => boolean): Part | undefined => {
    const at = waiting.findIndex(fits);
    return at < 0 ? undefined : waiting.splice(at, 1)[0];
  };
  const work = async (next: () => Part | undefined) => {
    for (let part = next(); part !== undefined; part = next()) counts.push(await runPart(part));
  };
  const isTimed = ({ name }: Part) => timed.has(name), isPatient = (part: Part) => !isTimed(part);
  const patientLanes = Array.from({ length: lanes - 1 }, () => work(() => take(isPatient)));
  await Promise.all([work(() => take(isTimed) ?? take(isPatient)), ...patientLanes]);
  return counts;
}

/** Minutes on two cores, roughly, of parts that take longer than one. */
const weights: Readonly<Record<string, number>> = {
  "tests/crash": 5,
  "tests/process": 5,
  "tests/fuzz": 4,
  "tests/options": 3,
};

function weightOf({ name }: Part): number {
  return name.startsWith("scenarios") ? 7 : weights[name] ?? 1;
}

/**
 * Before each part's command: as root a mount namespace of its own, since some tests mount, and whoever watches files
 * looks at all of them again when anything is mounted.
 */
const apart: readonly string[] = Deno.uid() === 0 && (await run(["unshare", "-m", "--", "true"])).code === 0
  ? ["unshare", "-m", "--"]
  : [];

/** Runs a part, then shows what the runner printed. Types are not checked here: the gate does it once for all. */
export async function runPart({ name, paths, env }: Part): Promise<Counts> {
  const { code, text } = await run(
    [...apart, Deno.execPath(), "test", "--allow-all", "--no-check", ...paths],
    {
      env: { ...env, NO_COLOR: "1" },
      timeoutMs: partLimitMs,
    },
  );
  console.log(`\n== ${name}\n${text.trimEnd()}`);
  return countsOf(name, { code, text });
}

/** What the runner's output says, given how its process ended. */
export function countsOf(part: string, { code, text }: { code: number; text: string }): Counts {
  const plain = text.replace(colour, "");
  const [passed, failed] = lastSummary(plain);
  const skipped = [...plain.matchAll(/^(.*?) \.\.\. ignored \(/gm)].map((found) => found[1]);
  const failures = [...plain.matchAll(/^(.*) => \.\/.*$/gm)].map((found) => found[1]);
  const broken = code !== 0 && failed === 0 || passed === undefined;
  return {
    passed: passed ?? 0,
    failed: (failed ?? 0) + (broken ? 1 : 0),
    skipped,
    failures: [...new Set(broken ? [...failures, `${part}: the runner ended with code ${code}`] : failures)],
  };
}

// deno-lint-ignore no-control-regex -- escape sequences begin with one
const colour = /\x1b\[[0-9;]*m/g;

/** Passed and failed of the last line like "ok | 5 passed (2 steps) | 0 failed | 1 ignored (9ms)". */
function lastSummary(text: string): [number, number] | [undefined, undefined] {
  const found = [...text.matchAll(/^(?:ok|FAILED) \| (\d+) passed(?: \(.*?\))? \| (\d+) failed\b/gm)].at(-1);
  return found === undefined ? [undefined, undefined] : [Number(found[1]), Number(found[2])];
}

/** All counts as one. */
export function total(counts: readonly Counts[]): Counts {
  const sum = { passed: 0, failed: 0, skipped: [] as string[], failures: [] as string[] };
  for (const one of counts) {
    sum.passed += one.passed;
    sum.failed += one.failed;
    sum.skipped.push(...one.skipped);
    sum.failures.push(...one.failures);
  }
  return sum;
}

/** Names what was skipped and what failed, then the counts as the last line. */
export function summary({ passed, failed, skipped, failures }: Counts): string {
  const list = (title: string, names: readonly string[]) =>
    names.length === 0 ? [] : ["", title, ...names.map((name) => `  ${name}`)];
  const counts = `${passed} passed, ${failed} failed`;
  const last = skipped.length === 0 ? counts : `${counts}, ${skipped.length} skipped`;
  return [...list("Skipped:", skipped), ...list("Failed:", failures), "", last].join("\n");
}
