import { assertEquals, assertNotEquals } from "@std/assert";
import { encode, type Message } from "../protocol/mod.ts";
import { Memo, type Remembered } from "./memo.ts";

const ask: Message<"ask"> = {
  name: "ask",
  pid: 1,
  flags: 0,
  umask: 0o22,
  window: 0,
  namespace: 1n,
  root: 2n,
  cwd: "/w",
  tool: "/usr/bin/cc",
  argv: ["cc", "-c", "a.c"],
  env: "LANG=C\0",
};
const key = (more: Partial<Message<"ask">>) => Memo.key(encode({ ...ask, ...more }, 0n));

const requests: { name: string; more: Partial<Message<"ask">>; same: boolean }[] = [
  { name: "from another process", more: { pid: 70_000 }, same: true },
  { name: "on a terminal", more: { flags: 1 }, same: false },
  { name: "under another umask", more: { umask: 0o77 }, same: false },
  { name: "in another folder", more: { cwd: "/v" }, same: false },
  { name: "with another word", more: { argv: ["cc", "-c", "b.c"] }, same: false },
  { name: "with another variable", more: { env: "LANG=D\0" }, same: false },
  { name: "in another file tree", more: { namespace: 9n }, same: false },
];
for (const { name, more, same } of requests) {
  Deno.test(`Memo.key() of a request ${name} is ${same ? "the same" : "another"}`, () => {
    (same ? assertEquals : assertNotEquals)(key(more), key({}));
  });
}

Deno.test("Memo.key() leaves the frame as it was", () => {
  const frame = encode(ask, 0n), before = frame.slice();
  Memo.key(frame);
  assertEquals(frame, before);
});

Deno.test("Memo forgets what is told and what it has known for longest", () => {
  const memo = new Memo(), one = {} as Remembered;
  const frame = (folder: number) => encode({ ...ask, cwd: `/${folder}` }, 0n);
  const known = (folder: number) => memo.get(Memo.key(frame(folder))) === one;
  for (let i = 0; i < 2049; i++) memo.set(frame(i), one);
  assertEquals([known(0), known(1), known(2048)], [false, true, true]);
  memo.set(frame(1), one), memo.set(frame(2049), one);
  assertEquals([known(1), known(2)], [true, false], "asked again, it is young again");
  memo.forget(Memo.key(frame(1)));
  assertEquals(known(1), false);
});

Deno.test("Memo may know what it was told, whoever asks, and mostly nothing else", () => {
  const memo = new Memo(), frame = encode(ask, 0n);
  assertEquals(memo.mayKnow(frame), false);
  memo.set(frame, {} as Remembered);
  assertEquals(memo.mayKnow(encode({ ...ask, pid: 70_000 }, 0n)), true);
  assertEquals(memo.mayKnow(encode({ ...ask, cwd: "/v" }, 0n)), false);
});
