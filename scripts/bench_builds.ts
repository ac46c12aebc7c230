/**
 * Whole warm builds of real projects with make -j2, plainly and through each cache, in turns.
 *
 * Every contender stands in CC, as its users put it there; ours as installed stands on PATH, where it serves `ar` too.
 * All builds happen in one folder, and what a build left is removed before the next, outside the time.
 *
 * @module
 */
import { hitCount } from "./bench_peers.ts";
import { type Bench, gcc, paths, quantile, row } from "./bench_tools.ts";
import { type Project, projects, Unreachable } from "./realworld_sources.ts";
import { must, projectFolder } from "./steps.ts";

const names = ["lua", "zlib"], mostRounds = 7;
const date = "1700000000";

interface Way {
  name: string;
  cc: string;
  env: Record<string, string>;
  hits(): Promise<number>;
}

function waysOf(bench: Bench): Way[] {
  const plain: Way = {
    name: "plain compiler",
    cc: gcc,
    env: { PATH: paths },
    hits: () => Promise.resolve(0),
  };
  const cached = bench.contenders.map((one): Way => {
    const isLink = one.name === "ours: installed link", links = one.before[0].replace(/\/[^/]*$/, "");
    return {
      name: one.name,
      cc: isLink ? "gcc" : [...one.before, gcc].join(" "),
      env: isLink ? { ...one.env, PATH: `${links}:${paths}` } : one.env,
      hits: () => hitCount(one),
    };
  });
  return [plain, ...cached];
}

/** Seconds of a build in a clean folder. */
async function build({ cc, env }: Way, { build, clean }: Project, folder: string): Promise<number> {
  const options = { env: { ...env, SOURCE_DATE_EPOCH: date, LC_ALL: "C" }, cwd: folder };
  await must(["make", ...clean], { cwd: folder });
  const began = performance.now();
  await must(["make", "-j2", `CC=${cc}`, ...build], options);
  return (performance.now() - began) / 1000;
}

async function measure(bench: Bench, project: Project): Promise<void> {
  const folder = `${bench.folder}/${project.name}`, scratch = `${projectFolder}/.scratch/realworld`;
  for (const path of [folder, scratch]) Deno.mkdirSync(path, { recursive: true });
  project.fetch(folder, scratch);
  const ways = waysOf(bench), rounds = Math.min(bench.rounds, mostRounds);
  const found = ways.map((): number[] => []), hits = ways.map(() => 0);
  for (const way of ways) for (let i = 0; i < 2; i++) await build(way, project, folder);
  for (let round = 0; round < rounds; round++) {
    for (const [i, way] of ways.entries()) {
      const before = await way.hits();
      found[i].push(await build(way, project, folder));
      hits[i] += await way.hits() - before;
    }
  }
  const title = `Warm build of ${project.what}, make -j2`, medians = found.map((one) => quantile(one, 0.5));
  console.log(`\n${title}, ${rounds} rounds\n`);
  row("", ["median s", "least", "to plain", "hits"]);
  for (const [i, { name }] of ways.entries()) {
    const numbers = [medians[i].toFixed(3), found[i][0].toFixed(3), (medians[i] / medians[0]).toFixed(3)];
    row(name, [...numbers, i === 0 ? "" : (hits[i] / rounds).toFixed(1)]);
  }
  bench.figure({ title, unit: "ms", bars: ways.map(({ name }, i) => ({ name, value: medians[i] * 1000 })) });
}

/** See the head of this file. */
export async function builds(bench: Bench): Promise<void> {
  for (const project of projects.filter(({ name }) => names.includes(name))) {
    try {
      await measure(bench, project);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      console.log(`${project.name} is left out: ${error.message}`);
    }
  }
}
