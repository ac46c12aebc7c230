/**
 * The differential fuzzer for as long as one likes; a bounded part of it is a test (tests/fuzz/differential).
 *
 *     scripts/fuzz --minutes 10              other seeds each time; each is printed
 *     scripts/fuzz --seed 12 --count 1       one sequence again; --steps and --mode must be as they were
 *
 * Each failure is made small and written to the folder `--out` as a scenario. Exit code 1 where there was any.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { findPrograms } from "../tests/script/programs.ts";
import type { Report } from "../tests/fuzz/differential/fuzz.ts";
import { ways } from "../tests/fuzz/differential/run.ts";
import { projectFolder } from "./steps.ts";

const flags = parseArgs(Deno.args, {
  string: ["minutes", "seed", "steps", "mode", "jobs", "count", "out"],
  default: {
    minutes: "1",
    steps: "30",
    mode: Object.keys(ways).slice(1).join(","),
    out: `${projectFolder}/.scratch/fuzz`,
  },
});
const jobs = Number(flags.jobs ?? navigator.hardwareConcurrency);
const seed = Number(flags.seed ?? Date.now() % 1_000_000_000);
const count = Number(flags.count ?? Infinity);
const modes = String(flags.mode).split(",");
const folder = String(flags.out);
/** Beyond the end a failure is still made smaller for as long. */
const shrinkMs = 30_000;
const end = Date.now() + Number(flags.minutes) * 60_000;
const unknown = modes.find((mode) => !Object.hasOwn(ways, mode));
if (unknown !== undefined || [jobs, seed, count, end, Number(flags.steps)].some(Number.isNaN)) {
  console.error(
    "usage: scripts/fuzz [--minutes N] [--seed N] [--steps N] [--count N] [--jobs N] [--out DIR] " +
      `[--mode ${Object.keys(ways).join(",")}]`,
  );
  Deno.exit(2);
}
const programs = findPrograms(`${projectFolder}/dist/zccache`);
const sum = { sequences: 0, lines: 0, failing: 0, failures: 0, outcomes: {} as Record<string, number> };

/** What there is to say of one sequence. */
function take(report: Report): void {
  sum.sequences++;
  sum.lines += report.lines;
  sum.failing += report.failing;
  for (const [name, n] of Object.entries(report.outcomes)) sum.outcomes[name] = (sum.outcomes[name] ?? 0) + n;
  if (report.failure === undefined) return;
  sum.failures++;
  Deno.mkdirSync(folder, { recursive: true });
  const file = `${folder}/seed_${report.seed}_${report.way.replace("-", "_")}.txtar`;
  Deno.writeTextFileSync(file, report.failure.scenario);
  const again = report.failure.steady ? "" : " (not seen again)";
  console.log(`seed ${report.seed}, ${report.way}${again}: ${file}\n${report.failure.text}\n`);
}

/** One worker takes one seed after the other until time or seeds are out. */
let next = 0;
async function work(): Promise<void> {
  const worker = new Worker(new URL("../tests/fuzz/differential/worker.ts", import.meta.url), {
    type: "module",
  });
  const ask = (message: unknown) =>
    new Promise<Report>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(message);
    });
  try {
    while (next < count && Date.now() < end) {
      const at = next++;
      take(
        await ask({
          seed: seed + at,
          way: modes[at % modes.length],
          steps: Number(flags.steps),
          programs,
          until: end + shrinkMs,
        }),
      );
    }
  } finally {
    worker.terminate();
  }
}

console.log(`seeds from ${seed}, ${flags.steps} steps each, modes ${modes.join(" ")}`);
await Promise.all(Array.from({ length: jobs }, work));
const outcomes = Object.entries(sum.outcomes).sort(([, a], [, b]) => b - a).map(([name, n]) =>
  `${name} ${n}`
);
console.log(
  `${sum.sequences} sequences, ${sum.lines} command lines (${sum.failing} failed plainly), ` +
    `${sum.failures} failures\n${outcomes.join(", ")}`,
);
if (sum.failures > 0) Deno.exit(1);
