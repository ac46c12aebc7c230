/** While another process holds the index nobody who asks a daemon waits, and nothing is lost once it lets go. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { fromText } from "../base/bytes.ts";
import { type HeldLock, libc, takeLock } from "../os/mod.ts";
import { keyOf, openStore as setup, unitOf } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

/** Holds the index of the store in `folder` as another process would. */
function hold(folder: string): HeldLock {
  const lock = takeLock(fromText(`${folder}/index/lock`));
  assert(typeof lock === "object");
  return lock;
}
/** How many candidates of each name another process finds. */
function found(folder: string, names: readonly string[]): number[] {
  const { store, abort } = setup(folder, "one-shot");
  const counts = names.map((name) => store.candidates(keyOf(name)).length);
  abort.abort();
  return counts;
}
function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

Deno.test("what a daemon puts while the index is held is there at once, and on disk soon after", async () => {
  const { store, folder, clock, end, warnings } = setup();
  store.put(unitOf("first"));
  const lock = hold(folder);
  const ms = timed(() => {
    store.put(unitOf("a"));
    store.put(unitOf("b"));
    store.drop(store.candidates(keyOf("a"))[0].id);
    store.remember("/large", new Uint8Array(40), keyOf("large"));
  });
  assert(ms < 200, `${ms} ms`);
  assertEquals(store.unwritten, 4);
  assertEquals(["first", "a", "b"].map((name) => store.candidates(keyOf(name)).length), [1, 0, 1]);
  clock.advance(100);
  assertEquals(found(folder, ["first", "a", "b"]), [1, 0, 0]);
  lock.release();
  clock.advance(100);
  assertEquals(found(folder, ["first", "a", "b"]), [1, 0, 1]);
  assertEquals(clock.tickers, 3); // flush and eviction go on, trying again does not
  await end();
  assertEquals([found(folder, ["first", "a", "b"]), warnings], [[1, 0, 1], []]);
});

Deno.test("what waits comes before what is put next", async () => {
  const { store, folder, end } = setup();
  store.put(unitOf("first"));
  const lock = hold(folder);
  store.put(unitOf("a", "old"));
  lock.release();
  store.drop(store.candidates(keyOf("a"))[0].id);
  assertEquals(found(folder, ["a"]), [0]);
  await end();
});

Deno.test("what waits is not forgotten where another process moves the journal into the shards before", async () => {
  const { store, folder, clock, end } = setup();
  store.put(unitOf("first"));
  const lock = hold(folder);
  store.put(unitOf("a"));
  lock.release();
  const other = setup(folder, "one-shot"), large = unitOf("large");
  large.result.err = new Uint8Array(2 << 20); // a journal that the one-shot does not leave so long
  other.store.put(large);
  await other.end();
  clock.advance(100);
  const names = ["first", "a", "large"];
  assertEquals(names.map((name) => store.candidates(keyOf(name)).length), [1, 1, 1]);
  assertEquals(found(folder, names), [1, 1, 1]);
  await end();
  assertEquals(found(folder, names), [1, 1, 1]);
});

Deno.test("a flush does not stop the thread while the index is held, and is tried again", async () => {
  const { store, folder, clock, end, warnings } = setup();
  store.put(unitOf("first"));
  store.count([["run hit compile", 1]], "hit");
  const lock = hold(folder);
  let turns = 0;
  const turning = setInterval(() => turns++, 10);
  assertEquals(await store.flush(), 0);
  clearInterval(turning);
  assert(turns > 50, `${turns} turns`);
  assertMatch(warnings.join(), /WAL flush failed, .* is held by another process/);
  lock.release();
  clock.advance(5_000);
  assert(await store.flush() >= 0);
  assertEquals(setup(folder, "one-shot").store.counters().counters.get("run hit compile"), 1);
  await end();
});

Deno.test("a store ends within bounds while the index is held, and says what is lost", async () => {
  const { store, folder, end, warnings } = setup();
  store.put(unitOf("first"));
  const lock = hold(folder);
  store.put(unitOf("a"));
  const began = performance.now();
  await end();
  assert(performance.now() - began < 4_000);
  assertMatch(warnings.join("\n"), /^1 records are lost/m);
  lock.release();
});

Deno.test("a process that runs once waits for the index once, not each time", () => {
  const { store, folder, abort } = setup(undefined, "one-shot");
  store.put(unitOf("first"));
  const lock = hold(folder);
  const wait = timed(() => assertThrows(() => store.put(unitOf("a")), Error, "held by another process"));
  const again = timed(() => assertThrows(() => store.put(unitOf("b")), Error, "held by another process"));
  assert(wait > 1_000 && wait < 8_000 && again < 100, `${wait} ms, then ${again} ms`);
  lock.release();
  store.put(unitOf("c"));
  assertEquals(found(folder, ["a", "b", "c"]), [0, 0, 1]);
  abort.abort();
});
