/**
 * Hits of many clients at once: how many a second, what CPU time one costs, and how near ours come to the ceiling.
 *
 * @module
 */
import { startCeiling } from "./bench_ceiling.ts";
import { type Contender, end, hitCount } from "./bench_peers.ts";
import { cpuOf } from "./bench_processes.ts";
import {
  areHits,
  type Bench,
  floors,
  gcc,
  quantile,
  row,
  shownHits,
  spawnAll,
  through,
} from "./bench_tools.ts";

const workers = 8, seconds = 2, rounds = 7;
const words = ["-c", "small.c", "-o", "%C-%W.o"];

/** What one round found. */
interface Round {
  perSecond: number;
  /** CPU ms a hit: of clients, and of what serves them. */
  client: number;
  daemon: number;
  runs: number;
  hits: number;
}

async function once(bench: Bench, contender: Contender | undefined): Promise<Round> {
  const command = contender === undefined ? floors(bench.folder)[0] : through(contender, gcc, words);
  const used = () => contender === undefined ? 0 : cpuOf(contender.home);
  const hits = async () => contender === undefined ? 0 : await hitCount(contender);
  const [cpuBefore, hitsBefore] = [used(), await hits()];
  const [[, rate, cpu]] = await spawnAll(bench, [command], [String(workers), String(seconds)]);
  const daemonMs = used() - cpuBefore, perSecond = Number(rate), runs = Math.round(perSecond * seconds);
  return {
    perSecond,
    client: Number(cpu) / 1000,
    daemon: daemonMs / runs,
    runs,
    hits: await hits() - hitsBefore,
  };
}

/** In each round the share of what the ceiling reached just before: the middle one, as shown. */
function share(found: Round[], ceiling: Round[]): string {
  const shares = found.map(({ perSecond }, i) => perSecond / ceiling[i].perSecond);
  return `${(quantile(shares, 0.5) * 100).toFixed(0)} %`;
}

/** See the head of this file. */
export async function parallel(bench: Bench): Promise<void> {
  const entries = bench.contenders.filter(({ ours }) => ours), ceilings = new Map<string, Contender>();
  for (const one of bench.contenders) {
    await spawnAll(bench, [through(one, gcc, words)], [String(workers), "1"]);
  }
  for (const entry of entries) ceilings.set(entry.name, await startCeiling(bench.folder, entry));
  try {
    for (const entry of entries) {
      const command = through(ceilings.get(entry.name)!, gcc, words), once = [String(workers), "1"];
      await spawnAll(bench, [{ ...command, env: entry.env }], once); // ours learns what the ceiling then learns of it
      await spawnAll(bench, [command], once);
    }
    const all = [undefined, ...bench.contenders.flatMap((one) => [ceilings.get(one.name) ?? [], one].flat())];
    const found = all.map((): Round[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, contender] of all.entries()) found[i].push(await once(bench, contender));
    }
    show(bench, all, found, ceilings);
  } finally {
    for (const one of ceilings.values()) await end(one);
  }
}

function show(
  bench: Bench,
  all: (Contender | undefined)[],
  found: Round[][],
  ceilings: Map<string, Contender>,
): void {
  console.log(`\nHits of ${workers} clients at once, ${rounds} rounds of ${seconds} s each\n`);
  row("", ["a second", "CPU ms: all", "client", "daemon", "of ceiling", "hits"], 13);
  const rates: { name: string; value: number }[] = [], costs: typeof rates = [];
  for (const [i, contender] of all.entries()) {
    const of = (field: keyof Round) => quantile(found[i].map((one) => one[field]), 0.5);
    const sum = (field: "runs" | "hits") => found[i].reduce((all, one) => all + one[field], 0);
    const name = contender?.name ?? "/bin/true", cpu = of("client") + of("daemon");
    const counted = { hits: sum("hits"), runs: sum("runs") };
    const hits = contender === undefined ? "" : shownHits(counted);
    if (contender !== undefined && !areHits(contender, counted)) {
      row(name, ["refuses", "", "", "", "", hits], 13);
      continue;
    }
    const ceiling = ceilings.get(name),
      ofCeiling = ceiling === undefined ? "" : share(found[i], found[all.indexOf(ceiling)]);
    const numbers = [cpu, of("client"), of("daemon")].map((number) => number.toFixed(2));
    row(name, [of("perSecond").toFixed(0), ...numbers, ofCeiling, hits], 13);
    rates.push({ name, value: of("perSecond") });
    if (contender !== undefined) costs.push({ name, value: cpu });
  }
  bench.figure({ title: `Hits a second, ${workers} clients`, unit: "a second", more: true, bars: rates });
  bench.figure({ title: `CPU time a hit, ${workers} clients, daemon included`, unit: "ms", bars: costs });
}
