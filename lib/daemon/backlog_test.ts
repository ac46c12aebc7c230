import { assertEquals } from "@std/assert";
import { Backlog } from "./backlog.ts";

/** A backlog whose clock stands still, and what happens in it. */
function open() {
  const said: string[] = [], clock = { now: 0 };
  const log = { warn: (text: string) => void said.push(text.split("\n")[0]) };
  return { said, clock, backlog: new Backlog(log, () => clock.now) };
}

function* pieces(name: string, count: number, said: string[]): Generator<void> {
  for (let i = 0; i < count; i++) {
    said.push(`${name}${i}`);
    yield;
  }
}

Deno.test("Backlog does the first piece at once, the others in the order in which they came", () => {
  const { said, backlog } = open();
  for (const [name, count] of [["a", 2], ["b", 0], ["c", 1]] as const) {
    backlog.begin(pieces(name, count, said), () => said.push(`${name} done`));
  }
  assertEquals([said.splice(0), backlog.length], [["a0", "b done", "c0"], 2]);
  for (let i = 0; i < 4; i++) backlog.slice();
  assertEquals([said, backlog.length], [["a1", "a done", "c done"], 0]);
});

Deno.test("Backlog goes on after what throws, which has ended", () => {
  const { said, backlog } = open();
  backlog.begin(
    (function* () {
      yield;
      throw new Error("full");
    })(),
    () => said.push("a done"),
  );
  backlog.begin(pieces("b", 1, said), () => said.push("b done"));
  backlog.finish();
  assertEquals(said, ["b0", "what was left to do failed: Error: full", "a done", "b done"]);
});

Deno.test("Backlog does what came first where too much comes", () => {
  const { said, backlog } = open();
  for (let i = 0; i < 40; i++) {
    backlog.begin(pieces(`${i} `, 3, said), () => said.push(`${i} done`));
    assertEquals(backlog.length, Math.min(i + 1, 16));
  }
  const done = said.filter((what) => what.endsWith("done"));
  assertEquals(done, Array.from({ length: 24 }, (_, i) => `${i} done`));
});

Deno.test("Backlog is late where its first item has waited, and only then", () => {
  const { said, clock, backlog } = open();
  clock.now = 1000;
  assertEquals(backlog.isLate, false);
  backlog.begin(pieces("a", 1, said), () => {});
  clock.now = 1019;
  backlog.begin(pieces("b", 1, said), () => {});
  assertEquals(backlog.isLate, false);
  clock.now = 1021;
  assertEquals(backlog.isLate, true);
  backlog.slice();
  assertEquals(backlog.isLate, false);
});
