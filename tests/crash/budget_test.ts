/** ZCCACHE_CACHE_SIZE_BYTES: over its limit the cache drops what was used least recently. */
import { assert, assertEquals } from "@std/assert";
import { libc } from "../../lib/os/mod.ts";
import { openStore, unitOf } from "../../lib/store/testing.ts";
import { until } from "../process/engine.ts";
import { Compiling, type Mode, modes } from "./compiling.ts";

libc(); // opened here, so that no test seems to leak it

const limit = 400_000;

/** Fills a cache with results of the last days, a tenth of a megabyte each, the oldest first. All lies in the journal. */
function fill(world: Compiling, count: number): void {
  const day = 86_400_000;
  let now = Date.now() - 9 * day;
  const { store } = openStore(`${world.cache}/v1`, "one-shot", { now: () => now });
  for (let i = 0; i < count; i++, now += day / 2) {
    const unit = unitOf(`old${i}`, "x", store.putBlob(new Uint8Array(100_000).fill(i + 1)));
    unit.result.err = new Uint8Array(150_000); // a journal long enough for a one-shot to rewrite
    store.put(unit);
  }
}

/** Which of the old results are left. */
async function left(world: Compiling, count: number): Promise<number[]> {
  const { store, end } = openStore(`${world.cache}/v1`, "one-shot");
  const found = Array.from({ length: count }, (_, i) => i).filter((i) =>
    store.candidates(unitOf(`old${i}`).key).some(({ unit }) => store.blobPath(unit.result.outputs[0].blob))
  );
  await end();
  return found;
}

const count = 12;
const notEarlier = (kept: number[]) =>
  assertEquals(kept, Array.from({ length: kept.length }, (_, i) => count - kept.length + i));

async function evicts(world: Compiling, mode: Mode): Promise<void> {
  await world.source("fresh", 4_000);
  fill(world, count);
  await world.build("fresh");
  if (mode === "daemon") await until("it evicts", () => /evicted results=\d+/.test(world.log()));
  await world.build("fresh");
  await world.stop();
  const kept = await left(world, count);
  assert(kept.length > 0 && kept.length < count, `kept ${kept}`);
  notEarlier(kept);
  const bytes = world.files(/objects\//).reduce(
    (sum, path) => sum + (Deno.statSync(path).blocks ?? 0) * 512,
    0,
  );
  assert(bytes <= limit, `${bytes} bytes are left`);
  assertEquals(await world.outcome("fresh"), "hit");
}

for (const mode of modes) {
  Deno.test(`a cache over ZCCACHE_CACHE_SIZE_BYTES drops what was used least recently, ${mode}`, async () => {
    await using world = new Compiling(mode, { ZCCACHE_CACHE_SIZE_BYTES: String(limit) });
    await evicts(world, mode);
  });
}
