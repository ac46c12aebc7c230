import { assertEquals } from "@std/assert";
import { Inputs } from "../inputs/mod.ts";
import { libc } from "../os/mod.ts";
import { observe, readRecord, type Record, Spellings } from "../trace/mod.ts";
import { nothing, record, signature, text } from "../trace/testing.ts";
import { Following } from "./following.ts";

libc(); // opened once for all tests

const gcc = [
  ["define_folder", 1, 0, 2, ...text("/usr/bin")],
  ["define_name", 1, 0, 3, ...text("gcc")],
  ["define_folder", 1, 0, 4, ...text("/nowhere")],
  ["define_name", 1, 0, 5, ...text("a.h")],
  ["define_name", 1, 0, 7, ...text("b.h")],
  ["define_name", 1, 0, 9, ...text("a.o")],
  ["hello", 1, 0, 40, 39, 2, 3, ...text("/w")],
  ["absent", 1, 2, 4, 5],
  ["absent_in", 1, 2, 5, 2, 4],
  ["open_read", 1, 0, 4, 7, signature],
  ["truncate", 1, 0, 4, 9, nothing],
  ["environment", 1, 0, 3],
  ["goodbye", 1, 0, 40],
] as const satisfies Parameters<typeof record>;

/** A run whose record grows by events, each of which may at first be only half there. */
class Run {
  #bytes = new Uint8Array(0);
  readonly following: Following;

  constructor() {
    const read = (from = 0) => this.#bytes.slice(from);
    const fake: Record = { path: "", read, release() {}, forget() {} };
    const inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease());
    inputs.begin();
    this.following = new Following({
      record: fake,
      cwd: "/w",
      startedAt: 0n,
      spellings: new Spellings(),
      inputs,
    });
  }

  holds(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
  }
}

/** What of an observation the record below tells. */
function told(found: ReturnType<typeof observe>) {
  if ("refusal" in found) return `${found.refusal} ${found.what}`;
  const { files, absent, written, variables, programs } = found;
  return [[...files], [...absent], [...written], variables.has("gcc"), [...programs]];
}

const whole = record(...gcc);
function atOnce() {
  const read = readRecord(whole, "/w");
  if ("problem" in read) throw new Error(read.problem);
  return told(observe(read.events, read.doubts, "/w", read.full));
}

Deno.test("Following finds in pieces what a record says at once", () => {
  for (let first = 0; first <= gcc.length; first++) {
    const run = new Run();
    run.holds(record(...gcc.slice(0, first)));
    for (let count = 0; run.following.follow() !== "none"; count++) assertEquals(count, 0, "it never rests");
    run.holds(whole);
    assertEquals(told(run.following.finish()), atOnce(), `after ${first} events`);
  }
});

Deno.test("Following says when more is left than it takes at a time", () => {
  const run = new Run(), many = [gcc[7], gcc[9]], events: Parameters<typeof record> = [...gcc.slice(0, 7)];
  for (let i = 0; i < 1000; i++) events.push(...many);
  run.holds(record(...events));
  const said = [];
  for (let one = run.following.follow(); one !== "none"; one = run.following.follow()) said.push(one);
  assertEquals([said.length > 2, said[0], said.at(-1)], [true, "more", "some"]);
});

Deno.test("Following believes nothing that it read while it was being written", () => {
  const halves: [what: string, at: number, bytes: number][] = [
    ["an event without its head", 9, 0],
    ["an event without its payload", 9, 8],
    ["a name whose bytes are not there", 5, 16],
    ["a signature that is half there", 10, 40],
  ];
  for (const [what, at, bytes] of halves) {
    const run = new Run(), start = record(...gcc.slice(0, at)), half = record(...gcc.slice(0, at + 1));
    half.fill(0, start.length + bytes);
    run.holds(half);
    run.following.follow();
    run.holds(whole);
    run.following.follow();
    assertEquals(told(run.following.finish()), atOnce(), what);
  }
});

Deno.test("Following waits for a search that goes on", () => {
  const run = new Run(),
    search = (folders: number[]) =>
      record(
        ...gcc.slice(0, 8),
        ["absent_in", 1, 2, 7, ...folders],
        ...(folders.length > 2 ? gcc.slice(10) : []),
      );
  for (const folders of [[4], [4, 2], [4, 2, 4]]) {
    run.holds(search(folders));
    while (run.following.follow() !== "none");
  }
  const found = run.following.finish();
  assertEquals("absent" in found && [...found.absent], ["/nowhere/a.h", "/nowhere/b.h", "/usr/bin/b.h"]);
});

Deno.test("Following takes no record that is damaged in the end", () => {
  const run = new Run(), damaged = record(...gcc);
  run.holds(whole);
  run.following.follow();
  damaged[damaged.length - 12] = 99;
  run.holds(damaged);
  assertEquals(told(run.following.finish()).slice(0, 21), "pass_incomplete_trace");
});
