/** A flush writes shard after shard while everything goes on: whatever happens meanwhile, nothing put is lost, nothing removed comes back. */
import { assertEquals } from "@std/assert";
import { libc } from "../os/mod.ts";
import { keyOf, openStore as setup, unitOf } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

const many = Array.from({ length: 40 }, (_, i) => `n${i}`);

/** Puts units, begins their flush and lets it get somewhere. */
async function flushing(upTo: number) {
  const opened = setup(), { store } = opened;
  for (const name of many) store.put(unitOf(name));
  const flushed = store.flush();
  for (let i = 0; i < upTo; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  return { ...opened, flushed };
}
/** How many candidates of each name another process finds, as if this one had been killed. */
function found(folder: string, names: readonly string[]): number[] {
  const { store, abort } = setup(folder, "one-shot");
  const counts = names.map((name) => store.candidates(keyOf(name)).length);
  abort.abort();
  return counts;
}

const moments = [0, 1, 3, 10, 30];

for (const moment of moments) {
  Deno.test(`what is put during a flush outlives a kill after it (moment ${moment})`, async () => {
    const { store, folder, flushed, end, warnings } = await flushing(moment);
    for (const name of many) store.put(unitOf(name, "other"));
    store.drop(store.candidates(keyOf("n3"))[0].id);
    await flushed;
    const wanted = many.map((name) => name === "n3" ? 1 : 2);
    assertEquals(found(folder, many), wanted);
    await end();
    assertEquals(found(folder, many), wanted);
    assertEquals(warnings, []);
  });

  Deno.test(`what another process puts during a flush is kept (moment ${moment})`, async () => {
    const { store, folder, flushed, end } = await flushing(moment);
    const other = setup(folder, "one-shot");
    for (const name of many) other.store.put(unitOf(name, "other"));
    await flushed;
    assertEquals(found(folder, many), many.map(() => 2));
    store.put(unitOf("last")); // takes in what the other put
    assertEquals(many.map((name) => store.candidates(keyOf(name)).length), many.map(() => 2));
    await end();
    await other.end();
    assertEquals(found(folder, many), many.map(() => 2));
  });

  Deno.test(`what is removed during a flush does not come back (moment ${moment})`, async () => {
    const { store, folder, flushed, end } = await flushing(moment);
    await store.clear();
    store.put(unitOf("after"));
    await flushed;
    assertEquals([found(folder, many), found(folder, ["after"])], [many.map(() => 0), [1]]);
    await end();
    assertEquals([found(folder, many), found(folder, ["after"])], [many.map(() => 0), [1]]);
  });
}

Deno.test("another process may move everything into the shards during a flush", async () => {
  const { store, folder, flushed, end } = await flushing(3);
  const other = setup(folder, "one-shot");
  const large = unitOf("large");
  large.result.err = new Uint8Array(2 << 20); // a journal that the one-shot does not leave so long
  other.store.put(large);
  await other.end();
  store.put(unitOf("n1", "other"));
  await flushed;
  assertEquals(found(folder, [...many, "large"]), [...many, "large"].map((name) => name === "n1" ? 2 : 1));
  await end();
  assertEquals(found(folder, [...many, "large"]), [...many, "large"].map((name) => name === "n1" ? 2 : 1));
});
