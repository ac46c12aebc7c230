/**
 * Whole builds of real projects with make -j2, plainly and through each cache, in turns: cold, where no cache has anything
 * and no daemon runs, and warm.
 *
 * Every contender stands in CC, as its users put it there; ours as installed stands on PATH, where it serves `ar` too.
 * All builds happen in one folder, and what a build left is removed before the next, outside the time. Headers are
 * listed by -MMD without -MP: with it one peer keeps nothing.
 *
 * @module
 */
import { type Contender, hitCount, renew } from "./bench_peers.ts";
import { type Bench, gcc, paths, quantile, row } from "./bench_tools.ts";
import { type Project, projects, Unreachable } from "./realworld_sources.ts";
import { must, projectFolder, run } from "./steps.ts";

/** How often; a plain build that takes many seconds is repeated less often. */
const plans: Record<string, { rounds: number; plain: number; cold: number }> = {
  lua: { rounds: 7, plain: 3, cold: 4 },
  zlib: { rounds: 7, plain: 3, cold: 8 },
  sqlite: { rounds: 5, plain: 1, cold: 1 },
  redis: { rounds: 5, plain: 1, cold: 1 },
};
/** Below this part of the runs that ours serve, a peer is said to refuse. A peer that keeps no links has more. */
const leastShare = 0.5;
const date = "1700000000";

/** A build's way through a cache, or past all of them. */
interface Way {
  name: string;
  cc: string;
  env: Record<string, string>;
  contender?: Contender;
}

function waysOf(bench: Bench): Way[] {
  const bare: Way = { name: "plain compiler", cc: gcc, env: { PATH: paths } };
  return [
    bare,
    ...bench.contenders.map((contender): Way => {
      const { name, isLink, before, env } = contender, links = before[0].replace(/\/[^/]*$/, "");
      if (isLink) return { name, cc: "gcc", env: { ...env, PATH: `${links}:${paths}` }, contender };
      return { name, cc: [...before, gcc].join(" "), env, contender };
    }),
  ];
}

/** Seconds of a build in a clean folder, and what of it hit. */
async function build(way: Way, project: Project, folder: string): Promise<{ seconds: number; hits: number }> {
  const hits = async () => way.contender === undefined ? 0 : await hitCount(way.contender);
  const env = { ...way.env, SOURCE_DATE_EPOCH: date, LC_ALL: "C" }, before = await hits();
  await must(["make", ...project.clean], { cwd: folder });
  const began = performance.now();
  await must(["make", "-j2", `CC=${way.cc}`, "DEPFLAGS=-MMD", ...project.build], { env, cwd: folder });
  const seconds = (performance.now() - began) / 1000;
  return { seconds, hits: Math.max(0, await hits() - before) };
}

/** Outcomes of a warm build of ours that are no hits, beside questions and what fails plainly as well. */
async function strays({ stats, env }: Contender, work: () => Promise<void>): Promise<string[]> {
  const outcomes = async (): Promise<Record<string, number>> =>
    JSON.parse((await run(stats, { env })).text).by_outcome;
  const before = await outcomes();
  await work();
  return Object.entries(await outcomes()).filter(([name, count]) =>
    count > (before[name] ?? 0) && !/^(?:hit|pass_query$|pass_failed$)/.test(name)
  ).map(([name, count]) => `${name} ${count - (before[name] ?? 0)}`);
}

/** @throws {Error} where a warm build of ours is not all hits */
async function warm(way: Way, project: Project, folder: string): Promise<void> {
  await build(way, project, folder);
  if (!way.contender?.ours) return void await build(way, project, folder);
  const others = await strays(way.contender, async () => void await build(way, project, folder));
  if (others.length > 0) {
    throw new Error(`${way.name}, ${project.name}: a warm build has ${others.join(", ")}`);
  }
}

/** The first build of all, as on a new machine; each round begins with another way. */
async function cold(ways: Way[], project: Project, folder: string, rounds: number): Promise<void> {
  const seconds = ways.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      const at = (turn + (round >> 1)) % ways.length, i = round % 2 ? ways.length - 1 - at : at;
      const { contender } = ways[i];
      if (contender !== undefined) await renew(contender);
      seconds[i].push((await build(ways[i], project, folder)).seconds);
    }
  }
  const medians = seconds.map((all) => quantile(all, 0.5));
  console.log(`\nCold build of ${project.what.split(/,| with/)[0]}, make -j2, ${rounds} rounds\n`);
  row("", ["median s", "least", "to plain"]);
  for (const [i, { name }] of ways.entries()) {
    row(name, [medians[i].toFixed(3), seconds[i][0].toFixed(3), (medians[i] / medians[0]).toFixed(3)]);
  }
}

async function measure(bench: Bench, project: Project): Promise<void> {
  const folder = `${bench.folder}/${project.name}`, scratch = `${projectFolder}/.scratch/realworld`;
  for (const path of [folder, scratch]) Deno.mkdirSync(path, { recursive: true });
  project.fetch(folder, scratch);
  const ways = waysOf(bench), plan = plans[project.name], rounds = Math.min(bench.rounds, plan.rounds);
  await cold(ways, project, folder, Math.min(bench.rounds, plan.cold));
  const seconds = ways.map((): number[] => []), hits = ways.map(() => 0);
  for (const way of ways) if (way.contender !== undefined) await warm(way, project, folder);
  for (let round = 0; round < rounds; round++) {
    for (const [i, way] of ways.entries()) {
      if (way.contender === undefined && round >= plan.plain) continue;
      const found = await build(way, project, folder);
      seconds[i].push(found.seconds), hits[i] += found.hits;
    }
  }
  const title = `Warm build of ${project.what.split(/,| with/)[0]}, make -j2`,
    medians = seconds.map((all) => quantile(all, 0.5));
  console.log(`\n${title}, ${rounds} rounds (plain: ${seconds[0].length})\n`);
  row("", ["median s", "least", "to plain", "hits"]);
  const most = Math.max(...hits), bars: { name: string; value: number }[] = [];
  for (const [i, { name, contender }] of ways.entries()) {
    const refuses = contender !== undefined && hits[i] < most * leastShare;
    const numbers = [medians[i].toFixed(3), seconds[i][0].toFixed(3), (medians[i] / medians[0]).toFixed(3)];
    const shown = contender === undefined ? "" : (hits[i] / rounds).toFixed(1);
    row(name, [...numbers, shown, refuses ? "refuses" : ""]);
    if (!refuses) bars.push({ name, value: medians[i] * 1000 });
  }
  bench.figure({ title, unit: "ms", bars });
}

/** A case for each project. */
export const builds: Record<string, (bench: Bench) => Promise<void>> = Object.fromEntries(
  projects.filter(({ name }) => name in plans).map((project) => [project.name, async (bench: Bench) => {
    try {
      await measure(bench, project);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      console.log(`\n${project.what} is left out: ${error.message}`);
    }
  }]),
);
