import { assertEquals } from "@std/assert";
import { eventsOfSources } from "./parts.ts";
import type { TraceEvent } from "./read.ts";

/** `IMAGE KIND PATH [TO]` */
function eventsFrom(lines: readonly string[]): TraceEvent[] {
  return lines.map((line) => {
    const [image, kind, path, to] = line.split(" ");
    return { image: Number(image), kind, answer: 0, path, to, pid: Number(image) } as unknown as TraceEvent;
  });
}
const sources = ["/w/a.c", "/w/b.c"];
const ofA = ["2 open_read /w/a.c", "2 truncate /t/1.s", "3 open_read /t/1.s", "3 create /w/a.o"];
const ofB = ["4 open_read /w/b.c", "4 truncate /t/1.s", "5 open_read /t/1.s", "5 create /w/b.o"];
const before = ["1 hello /bin/cc", "1 probe /etc/x", "1 create /t/1.s"],
  after = ["1 unlink /t/1.s", "1 goodbye"];

Deno.test("eventsOfSources() gives each source its programs' events, and what is of all", () => {
  const shares = eventsOfSources(eventsFrom([...before, ...ofA, "1 stat /w/b.c", ...ofB, ...after]), sources);
  assertEquals(shares, [
    eventsFrom([...before, ...ofA, ...after]),
    eventsFrom([...before, "1 stat /w/b.c", ...ofB, ...after]),
  ]);
});

const whole: [why: string, events: string[]][] = [
  ["a program reads two sources", [...before, ...ofA, "2 open_read /w/b.c", ...ofB, ...after]],
  ["one source reads what another made", [...before, ...ofA, ...ofB, "4 open_read /w/a.o", ...after]],
  ["somebody who read no source writes", [...before, ...ofA, ...ofB, "6 create /w/c.o", ...after]],
  ["who starts the others reads a source", ["1 open_read /w/a.c", ...before, ...ofA, ...ofB, ...after]],
];
for (const [why, events] of whole) {
  Deno.test(`eventsOfSources() takes nothing apart where ${why}`, () => {
    assertEquals(eventsOfSources(eventsFrom(events), sources), undefined);
  });
}
