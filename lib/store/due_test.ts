import { assertEquals } from "@std/assert";
import { Due } from "./due.ts";

Deno.test("Due waits until nothing came for a second, for twelve ticks, or until the journal is long", () => {
  let now = 0;
  const due = new Due(() => now), tick = (ms: number, bytes = 0) => (now += ms, due.atTick(bytes));
  assertEquals(tick(5_000), true, "nothing came");
  due.begin();
  due.came();
  assertEquals([tick(999), tick(1)], [false, true]);
  due.begin();
  due.came();
  assertEquals([tick(1, (32 << 20) - 1), tick(1, 32 << 20)], [false, true]);
  due.begin();
  const busy = Array.from({ length: 13 }, () => (due.came(), tick(500)));
  assertEquals(busy.indexOf(true), 11);
});
