import { assert, assertEquals } from "@std/assert";
import { FakeClock, systemClock } from "./clock.ts";

Deno.test("FakeClock ticks first after a whole interval", () => {
  const clock = new FakeClock(1000), ticks: number[] = [];
  clock.every(10, () => ticks.push(clock.now()));
  clock.advance(9);
  assertEquals(ticks, []);
  clock.advance(1);
  assertEquals(ticks, [1010]);
});

Deno.test("FakeClock calls tickers in the order of time", () => {
  const clock = new FakeClock(0), ticks: string[] = [];
  clock.every(4, () => ticks.push(`four at ${clock.elapsed()}`));
  clock.every(3, () => ticks.push(`three at ${clock.elapsed()}`));
  clock.advance(8);
  assertEquals(ticks, ["three at 3", "four at 4", "three at 6", "four at 8"]);
});

Deno.test("FakeClock: a stopped ticker is silent, even when a tick stops it", () => {
  const clock = new FakeClock(), ticks: number[] = [];
  const stop = clock.every(1, () => {
    ticks.push(clock.elapsed());
    if (ticks.length === 2) stop();
  });
  clock.advance(10);
  assertEquals(ticks, [1, 2]);
  assertEquals(clock.tickers, 0);
});

Deno.test("FakeClock.setNow moves the hour only", () => {
  const clock = new FakeClock(5000);
  clock.setNow(10);
  assertEquals([clock.now(), clock.elapsed()], [10, 0]);
});

Deno.test("systemClock ticks until it is stopped, and elapsed never goes back", async () => {
  const before = systemClock.elapsed();
  let ticks = 0;
  const stop = systemClock.every(1, () => ticks++);
  await new Promise((resolve) => setTimeout(resolve, 50));
  stop();
  const counted = ticks;
  assert(counted >= 2);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(ticks, counted);
  assert(systemClock.elapsed() > before);
});
