import { assert, assertEquals } from "@std/assert";
import { Turns } from "./turns.ts";

/** What each step of a story leads to: "runs", "waits"; and who was called meanwhile. */
function tell(steps: readonly string[]): Promise<string[]> {
  // Process 10n belongs to client n; client 9 was started by client 1.
  const turns = new Turns((pid) => pid === 90 ? 50 : pid === 50 ? 10 : 1);
  const called: number[] = [];
  return steps.reduce(async (before, step) => {
    const said = await before, [word, id, most] = step.split(" ");
    const client = {
      id: Number(id),
      pid: Number(id) * 10,
      most: most === undefined ? Infinity : Number(most),
    };
    let answer = word;
    if (word === "take") {
      const over = turns.take(client);
      answer = over === undefined ? "runs" : "waits";
      over?.then(() => called.push(client.id));
    } else if (word === "force") turns.force(client);
    else turns.leave(client.id);
    await Promise.resolve();
    return [...said, [answer, ...called.splice(0)].join(" ")];
  }, Promise.resolve<string[]>([]));
}

const cases: { name: string; steps: string[]; want: string[] }[] = [
  {
    name: "without a limit nobody waits",
    steps: ["take 1", "take 2", "take 3"],
    want: ["runs", "runs", "runs"],
  },
  {
    name: "who comes first is called first, one for each place",
    steps: ["take 1 1", "take 2 1", "take 3 1", "leave 1", "take 2 1", "leave 2"],
    want: ["runs", "waits", "waits", "leave 2", "runs", "leave 3"],
  },
  {
    name: "nobody overtakes one that was called",
    steps: ["take 1 1", "take 2 1", "leave 1", "take 3 1", "take 2 1"],
    want: ["runs", "waits", "leave 2", "waits", "runs"],
  },
  {
    name: "one that was called and needs no place makes room for the next",
    steps: ["take 1 1", "take 2 1", "take 3 1", "leave 1", "leave 2"],
    want: ["runs", "waits", "waits", "leave 2", "leave 3"],
  },
  {
    name: "one that leaves while it waits is not called",
    steps: ["take 1 1", "take 2 1", "take 3 1", "leave 2", "leave 1"],
    want: ["runs", "waits", "waits", "leave", "leave 3"],
  },
  { name: "those without a limit count", steps: ["take 1", "take 2 1"], want: ["runs", "waits"] },
  { name: "a run inside a run does not wait", steps: ["take 1 1", "take 9 1"], want: ["runs", "runs"] },
  {
    name: "who has waited too long runs, and counts",
    steps: ["take 1 1", "take 2 1", "force 2", "leave 1", "take 3 1", "leave 2"],
    want: ["runs", "waits", "force", "leave", "waits", "leave 3"],
  },
];
for (const { name, steps, want } of cases) {
  Deno.test(`Turns: ${name}`, async () => assertEquals(await tell(steps), want));
}

Deno.test("Turns: of many with limits of their own no more run than each allows", async () => {
  const turns = new Turns(() => 1), limits = [3, 5, 2];
  let running = 0, most = 0, done = 0;
  const client = async (id: number) => {
    const limit = limits[id % limits.length], self = { id, pid: id + 2, most: limit };
    for (let over = turns.take(self); over !== undefined; over = turns.take(self)) await over;
    most = Math.max(most, ++running);
    assert(running <= limit, `${running} run, ${limit} allowed`);
    await new Promise((resolve) => setTimeout(resolve, 1 + id % 3));
    running--;
    turns.leave(id);
    done++;
  };
  await Promise.all(Array.from({ length: 60 }, (_, id) => client(id)));
  assertEquals([done, most > 1], [60, true]);
});
