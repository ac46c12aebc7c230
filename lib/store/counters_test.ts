import { assertEquals } from "@std/assert";
import { libc } from "../os/mod.ts";
import { addCounters, type Counters, readCounters, recentRuns, writeCounters } from "./counters.ts";
import { names } from "./layout.ts";

libc(); // opened here, so that no test seems to leak it

function folder(): string {
  const path = Deno.makeTempDirSync();
  Deno.mkdirSync(`${path}/tmp`);
  return path;
}
const some: Counters = {
  since: 5,
  counters: new Map([["hit", 2], ["miss", 1]]),
  recent: ["hit", "miss", "hit"],
};

Deno.test("counters come back as they were written, and are none where there is no file", () => {
  const path = folder();
  assertEquals(readCounters(path, 9), { since: 9, counters: new Map(), recent: [] });
  writeCounters(path, some);
  assertEquals(readCounters(path, 9), some);
  assertEquals([...Deno.readDirSync(`${path}/tmp`)], []);
});

Deno.test("counters with a flipped bit or a cut start over, and can be added to", () => {
  const path = folder(), file = `${path}/${names.stats}`;
  writeCounters(path, some);
  const bytes = Deno.readFileSync(file);
  const none: Counters = { since: 9, counters: new Map(), recent: [] };
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] ^= 1 << at % 8;
    Deno.writeFileSync(file, damaged);
    assertEquals(readCounters(path, 9), none, `byte ${at}`);
    Deno.writeFileSync(file, bytes.subarray(0, at));
    assertEquals(readCounters(path, 9), none, `cut at ${at}`);
  }
});

Deno.test("addCounters() sums by name, keeps the beginning and the last runs in order, and changes nothing given", () => {
  const sum = addCounters(some, new Map([["hit", 3], ["pass", 1]]), ["pass"]);
  assertEquals([sum.since, Object.fromEntries(sum.counters)], [5, { hit: 5, miss: 1, pass: 1 }]);
  assertEquals(sum.recent, ["hit", "miss", "hit", "pass"]);
  assertEquals(some.counters.get("hit"), 2);
  const many = addCounters(some, new Map(), Array.from({ length: recentRuns }, (_, i) => `${i}`));
  assertEquals([many.recent.length, many.recent[0], many.recent.at(-1)], [
    recentRuns,
    "0",
    `${recentRuns - 1}`,
  ]);
});
