/**
 * What the cases of scripts/bench share: commands in turns through bench_spawn.c, and how figures are printed and
 * kept for the plot.
 *
 * Keeps true: what is compared was run in turns, in one run of the benchmark, with the compiler's own environment; no
 * figure that is called a hit's is of anything else.
 *
 * @module
 */
import { type Contender, hitCount } from "./bench_peers.ts";

/** A line for bench_spawn. */
export interface Command {
  name: string;
  env: Record<string, string>;
  words: string[];
}

export interface Timing {
  name: string;
  /** µs. */
  median: number;
  p10: number;
  p99: number;
  cpu: number;
  /** Median of what it took more than the first command in the same round: a slow moment is slow for both. */
  more: number;
}

/** One group of bars in the plot: less is better, unless `more` says otherwise. */
export interface Figure {
  title: string;
  unit: string;
  more?: boolean;
  bars: { name: string; value: number }[];
}

/** What every case works with. */
export interface Bench {
  /** The benchmark's own; removed at the end. */
  folder: string;
  spawner: string;
  rounds: number;
  contenders: Contender[];
  /** Takes a group of bars for the plot. */
  figure(figure: Figure): void;
}

/** Where a small C file is compiled. */
export const gcc = "/usr/bin/gcc";
export const paths = "/usr/bin:/bin";

/** Median and the like of numbers, which are sorted in place. */
export function quantile(numbers: number[], part: number): number {
  numbers.sort((a, b) => a - b);
  return numbers[Math.min(numbers.length - 1, Math.floor(numbers.length * part))];
}

/** Microseconds as milliseconds with as many digits as mean something. */
export function ms(us: number): string {
  return (us / 1000).toFixed(us < 100_000 ? 2 : 0);
}

/** A row of a table: a name, then numbers at the right. */
export function row(name: string, cells: readonly string[], width = 11): void {
  console.log(`  ${name.padEnd(34)}${cells.map((cell) => cell.padStart(width)).join("")}`);
}

function lineOf(folder: string, { name, env, words }: Command): string {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  return [name, folder, variables.join("\x1f"), words.join("\x1f")].join("\t");
}

/** bench_spawn at work; what it prints is read meanwhile, for a full pipe would stop it. */
export interface Spawner {
  child: Deno.ChildProcess;
  output: Promise<Deno.CommandOutput>;
}

/** Starts bench_spawn with commands that run in `folder`. */
export async function startSpawner(
  { spawner, folder }: Pick<Bench, "spawner" | "folder">,
  commands: Command[],
  args: string[],
): Promise<Spawner> {
  const child = new Deno.Command(spawner, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter(), lines = commands.map((command) => lineOf(folder, command));
  await writer.write(new TextEncoder().encode(lines.join("\n") + "\n"));
  await writer.close();
  return { child, output };
}

/** What bench_spawn printed, in fields. */
export async function endSpawner({ output }: Spawner): Promise<string[][]> {
  const { code, stdout, stderr } = await output;
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr).trim());
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.split("\t"));
}

export async function spawnAll(
  bench: Pick<Bench, "spawner" | "folder">,
  commands: Command[],
  args: string[],
): Promise<string[][]> {
  return await endSpawner(await startSpawner(bench, commands, args));
}

/** Commands in turns, `times` times each. `turning`: in another order each time, where none needs what another left. */
export async function timings(
  bench: Pick<Bench, "spawner" | "folder">,
  commands: Command[],
  times: number,
  order: "same" | "turning" = "same",
): Promise<Timing[]> {
  const rows = await spawnAll(bench, commands, [String(times), ...order === "turning" ? [order] : []]);
  return rows.map(([name, ...numbers]) => {
    const [median, p10, p99, cpu, more] = numbers.map(Number);
    return { name, median, p10, p99, cpu, more };
  });
}

/** Words with %C filled in: each contender writes files of its own. One peer's are hard links into its cache. */
function named(words: string[], name: string): string[] {
  return words.map((word) => word.replace("%C", name.replace(/\W+/g, "-")));
}

/** The command of one contender; a link stands for the compiler itself. */
export function through(
  { name, before, isLink, env }: Contender,
  compiler: string,
  words: string[],
): Command {
  const file = compiler.slice(compiler.lastIndexOf("/"));
  const prefix = isLink ? [before[0].replace(/\/[^/]*$/, file)] : [...before, compiler];
  return { name, env, words: [...prefix, ...named(words, name)] };
}

export function plain(compiler: string, words: string[]): Command {
  return { name: "plain compiler", env: { PATH: paths }, words: [compiler, ...named(words, "plain")] };
}

/** What starting any process costs. */
export function floors(folder: string): Command[] {
  return [
    { name: "/bin/true", env: {}, words: ["/bin/true"] },
    { name: "static empty program", env: {}, words: [`${folder}/empty`] },
  ];
}

/** How many of a contender's runs hit while something was measured. */
export interface Counted {
  hits: number;
  runs: number;
}

/** Counts hits of contenders while `work` runs `runs` commands of each. */
export async function counting<T>(
  contenders: readonly Contender[],
  runs: number,
  work: () => Promise<T>,
): Promise<{ result: T; counts: Map<string, Counted> }> {
  const count = () => Promise.all(contenders.map(hitCount));
  const before = await count(), result = await work(), after = await count();
  const counts = contenders.map((
    { name },
    i,
  ): [string, Counted] => [name, { hits: after[i] - before[i], runs }]);
  return { result, counts: new Map(counts) };
}

/** Below this part of hits a peer's figure would be of compiles. The watchers of some miss a change now and then. */
const leastShare = 0.9;

/**
 * Whether what was measured are hits. A peer's row then says that they are not, and it gets no bar.
 *
 * @throws {Error} for ours where a single run did not hit: a figure of it that is not of hits would be a false claim
 */
export function areHits({ name, ours }: Contender, counted: Counted): boolean {
  if (ours && counted.hits !== counted.runs) throw new Error(`${name}: only ${shownHits(counted)} runs hit`);
  return counted.hits >= counted.runs * leastShare;
}

export function shownHits({ hits, runs }: Counted): string {
  return `${hits}/${runs}`;
}
