/**
 * A cache with 50,000 results of 300 headers each: what start, memory, hits during a flush and one-shot hits cost, beside
 * a cache with next to nothing in it.
 *
 * The results are made by the store's own code; the hits are of a real compile with 300 headers stored among them.
 *
 * @module
 */
import { processesOf, residentMb } from "./bench_processes.ts";
import {
  type Bench,
  type Command,
  endSpawner,
  ms,
  quantile,
  row,
  spawnAll,
  startSpawner,
  timings,
} from "./bench_tools.ts";
import { writeManyHeaders } from "./bench_runs.ts";
import { exists, must, projectFolder, run } from "./steps.ts";

const unitCount = 50_000, recordCount = 2_048, headerCount = 300;
const starts = 7, flushes = 3;
/** The first tick comes when the daemon has served for a while. */
const flushMs = 4_000, longestFlushSeconds = 60;
const executable = `${projectFolder}/dist/zccache`;

/** A cache of ours with a home of its own. */
class Cache {
  readonly env: Record<string, string>;
  readonly store: string;

  constructor(readonly bench: Bench, readonly name: string) {
    const home = `${bench.folder}/cache of ${name}`;
    Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
    this.store = `${home}/cache/v1`;
    this.env = {
      PATH: "/usr/bin:/bin",
      HOME: home,
      XDG_RUNTIME_DIR: home,
      ZCCACHE_CACHE_DIR: `${home}/cache`,
      ZCCACHE_WAL_FLUSH_MS: String(flushMs),
    };
  }

  command(words: string[], more: Record<string, string> = {}): Command {
    return {
      name: this.name,
      env: { ...this.env, ...more },
      words: [executable, "wrap", "/usr/bin/g++", ...words.map((word) => word.replace("%C", "large"))],
    };
  }

  async start(): Promise<void> {
    await must([executable, "start"], { env: this.env });
  }
  /** The daemon's resident memory; `status` would make it look at everything first. */
  memory(): number {
    return Math.max(...processesOf(this.env.HOME).map(residentMb));
  }
  async stop(): Promise<void> {
    await run([executable, "stop"], { env: this.env, timeoutMs: 120_000 });
  }
  async hits(): Promise<number> {
    return JSON.parse(await must([executable, "stats", "--json"], { env: this.env })).hits;
  }
  /** @throws {Error} where what was measured were not hits */
  async expectHits(before: number, runs: number): Promise<void> {
    const hits = await this.hits() - before;
    if (hits !== runs) throw new Error(`${this.name}: only ${hits} of ${runs} runs hit`);
  }
  /** What the store's own code writes. */
  async fill(how: "shards" | "journal", count: number): Promise<void> {
    const script = `${projectFolder}/scripts/bench_units.ts`;
    await must([Deno.execPath(), "run", "-A", script, how, this.store, String(count)]);
  }
}

/**
 * From the first client, without a daemon, to its hit: µs, and the daemon's memory then; undefined where the client ran
 * the compiler because a busy machine had no daemon ready in time.
 */
async function startToHit(
  cache: Cache,
  words: string[],
): Promise<{ wall: number; memory: number } | undefined> {
  const before = await cache.hits();
  await cache.stop();
  const [[, wall]] = await spawnAll(cache.bench, [cache.command(words)], ["1"]);
  const memory = cache.memory();
  if (await cache.hits() !== before + 1) return undefined;
  return { wall: Number(wall), memory };
}

async function measureStarts(caches: Cache[], words: string[]): Promise<void> {
  const walls = caches.map((): number[] => []), memories = caches.map((): number[] => []);
  for (let round = 0; round < starts; round++) {
    for (const [i, cache] of caches.entries()) {
      const found = await startToHit(cache, words);
      if (found !== undefined) walls[i].push(found.wall), memories[i].push(found.memory);
    }
  }
  console.log(`\nDaemon start to first hit, ${starts} rounds\n`);
  row("", ["median ms", "RSS MB then", "hits"], 14);
  if (walls.some((wall) => wall.length === 0)) throw new Error("No start of a daemon ended in a hit");
  const medians = walls.map((wall) => quantile(wall, 0.5));
  for (const [i, { name }] of caches.entries()) {
    row(name, [ms(medians[i]), quantile(memories[i], 0.5).toFixed(0), `${walls[i].length}/${starts}`], 14);
  }
  const bars = caches.map(({ name }, i) => ({ name: `ours, ${name}`, value: medians[i] / 1000 }));
  caches[0].bench.figure({ title: "Daemon start to first hit", unit: "ms", bars });
}

