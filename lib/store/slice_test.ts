import { assertEquals } from "@std/assert";
import { FakeClock } from "../base/clock.ts";
import { runThrough, Slice, type Steps } from "./slice.ts";

/** Work of so many steps, each of which takes a while of a clock that else stands still. */
function setup(ms: number | undefined, steps: number, stepMs: number) {
  const clock = new FakeClock(), pausedAt: number[] = [];
  const slice = new Slice({
    ms,
    elapsed: () => clock.elapsed(),
    giveWay: () => {
      pausedAt.push(Math.round(clock.elapsed() * 10));
      clock.advance(7); // others work
      return Promise.resolve();
    },
  });
  function* work(): Steps<string> {
    for (let i = 0; i < steps; i++) {
      clock.advance(stepMs);
      yield;
    }
    return "made";
  }
  return { slice, work, pausedAt, clock };
}

Deno.test("Slice gives way after each millisecond of work, however long others worked meanwhile", async () => {
  const { slice, work, pausedAt } = setup(undefined, 9, 0.4);
  assertEquals(await slice.run(work()), "made");
  assertEquals(pausedAt, [12, 94, 176]);
});

Deno.test("Slice counts what is done between two runs", async () => {
  const { slice, work, pausedAt, clock } = setup(undefined, 2, 0.4);
  await slice.run(work());
  await slice.pause();
  assertEquals(pausedAt, []);
  clock.advance(0.4);
  await slice.pause();
  assertEquals(pausedAt, [12]);
});

Deno.test("Slice without end gives way to nobody", async () => {
  const { slice, work, pausedAt } = setup(Infinity, 50, 9);
  assertEquals(await slice.run(work()), "made");
  assertEquals(pausedAt, []);
});

Deno.test("runThrough() runs work to its end", () => {
  assertEquals(runThrough(setup(undefined, 3, 1).work()), "made");
});
