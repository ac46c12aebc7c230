import { assert, assertEquals } from "@std/assert";
import { sha256 } from "../base/digest.ts";
import { hex } from "../base/digest.ts";
import { libc } from "../os/mod.ts";
import { type Blob, budgetOf, type Candidate, victims } from "./eviction.ts";
import { openStore, text, unitOf } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

const now = 100 * 3_600_000, old = 0;
const blob = (name: string, bytes: number, madeMs = old): Blob => ({
  digits: hex(sha256(text(name))),
  bytes,
  madeMs,
});
function stored(id: number, used: number, ...blobs: string[]): Candidate {
  return { id, used, blobs: [...new Set(blobs)].map((name) => hex(sha256(text(name)))) };
}
const digits = (...names: string[]) => names.map((name) => hex(sha256(text(name))));

Deno.test("victims() takes nothing within the budget", () => {
  assertEquals(victims([stored(1, 1, "a")], [blob("a", 100)], 100, now), { units: [], blobs: [] });
});

Deno.test("victims() takes what was not used for longest, down to four fifths of the budget", () => {
  const units = [stored(1, 30, "a"), stored(2, 10, "b"), stored(3, 20, "c"), stored(4, 40, "d")];
  const blobs = ["a", "b", "c", "d"].map((name) => blob(name, 100));
  assertEquals(victims(units, blobs, 399, now), { units: [2], blobs: digits("b") });
  assertEquals(victims(units, blobs, 374, now), { units: [2, 3], blobs: digits("b", "c") });
  assertEquals(victims(units, blobs, 0, now), { units: [2, 3, 1, 4], blobs: digits("b", "c", "a", "d") });
});

Deno.test("victims() keeps a blob while a unit that stays names it", () => {
  const units = [stored(1, 1, "shared", "own"), stored(2, 2, "shared"), stored(3, 3, "last")];
  const blobs = [blob("shared", 100), blob("own", 10), blob("last", 100)];
  assertEquals(victims(units, blobs, 209, now), { units: [1, 2], blobs: digits("own", "shared") });
  assertEquals(victims(units, blobs, 205, now).units, [1, 2], "dropping the first frees too little");
});

Deno.test("victims() takes what no unit names, except where it is young, before any unit", () => {
  const blobs = [blob("a", 100), blob("stray", 100), blob("young", 100, now - 60_000)];
  assertEquals(victims([stored(1, 1, "a")], blobs, 250, now), { units: [], blobs: digits("stray") });
  assertEquals(victims([stored(1, 1, "a")], blobs, 150, now), { units: [1], blobs: digits("stray", "a") });
});

Deno.test("victims() counts a blob of two outputs of a unit once, and one that is missing not at all", () => {
  const units = [stored(1, 1, "twice", "twice", "missing"), stored(2, 2, "b")];
  assertEquals(victims(units, [blob("twice", 100), blob("b", 100)], 150, now), {
    units: [1],
    blobs: digits("twice"),
  });
});

Deno.test("budgetOf() obeys the user, and by itself stays within its bounds and leaves room", () => {
  const GiB = 2 ** 30;
  assertEquals(budgetOf("/tmp", 0, 12_345), 12_345);
  const own = budgetOf("/tmp", 0, undefined);
  assert(own >= 0 && own <= 200 * GiB, `${own}`);
  assertEquals(budgetOf("/proc/none", 5, undefined), 40 * GiB, "no file system answers there");
  assertEquals(budgetOf("/proc/none", 5, 7), 7);
  // A volume without any room: what is used, less what must be left free.
  assertEquals(budgetOf("/proc", 5, undefined), 5);
});

Deno.test("Store.evict() drops the results that were used least recently, with their blobs, for good", async () => {
  const folder = Deno.makeTempDirSync() + "/v1";
  let now = 1_700_000_000_000;
  const options = { budgetBytes: 40_000, now: () => now };
  const { store, end } = openStore(folder, "daemon", options);
  for (let i = 0; i < 4; i++, now += 7_200_000) {
    store.put(unitOf(`n${i}`, "x", store.putBlob(new Uint8Array(10_000).fill(i))));
  }
  store.touch(store.candidates(unitOf("n0").key)[0].id);
  const found = () => [0, 1, 2, 3].filter((i) => store.candidates(unitOf(`n${i}`).key).length > 0);
  assert(await store.evict() > 0);
  const left = found();
  assert(left.includes(0) && left.includes(3) && !left.includes(1), `${left}`);
  assertEquals(store.sizes().blobs, left.length);
  assert(store.sizes().bytes <= 40_000);
  assertEquals(await store.evict(), 0);
  const again = openStore(folder, "one-shot", options); // as after a kill
  assertEquals([0, 1, 2, 3].filter((i) => again.store.candidates(unitOf(`n${i}`).key).length > 0), left);
  await again.end();
  await end();
});

Deno.test("a daemon's store looks at its size soon after the start, and every five minutes", async () => {
  const folder = Deno.makeTempDirSync() + "/v1";
  const first = openStore(folder);
  for (let i = 0; i < 4; i++) first.store.put(unitOf(`n${i}`, "x", first.store.putBlob(text(`blob ${i}`))));
  await first.end();
  const { store, clock, end } = openStore(folder, "daemon", { budgetBytes: 1 });
  assertEquals(store.sizes().units, 4, "not in a client's way");
  const settle = () => new Promise((resolve) => setTimeout(resolve, 50));
  clock.advance(2_000);
  await settle();
  assertEquals(store.sizes().units, 0);
  store.put(unitOf("later", "x", store.putBlob(text("later"))));
  clock.advance(60_000);
  await settle();
  assertEquals(store.sizes().units, 1);
  clock.advance(240_000);
  await settle();
  assertEquals(store.sizes().units, 0);
  await end();
});
