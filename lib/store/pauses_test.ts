/**
 * Whatever happens at a pause of a flush is neither lost nor undone: each test is run once for each pause, with time that
 * is always up, so that every step of the work is followed by one.
 */
import { assert, assertEquals } from "@std/assert";
import { libc } from "../os/mod.ts";
import { names } from "./layout.ts";
import type { Store } from "./mod.ts";
import { keyOf, openStore as setup, unitOf } from "./testing.ts";

libc(); // opened here, so that no test seems to leak it

/** Names whose units lie in one shard. */
const [a, b, c, d, e, f] = (function* neighbours(): Generator<string> {
  for (let i = 0;; i++) if (keyOf(`n${i}`)[0] === 7) yield `n${i}`;
})().take(6);
const hourMs = 3_600_000;

/** A folder whose shard holds units of `a`, `b` and `c`, and whose journal another of `a` and one of `d`. */
async function filled(): Promise<string> {
  const { store, folder, end } = setup();
  for (const name of [a, b, c]) store.put(unitOf(name));
  await end();
  const killed = setup(folder, "one-shot"); // it is not ended
  for (const unit of [unitOf(a, "second"), unitOf(d)]) killed.store.put(unit);
  return folder;
}

/** Flushes, and does something at the pause of that number. @returns undefined where there was no such pause. */
async function flushed(
  folder: string,
  held: boolean,
  at: number,
  work: (store: Store, folder: string) => void,
) {
  let elapsed = 0, pauses = 0, error: unknown;
  const giveWay = () => {
    try {
      if (pauses++ === at) work(opened.store, folder);
    } catch (cause) {
      error = cause;
    }
    return Promise.resolve();
  };
  const opened = setup(folder, "daemon", { slices: { elapsed: () => elapsed += 10, giveWay } });
  const { store, clock, warnings, end } = opened;
  clock.advance(2 * hourMs);
  if (held) store.candidates(keyOf(a));
  store.count([["a record, so that there is something to flush", 1]], "hit");
  const committed = await store.flush();
  if (error !== undefined) throw error;
  return { store, warnings, end, committed, paused: pauses > at };
}

/** What another process finds, as if this one had been killed: candidates by name, and which was used last. */
function found(folder: string): string {
  const { store, abort, clock } = setup(folder, "one-shot");
  const text = [a, b, c, d, e, f].map((name) => {
    const all = store.candidates(keyOf(name));
    return `${all.length}${all.some(({ used }) => used > clock.now()) ? " used" : ""}`;
  });
  abort.abort();
  return text.join(", ");
}

const events: { name: string; work: (store: Store, folder: string) => void; then: string }[] = [
  {
    name: "what is put, dropped and used",
    work: (store) => {
      const one = (name: string) => store.candidates(keyOf(name))[0].id;
      store.put(unitOf(e));
      store.put(unitOf(d, "other"));
      store.drop(one(a)); // of the journal
      store.drop(one(c)); // of the shard
      store.touch(one(b));
      store.put(unitOf(f));
      store.drop(one(f));
    },
    then: "1, 1 used, 0, 2 used, 1 used, 0",
  },
  {
    name: "what is put anew",
    work: (store) => [a, d].forEach((name) => store.put(unitOf(name))),
    then: "2 used, 1, 1, 1 used, 0, 0",
  },
  {
    name: "what another process puts",
    work: (_, folder) => setup(folder, "one-shot", { now: () => 2 ** 42 }).store.put(unitOf(e)),
    then: "2, 1, 1, 1, 1 used, 0",
  },
];

for (const held of [false, true]) {
  for (const { name, work, then } of events) {
    Deno.test(`${name} at a pause outlives a kill, the shard being ${held ? "held" : "on disk"}`, async () => {
      for (let at = 0;; at++) {
        const folder = await filled();
        const { end, warnings, paused, committed } = await flushed(folder, held, at, work);
        if (!paused) {
          assert(at > 5, `${at} pauses`);
          return await end();
        }
        assertEquals([committed, found(folder)], [1, then], `killed after pause ${at}`);
        await end();
        assertEquals([found(folder), warnings], [then, []], `ended after pause ${at}`);
        Deno.removeSync(folder, { recursive: true });
      }
    });
  }
}

Deno.test("a shard that could not be written stays dirty, and its journal stays", async () => {
  for (const held of [false, true]) {
    const folder = await filled(), shard = `${folder}/${names.shard(7)}`, aside = `${shard}.aside`;
    const { store, end, warnings, committed } = await flushed(folder, held, 2, () => {
      Deno.renameSync(shard, aside);
      Deno.mkdirSync(`${shard}/in the way`, { recursive: true });
    });
    assertEquals([committed, warnings.length], [0, 1], warnings.join());
    assertEquals([...Deno.readDirSync(`${folder}/tmp`)], [], "nothing staged is left");
    Deno.removeSync(shard, { recursive: true });
    Deno.renameSync(aside, shard);
    const before = "2, 1, 1, 1, 0, 0";
    assertEquals(found(folder), before, "killed now");
    assertEquals([await store.flush(), found(folder)], [1, before]);
    await end();
    assertEquals(found(folder), before);
  }
});

Deno.test("a use of a unit is kept when other shards are flushed", async () => {
  const { store, folder, clock, end } = setup();
  store.put(unitOf(a));
  await store.flush();
  clock.advance(2 * hourMs);
  store.touch(store.candidates(keyOf(a))[0].id);
  store.put(unitOf("elsewhere"));
  await store.flush();
  assertEquals(found(folder), "1 used, 0, 0, 0, 0, 0");
  await end();
});

Deno.test("a shard that only a flush needed is not held; one that was asked is, with its units", async () => {
  const folder = await filled();
  const { store, end } = await flushed(folder, true, -1, () => {});
  const asked = store.candidates(keyOf(b))[0];
  store.put(unitOf(c, "other"));
  await store.flush();
  assert(store.holds(asked) && store.candidates(keyOf(b))[0] === asked);
  assertEquals(asked.unit, unitOf(b));
  await end();
});
