import { assertEquals } from "@std/assert";
import { FakeClock } from "../base/clock.ts";
import { type Occasion, Wal } from "./wal.ts";

interface Setup {
  clock: FakeClock;
  wal: Wal<string>;
  batches: [string, string][][];
  said: string[];
  abort: AbortController;
  /** Why each was made. */
  why: Occasion[];
  /** Ticks leave something. */
  leaves: { again: boolean };
  /** Fails the next commits with this text. */
  fail: { text?: string };
  /** Holds commits until called. */
  release: () => void;
}

function setup({ maxPending = 100, held = false } = {}): Setup {
  const clock = new FakeClock(), abort = new AbortController();
  const batches: [string, string][][] = [], said: string[] = [], fail: { text?: string } = {};
  const why: Occasion[] = [], leaves = { again: false };
  let release = () => {};
  const wal = new Wal<string>({
    flushMs: 1_000,
    maxPending,
    clock,
    signal: abort.signal,
    log: { info: (text) => void said.push(text), warn: (text) => void said.push(`warn ${text}`) },
    commit: async (records, occasion) => {
      if (held) await new Promise<void>((resolve) => release = resolve);
      if (fail.text !== undefined) throw new Error(fail.text);
      batches.push([...records]);
      why.push(occasion);
      return leaves.again && occasion === "tick" ? "again" : undefined;
    },
  });
  return { clock, wal, batches, said, abort, fail, why, leaves, release: () => release() };
}
const turns = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

Deno.test("Wal ticks first after a full interval", async () => {
  const { clock, wal, batches } = setup();
  wal.enqueue("a", "1");
  clock.advance(999);
  await turns();
  assertEquals(batches, []);
  clock.advance(1);
  await turns();
  assertEquals(batches, [[["a", "1"]]]);
});

Deno.test("Wal commits nothing where nothing waits", async () => {
  const { clock, batches, said } = setup();
  clock.advance(5_000);
  await turns();
  assertEquals([batches, said], [[], []]);
});

Deno.test("Wal keeps the last record of a key", async () => {
  const { wal, batches, said } = setup();
  for (const [key, value] of [["a", "1"], ["b", "1"], ["a", "2"]]) wal.enqueue(key, value);
  assertEquals(await wal.flush(), 2);
  assertEquals(batches, [[["a", "2"], ["b", "1"]]]);
  assertEquals(said, ["WAL flushed to disk committed=2"]);
});

Deno.test("Wal flushes early at maxPending", async () => {
  const { wal, batches } = setup({ maxPending: 2 });
  wal.enqueue("a", "1");
  await turns();
  assertEquals(batches.length, 0);
  wal.enqueue("b", "1");
  await turns();
  assertEquals(batches.length, 1);
});

Deno.test("Wal does not make up a tick that fell due during a flush", async () => {
  const { clock, wal, batches, release } = setup({ held: true });
  wal.enqueue("a", "1");
  clock.advance(1_000);
  await turns();
  wal.enqueue("b", "1");
  clock.advance(1_000); // during the flush
  release();
  await turns();
  await turns();
  assertEquals(batches, [[["a", "1"]]], "b waits for the next tick");
  clock.advance(1_000);
  await turns();
  release();
  await turns();
  await turns();
  assertEquals(batches.length, 2);
});

Deno.test("Wal keeps the records of a failed flush, warns and tries again; newer ones win", async () => {
  const { clock, wal, batches, said, fail } = setup();
  fail.text = "no space";
  wal.enqueue("a", "old");
  wal.enqueue("b", "1");
  assertEquals(await wal.flush(), 0);
  assertEquals(said, ["warn WAL flush failed, 2 records wait: no space"]);
  fail.text = undefined;
  wal.enqueue("a", "new");
  clock.advance(1_000);
  await turns();
  assertEquals(batches, [[["a", "new"], ["b", "1"]]]);
});

Deno.test("Wal drains and flushes on abort before closed resolves, and ticks no more", async () => {
  const { clock, wal, batches, abort, said } = setup();
  wal.enqueue("a", "1");
  abort.abort();
  await wal.closed;
  assertEquals(batches, [[["a", "1"]]]);
  assertEquals(said, ["WAL draining pending=1", "WAL flushed to disk committed=1"]);
  assertEquals(clock.tickers, 0);
});

Deno.test("Wal flushes what came after the start of a running flush before it says so", async () => {
  const { wal, batches, release } = setup({ held: true });
  wal.enqueue("a", "1");
  const first = wal.flush();
  wal.enqueue("b", "1");
  let done = false;
  const asked = [wal.flush(), wal.flush()].map((flush) => flush.finally(() => done = true));
  release();
  assertEquals(await first, 1);
  await turns();
  assertEquals([batches, done], [[[["a", "1"]]], false]);
  release();
  assertEquals(await Promise.all(asked), [1, 1]);
  assertEquals(batches, [[["a", "1"]], [["b", "1"]]]);
});

Deno.test("Wal waits for a running flush before its last one", async () => {
  const { wal, batches, abort, release } = setup({ held: true });
  wal.enqueue("a", "1");
  void wal.flush();
  wal.enqueue("b", "1");
  abort.abort();
  const letGo = setInterval(release, 1);
  await wal.closed;
  clearInterval(letGo);
  assertEquals(batches, [[["a", "1"]], [["b", "1"]]]);
});

Deno.test("Wal goes on at the next ticks with what one has left, and not longer", async () => {
  const { clock, wal, batches, why, leaves, said } = setup();
  leaves.again = true;
  wal.enqueue("a", "1");
  for (const again of [true, false, false]) {
    leaves.again = again;
    clock.advance(1_000);
    await turns();
  }
  assertEquals([why, batches], [["tick", "tick"], [[["a", "1"]], []]]);
  assertEquals(said, ["WAL flushed to disk committed=1"]);
});

Deno.test("Wal gives who asks, and the end, also what a tick has left", async () => {
  for (const end of [false, true]) {
    const { clock, wal, why, leaves, abort } = setup();
    leaves.again = true;
    wal.enqueue("a", "1");
    clock.advance(1_000);
    await turns();
    if (end) abort.abort(), await wal.closed;
    else assertEquals([await wal.flush(), await wal.flush()], [0, 0]);
    assertEquals(why, ["tick", end ? "end" : "asked"]);
  }
});

Deno.test("Wal gives who asks during a tick more than that tick does", async () => {
  const { clock, wal, why, leaves, release } = setup({ held: true });
  leaves.again = true;
  wal.enqueue("a", "1");
  clock.advance(1_000);
  const asked = wal.flush(), letGo = setInterval(release, 1);
  assertEquals(await asked, 1);
  clearInterval(letGo);
  assertEquals(why, ["tick", "asked"]);
});

Deno.test("Wal takes a flush because too many wait for a tick", async () => {
  const { wal, why } = setup({ maxPending: 1 });
  wal.enqueue("a", "1");
  await turns();
  assertEquals(why, ["tick"]);
});
