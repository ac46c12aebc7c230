import { assert, assertEquals } from "@std/assert";
import { Inputs } from "../inputs/mod.ts";
import { libc } from "../os/mod.ts";
import { Bytes } from "../base/growing.ts";
import {
  foldersOf,
  type Observation,
  observe,
  readRecord,
  type Record,
  recordOf,
  Spellings,
} from "../trace/mod.ts";
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

/** Names with the folders in which they were looked for. */
const lists = ({ absent }: Observation) => [...absent.names].map(([name, list]) => [name, foldersOf(list)]);

/** Numbers that come again with the same seed. */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(end: number): number {
    this.#state = Math.imul(this.#state, 0x915f77f5) + 0x7f4a7c15 | 0;
    return ((this.#state ^ this.#state >>> 15) >>> 0) % end;
  }
}

/** A run whose record grows by events, each of which may at first be only half there. */
class Run {
  #record = recordOf(new Uint8Array(0));
  readonly following: Following;

  /** @param copy Where others were copied before. */
  constructor(copy = new Bytes()) {
    const fake: Record = {
      path: "",
      read: (from, to) => this.#record.read(from, to),
      agrees: (bytes, end) => this.#record.agrees(bytes, end),
      release() {},
      forget() {},
    };
    const inputs = new Inputs({ memo: () => undefined, remember() {} }, Deno.osRelease());
    inputs.begin();
    this.following = new Following({
      record: fake,
      cwd: "/w",
      startedAt: 0n,
      spellings: new Spellings(),
      inputs,
      copy,
    });
  }

  holds(bytes: Uint8Array<ArrayBuffer>): void {
    this.#record = recordOf(bytes);
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
  const copy = new Bytes();
  for (let first = 0; first <= gcc.length; first++) {
    const run = new Run(copy);
    run.holds(record(...gcc.slice(0, first)));
    for (let count = 0; run.following.follow() !== "none"; count++) assertEquals(count, 0, "it never rests");
    run.holds(whole);
    assertEquals(told(run.following.finish()), atOnce(), `after ${first} events`);
    copy.clear();
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
  const copy = new Bytes();
  for (const [what, at, bytes] of halves) {
    const run = new Run(copy), start = record(...gcc.slice(0, at)), half = record(...gcc.slice(0, at + 1));
    half.fill(0, start.length + bytes);
    run.holds(half);
    run.following.follow();
    run.holds(whole);
    run.following.follow();
    assertEquals(told(run.following.finish()), atOnce(), what);
    copy.clear();
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

Deno.test("a search taken as a whole tells what its absences tell one by one", () => {
  const folders = [
    "/w",
    "/w/.//inc",
    "/w/./",
    "/w/inc",
    "/a/../b",
    "/a/./b",
    "/dev",
    "/proc/self",
    "",
    "/dev/shm",
  ];
  const names = ["a.h", "b.h", ".", "..", "null", "c/d"];
  const random = new Random(7);
  const one = <T>(of: readonly T[]) => of[random.below(of.length)];
  const kinds = ["absent", "absent", "open_read", "stat", "lstat", "truncate", "unlink", "probe"] as const;
  let refused = 0, kept = 0;
  for (let round = 0; round < 600; round++) {
    const few = { folders: 1 + random.below(folders.length), names: 1 + random.below(names.length) };
    const program = one(["/usr/bin/gcc", "/usr/lib/cc1", "/bin/sh"]);
    const events: Parameters<typeof record> = [
      ["define_folder", 1, 0, 100, ...text(program.slice(0, program.lastIndexOf("/")))],
      ["define_name", 1, 0, 101, ...text(program.slice(program.lastIndexOf("/") + 1))],
      ...folders.map((folder, i) =>
        ["define_folder", 1, 0, 2 + 2 * i, ...text(folder)] as (typeof events)[0]
      ),
      ...names.map((name, i) => ["define_name", 1, 0, 3 + 2 * i, ...text(name)] as (typeof events)[0]),
      ["hello", 1, 0, 40, 39, 100, 101, ...text("/w")],
    ];
    for (let i = random.below(9); i >= 0; i--) {
      const folder = () => 2 + 2 * random.below(few.folders), name = 3 + 2 * random.below(few.names);
      const kind = one(kinds);
      if (random.below(2) === 0) {
        const length = 1 + random.below(few.folders), isUsual = random.below(3) > 0;
        const searched = Array.from({ length }, (_, i) => isUsual ? 2 + 2 * i : folder());
        events.push(["absent_in", 1, 2, name, ...searched]);
      } else if (kind === "absent") events.push([kind, 1, 2, folder(), name]);
      else if (kind === "probe" || kind === "unlink") events.push([kind, 1, 0, folder(), name]);
      else events.push([kind, 1, 0, folder(), name, kind === "truncate" ? nothing : signature]);
    }
    events.push(["goodbye", 1, 0, 40]);
    const bytes = record(...events), read = readRecord(bytes, "/w"), run = new Run();
    if ("problem" in read) throw new Error(read.problem);
    run.holds(bytes);
    while (random.below(2) === 0) run.following.follow();
    const found = run.following.finish(), wanted = observe(read.events, read.doubts, "/w", read.full);
    const all = (of: typeof found) =>
      "refusal" in of ? of : { ...of, absent: [...of.absent], lists: lists(of) };
    assertEquals(all(found), all(wanted), `round ${round}`);
    if ("refusal" in found) refused++;
    else kept++;
  }
  assert(refused > 40 && kept > 40, `${refused} refused, ${kept} kept`);
});

Deno.test("Following takes no record that is damaged in the end", () => {
  const run = new Run(), damaged = record(...gcc);
  run.holds(whole);
  run.following.follow();
  damaged[damaged.length - 12] = 99;
  run.holds(damaged);
  assertEquals(told(run.following.finish()).slice(0, 21), "pass_incomplete_trace");
});
