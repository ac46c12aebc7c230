/**
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { doubts, header, headerWords } from "./format.ts";
import { doubtNames, readRecord, RecordReader } from "./read.ts";
import { Spellings } from "./spellings.ts";
import { nothing, record, signature, text } from "./testing.ts";

function eventsOf(bytes: Uint8Array) {
  const read = readRecord(bytes, "/w");
  assert(!("problem" in read), JSON.stringify(read));
  return read.events;
}
const problemOf = (bytes: Uint8Array) => {
  const read = readRecord(bytes, "/w");
  return "problem" in read ? read.problem : undefined;
};
const define = (image: number): Parameters<typeof record> => [
  ["define_folder", image, 0, 2, ...text("/home/a b")],
  ["define_name", image, 0, 3, ...text("\xff.h")],
];

// deno-fmt-ignore: a row stays a line
const rows: [Parameters<typeof record>[0], Record<string, unknown>][] = [
  [["hello", 1, 0, 40, 39, 2, 3, ...text("/cwd")], { kind: "hello", pid: 40, parent: 39, path: "/home/a b/\xff.h", cwd: "/cwd" }],
  [["forked", 1, 0, 41], { kind: "forked", pid: 41 }],
  [["exec", 1, 0, 41, 2, 3], { kind: "exec", pid: 41, path: "/home/a b/\xff.h" }],
  [["exec_failed", 1, 13, 41, 2, 3], { kind: "exec_failed", answer: 13, pid: 41, path: "/home/a b/\xff.h" }],
  [["ungated", 1, 4, 41, 2, 3], { kind: "ungated", answer: 4, pid: 41, path: "/home/a b/\xff.h" }],
  [["absent", 1, 20, 2, 3], { kind: "absent", answer: 20, path: "/home/a b/\xff.h" }],
  [["probe", 1, 0, 0, 0], { kind: "probe", path: "/" }],
  [["list", 1, 0, 2, 0], { kind: "list", path: "/home/a b" }],
  [["unlink", 1, 0, 0, 3], { kind: "unlink", path: "/\xff.h" }],
  [["open_read", 1, 0, 2, 3, signature], { kind: "open_read", path: "/home/a b/\xff.h", signature: new Uint8Array(48).fill(7, 0, 44) }],
  [["create", 1, 0, 2, 3, nothing], { kind: "create", path: "/home/a b/\xff.h", before: undefined }],
  [["rename", 1, 0, 0, 3, 2, 3, nothing], { kind: "rename", path: "/\xff.h", to: "/home/a b/\xff.h", before: undefined }],
  [["link", 1, 0, 0, 3, 2, 3], { kind: "link", path: "/\xff.h", to: "/home/a b/\xff.h" }],
  [["real_path", 1, 0, 0, 3, ...text("/x")], { kind: "real_path", path: "/\xff.h", text: "/x" }],
  [["environment", 1, 0, 3], { kind: "environment", name: "\xff.h" }],
  [["clock", 1, 1], { kind: "clock", clock: "time" }],
  [["random", 1, 0], { kind: "random" }],
  [["odd", 1, 0, ...text("socket")], { kind: "odd", text: "socket" }],
];
for (const [row, wanted] of rows) {
  Deno.test(`readRecord() reads ${row[0]} ${wanted.path ?? ""}`, () => {
    const [event] = eventsOf(record(...define(1), row)) as unknown as Record<string, unknown>[];
    if (row[0] === "clock") delete event.answer;
    assertEquals(event, { image: 1, ...(row[0] === "clock" ? {} : { answer: 0 }), ...wanted });
  });
}

Deno.test("readRecord() gives tidy paths", () => {
  const spelled = [["/w/.", "a.h"], ["/w//./sub/", "b.h"], ["/w", ""], ["/w/..", "c.h"], ["", "."]];
  const bytes = record(...spelled.flatMap(([folder, name], i): Parameters<typeof record> => [
    ["define_folder", 1, 0, 2 * i + 2, ...text(folder)],
    ["define_name", 1, 0, 2 * i + 3, ...text(name)],
    ["probe", 1, 0, 2 * i + 2, 2 * i + 3],
  ]));
  const paths = eventsOf(bytes).map((event) => "path" in event && event.path);
  assertEquals(paths, ["/w/a.h", "/w/sub/b.h", "/w", "/w/../c.h", "/"]);
});

Deno.test("RecordReader reads in pieces what readRecord() reads at once", () => {
  const bytes = record(...define(1), ...rows.map(([row]) => row)), all: unknown[] = [];
  const reader = new RecordReader("/w", new Spellings());
  while (reader.bytes < bytes.length) {
    assertEquals(reader.read(bytes, bytes.length, (event) => all.push(event), { most: 64 }), undefined);
  }
  assertEquals(all, eventsOf(bytes));
});

Deno.test("readRecord() tells a search as an absence in each folder", () => {
  const folder = (id: number, name: string): Parameters<typeof record>[0] => {
    return ["define_folder", 1, 0, id, ...text(name)];
  };
  const bytes = record(
    folder(2, "/a"),
    folder(4, "/b"),
    ["define_name", 1, 0, 3, ...text("x.h")],
    ["absent_in", 1, 2, 3, 2, 4, 0, 0],
    ["probe", 1, 0, 2, 3],
  );
  const absent = { kind: "absent" as const, image: 1, answer: 2 };
  assertEquals(eventsOf(bytes), [
    { ...absent, path: "/a/x.h" },
    { ...absent, path: "/b/x.h" },
    { kind: "probe", image: 1, answer: 0, path: "/a/x.h" },
  ]);
  assert(problemOf(record(["absent_in", 1, 2, 3, 2])) !== undefined, "without definitions");
});

Deno.test("RecordReader leaves a search that may grow, while the record does", () => {
  const begin = record(...define(1), ["absent", 1, 2, 2, 3]);
  const whole = record(...define(1), ["absent", 1, 2, 2, 3], ["absent_in", 1, 2, 3, 2, 2]),
    seen: string[] = [];
  const reader = new RecordReader("/w", new Spellings());
  const take = (event: { kind: string }) => seen.push(event.kind);
  assertEquals(reader.read(whole, whole.length, take, { grows: true }), undefined);
  assertEquals([seen.splice(0), reader.bytes], [["absent"], begin.length]);
  assertEquals(reader.read(whole, whole.length, take), undefined);
  assertEquals(seen, ["absent", "absent"]);
});

Deno.test("readRecord() keeps ids of images apart", () => {
  const bytes = record(
    ...define(1),
    ["define_folder", 2, 0, 2, ...text("/other")],
    ["define_name", 2, 0, 3, ...text("b")],
    ["probe", 1, 0, 2, 3],
    ["probe", 2, 0, 2, 3],
  );
  assertEquals(eventsOf(bytes).map((event) => "path" in event && event.path), [
    "/home/a b/\xff.h",
    "/other/b",
  ]);
});

const whole = record(...define(1), ...rows.map(([row]) => row));

Deno.test("readRecord() finds a problem, wherever a record is cut", () => {
  assertEquals(problemOf(whole), undefined);
  for (let length = 0; length < whole.length; length++) {
    assert(problemOf(whole.subarray(0, length)), `cut at ${length}`);
  }
});

Deno.test("readRecord() never throws, whichever byte is changed", () => {
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const damaged = whole.slice();
      damaged[at] ^= flip;
      readRecord(damaged, "/w");
    }
  }
});

// deno-fmt-ignore: a row stays a line
const damages: [string, (words: Uint32Array) => void, RegExp][] = [
  ["other magic", (words) => words[header.magic]++, /no record/],
  ["another version", (words) => words[header.version]++, /no record/],
  ["overflow", (words) => words[header.overflow] = 1, /more questions/],
  ["a cursor past the end", (words) => words[header.cursor] += 4, /cut/],
  ["a cursor inside the header", (words) => words[header.cursor] = 8, /cut/],
  ["room that was taken and not filled, as by a process killed there", (words) => words[headerWords] = 0, /kind 0/],
  ["an event that is longer than what it holds", (words) => words[words.length - 2] += 1 << 16, /event|hold/],
];
for (const [name, damage, wanted] of damages) {
  Deno.test(`readRecord() names ${name}`, () => {
    const bytes = record(["probe", 1, 0, 0, 0], ["random", 1, 0]);
    damage(new Uint32Array(bytes.buffer));
    assert(wanted.test(problemOf(bytes) ?? ""), problemOf(bytes));
  });
}

Deno.test("readRecord() takes no path whose parts were not defined", () => {
  assertEquals(
    problemOf(record(...define(2), ["probe", 1, 0, 2, 3])),
    "damaged record: a path without definition",
  );
});

Deno.test("readRecord() takes no id that stands for two folders", () => {
  const define = (
    folder: string,
  ): Parameters<typeof record>[0] => ["define_folder", 1, 0, 4, ...text(folder)];
  assertEquals(
    problemOf(record(define("/w"), define("/x"))),
    "damaged record: a folder that is defined twice",
  );
});

Deno.test("readRecord() gives the doubts, and doubtNames() their names", () => {
  const bytes = record();
  new Uint32Array(bytes.buffer)[header.doubts] = doubts.ungated | doubts.unmapped;
  const read = readRecord(bytes, "/w");
  assertEquals("doubts" in read && doubtNames(read.doubts), ["ungated", "unmapped"]);
});