/** One flush of records that a killed process left in the journal, with hits one after another all the while. */
async function hitsDuringFlush(
  cache: Cache,
  words: string[],
): Promise<{ quiet: number[]; during: number[] }> {
  await cache.stop();
  const before = await cache.hits(); // a daemon that is asked for its numbers flushes first
  await cache.fill("journal", recordCount);
  await cache.start();
  const spawner = await startSpawner(cache.bench, [cache.command(words)], [
    "1",
    String(longestFlushSeconds),
    "each",
  ]);
  const journal = `${cache.store}/index/journal.log`, full = Deno.statSync(journal).size;
  let end = 0;
  for (let i = 0; i < longestFlushSeconds * 20 && end === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { size, mtime } = Deno.statSync(journal);
    if (size < full / 2) end = mtime!.getTime();
  }
  spawner.child.kill("SIGTERM");
  const runs = (await endSpawner(spawner)).map(([began, wall]) => ({
    began: Number(began) / 1000,
    wall: Number(wall),
  }));
  await cache.expectHits(before, runs.length);
  const begin = Math.min(...writtenSince(`${cache.store}/index`, runs[0].began));
  if (end === 0 || begin > end) throw new Error("no flush was seen");
  const of = (from: number, to: number) =>
    runs.filter((run) => run.began >= from && run.began < to).map((run) => run.wall);
  return { quiet: of(runs[20].began, begin - 50), during: of(begin - 20, end) };
}

/** When each shard was written, of those written since then. */
function writtenSince(folder: string, since: number): number[] {
  return [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".msgpack"))
    .map(({ name }) => Deno.statSync(`${folder}/${name}`).mtime!.getTime()).filter((at) => at >= since);
}

async function measureFlush(cache: Cache, words: string[]): Promise<void> {
  const quiet: number[] = [], during: number[] = [], seconds: number[] = [];
  for (let round = 0; round < flushes; round++) {
    const found = await hitsDuringFlush(cache, words);
    quiet.push(...found.quiet), during.push(...found.during);
    seconds.push(found.during.reduce((sum, wall) => sum + wall, 0) / 1e6);
  }
  console.log(
    `\nHits during a flush of ${recordCount} records, ${flushes} flushes of ${
      seconds.map((s) => s.toFixed(1)).join(", ")
    } s\n`,
  );
  row("", ["median ms", "p90", "p99", "most", "hits"]);
  for (const [name, walls] of [["no flush", quiet], ["during a flush", during]] as const) {
    row(name, [0.5, 0.9, 0.99, 1].map((part) => ms(quantile(walls, part))).concat(String(walls.length)));
  }
  const over = quantile(during, 0.99) - quantile(quiet, 0.5);
  console.log(`\n  p99 during a flush is ${ms(over)} ms over the median without one`);
}

async function measureOneShot(caches: Cache[], words: string[]): Promise<void> {
  const rounds = 30;
  for (const cache of caches) await cache.stop();
  const commands = caches.map((cache) => cache.command(words, { ZCCACHE_DAEMON: "off" }));
  await timings(caches[0].bench, commands, 2);
  const before = await Promise.all(caches.map((cache) => cache.hits()));
  const rows = await timings(caches[0].bench, commands, rounds),
    [{ median: small }, { median: large }] = rows;
  for (const [i, cache] of caches.entries()) await cache.expectHits(before[i], rounds);
  console.log(`\nOne-shot hit, ${rounds} rounds\n`);
  row("", ["median ms", "p10", "p99", "CPU ms"]);
  for (const { name, median, p10, p99, cpu } of rows) row(name, [ms(median), ms(p10), ms(p99), ms(cpu)]);
  console.log(`\n  ${(large / small).toFixed(2)} times that with 10`);
}

/** See the head of this file. */
export async function large(bench: Bench): Promise<void> {
  const words = writeManyHeaders(bench.folder, headerCount);
  const small = new Cache(bench, "10 results"), many = new Cache(bench, `${unitCount} results`);
  const empty = new Cache(bench, "nothing");
  try {
    await empty.start();
    const emptyMb = empty.memory();
    for (const cache of [small, many]) await spawnAll(bench, [cache.command(words)], ["2"]);
    for (const cache of [small, many]) await cache.stop();
    await small.fill("shards", 10);
    await many.fill("shards", unitCount);
    const indexMb = Number((await must(["du", "-sm", `${many.store}/index`])).split("\t")[0]);
    console.log(`\n${unitCount} results of ${headerCount} headers: the index takes ${indexMb} MB on disk`);
    console.log(`An empty daemon takes ${emptyMb.toFixed(0)} MB`);
    await measureStarts([small, many], words);
    await measureOneShot([small, many], words);
    await measureFlush(many, words);
    console.log(`\n  resident memory after them: ${many.memory().toFixed(0)} MB`);
  } finally {
    for (const cache of [empty, small, many]) if (exists(`${cache.store}/format`)) await cache.stop();
  }
}
