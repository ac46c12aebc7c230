/**
 * What the store costs, printed; nothing is asserted.
 *
 *     deno run -A scripts/bench_store.ts [units, by default 50000]
 *
 * Units are shaped as compiles are: 120 inputs of a project's 2,000 headers, one output, absences in 4 folders.
 *
 * @module
 */
import { Store } from "../lib/store/mod.ts";
import { unitsOf } from "./bench_units.ts";

const text = (value: string) => new TextEncoder().encode(value);
const count = Number(Deno.args[0] ?? 50_000);
const unitOf = unitsOf({ headers: 2_000, each: 120 });

function open(folder: string, mode: "daemon" | "one-shot") {
  const abort = new AbortController();
  const store = Store.open({
    folder,
    mode,
    flushMs: 3_600_000,
    maxPending: 1 << 30,
    budgetBytes: 2 ** 40,
    signal: abort.signal,
    log: { info: () => {}, warn: (line) => console.log(line) },
    now: () => Date.now(),
  });
  return { store, end: () => (abort.abort(), store.closed) };
}

const residentMb = () => (Deno.memoryUsage().rss / 2 ** 20).toFixed(0);

function timed<T>(what: string, times: number, work: () => T): T {
  const began = performance.now();
  const value = work();
  const ms = performance.now() - began;
  console.log(
    `${what.padEnd(58)} ${times > 1 ? `${(ms * 1000 / times).toFixed(1)} us each` : `${ms.toFixed(1)} ms`}`,
  );
  return value;
}

async function timedFlush(what: string, store: Store): Promise<void> {
  const began = performance.now();
  const committed = await store.flush();
  console.log(`${what.padEnd(58)} ${(performance.now() - began).toFixed(1)} ms, ${committed} records`);
}

function range<T>(from: number, to: number, work: (i: number) => T): void {
  for (let i = from; i < to; i++) work(i);
}

async function small(folder: string): Promise<void> {
  const { store, end } = open(folder, "daemon");
  range(0, 200, (i) => store.put(unitOf(i))); // warm
  const units = Array.from({ length: 1_000 }, (_, i) => unitOf(1_000 + i));
  await store.flush();
  timed("put", units.length, () => units.forEach((unit) => store.put(unit)));
  await timedFlush("flush of 1,000 records into a small index", store);
  timed("putBlob of 9 kB", 500, () => range(0, 500, (i) => store.putBlob(text(`${i}`.padEnd(9_000)))));
  await end();
}

async function large(folder: string): Promise<void> {
  const first = open(folder, "daemon");
  timed(`put of ${count} units`, count, () => range(0, count, (i) => first.store.put(unitOf(i))));
  await timedFlush("their flush", first.store);
  await first.end();
  const bytes = [...Deno.readDirSync(`${folder}/index`)].reduce(
    (sum, { name }) => sum + Deno.statSync(`${folder}/index/${name}`).size,
    0,
  );
  console.log(`${"the index on disk".padEnd(58)} ${(bytes / 2 ** 20).toFixed(1)} MiB`);
}

/** In a process of its own, so that memory means something. */
async function load(folder: string): Promise<void> {
  console.log(`${"resident memory before".padEnd(58)} ${residentMb()} MB`);
  const { store, end } = timed(
    `open of ${count} units, as a daemon (load_all)`,
    1,
    () => open(folder, "daemon"),
  );
  console.log(`${"resident memory after load_all".padEnd(58)} ${residentMb()} MB`);
  const key = (i: number) => unitOf(i).key,
    keys = Array.from({ length: 2_000 }, (_, i) => key(i * 7 % count));
  timed("candidates() and unit, its shard not decoded yet", 1, () => store.candidates(keys[0])[0].unit);
  timed(
    "candidates() and unit, mixed, first 2,000",
    keys.length,
    () => keys.forEach((key) => store.candidates(key)[0].unit),
  );
  timed(
    "candidates() and unit, again",
    keys.length,
    () => keys.forEach((key) => store.candidates(key)[0].unit),
  );
  console.log(`${"resident memory after all shards were asked".padEnd(58)} ${residentMb()} MB`);
  const units = Array.from({ length: 1_000 }, (_, i) => unitOf(count + i));
  timed("put, large index", units.length, () => units.forEach((unit) => store.put(unit)));
  await timedFlush("flush of 1,000 records into a large index", store);
  await end();
  const one = timed(`open of ${count} units, one-shot`, 1, () => open(folder, "one-shot"));
  timed("its first candidates() and unit", 1, () => one.store.candidates(keys[1])[0].unit);
  timed("its put", 1, () => one.store.put(unitOf(count + 5_000)));
  await one.end();
}

if (Deno.args[1] !== undefined) await load(Deno.args[1]);
else {
  const folder = Deno.makeTempDirSync();
  try {
    await small(`${folder}/small`);
    await large(`${folder}/large`);
    await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", import.meta.filename!, String(count), `${folder}/large`],
    }).spawn().status;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
