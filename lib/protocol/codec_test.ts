import { assert, assertEquals } from "@std/assert";
import { fromHex, hex } from "../base/digest.ts";
import { decode, encode, frameSize } from "./codec.ts";
import type { AnyMessage } from "./codec.ts";
import { maxFrameBytes, messages, protocolVersion } from "./spec.ts";

const build = 0x8877665544332211n;
const bytes = (...values: number[]) => Uint8Array.from(values);

/**
 * One message of each kind; tests/recorded/protocol holds the frame it has always had. A change there is a new
 * protocolVersion.
 */
const golden: AnyMessage[] = [
  {
    name: "ask",
    pid: 258,
    flags: 8,
    umask: 0o22,
    window: 0x500018,
    namespace: 3n,
    root: 0xfedcba9876543210n,
    cwd: "/w",
    tool: "/bin/\xe9",
    argv: ["cc", ""],
    env: "A=1\0B=\xff\0",
  },
  {
    name: "hit",
    status: 0,
    flags: 1,
    out: bytes(104, 10),
    err: bytes(),
    files: [{ style: 1, mode: 0o666, path: "a.o", source: "/c/ab" }],
  },
  { name: "cannot", errno: 28, path: "x" },
  {
    name: "run",
    tracer: "/t",
    record: "/r",
    extra: ["-MD"],
    priority: 1,
    deploy: ["/d", "p"],
    foreseen: [{ path: "a", to: "b" }],
  },
  { name: "pass", outcome: "p" },
  { name: "parts", sources: ["a.c", "\xe9.c"] },
  { name: "report", status: 256, flags: 5, wall_us: 1_000_000n, out: bytes(0), err: bytes(255) },
  { name: "keep", wait: 1, files: [{ path: "a", to: "b" }, { path: "", to: "" }] },
  { name: "kept", files: [{ errno: 2, mode: 33188, size: 1n << 40n }] },
  { name: "left", wall_us: 7n, files: [{ errno: 0, mode: 33188, size: 3n }] },
  { name: "done", outcome: "" },
  { name: "wait", ms: 6_000 },
  { name: "read", most: 65_537 },
  { name: "input", flags: 1, bytes: bytes(105, 0, 255) },
  { name: "admin", verb: "stop", args: ["now"] },
  { name: "answer", json: bytes(123, 125) },
];

function problemOf(frame: Uint8Array): string | undefined {
  const read = decode(frame);
  return "problem" in read ? read.problem : undefined;
}

Deno.test("golden frames cover every message", () => {
  assertEquals(golden.map(({ name }) => name), Object.keys(messages) as AnyMessage["name"][]);
});

function recorded(name: string): string {
  const file = new URL(`../../tests/recorded/protocol/${name}.hex`, import.meta.url);
  return Deno.readTextFileSync(file).trim();
}

for (const message of golden) {
  const frame = recorded(message.name), whole = fromHex(frame)!;
  Deno.test(`encode() writes ${message.name} as recorded`, () =>
    assertEquals(hex(encode(message, build)), frame));
  Deno.test(`decode() reads ${message.name} back`, () => assertEquals(decode(whole), { message, build }));
  Deno.test(`decode() names a problem wherever ${message.name} is cut`, () => {
    for (let length = 0; length < whole.length; length++) {
      assert(problemOf(whole.subarray(0, length)), `cut at ${length}`);
      const resized = whole.slice(0, length);
      if (length >= 4) new DataView(resized.buffer).setUint32(0, length - 4, true);
      assert(problemOf(resized), `cut at ${length}, with a size that fits`);
    }
  });
  Deno.test(`decode() survives every flipped byte of ${message.name}`, () => {
    for (let at = 0; at < whole.length; at++) {
      for (let flip = 1; flip < 256; flip++) {
        const damaged = whole.slice();
        damaged[at] ^= flip;
        const problem = problemOf(damaged);
        if (at < 6) assert(problem, `size or version damaged at ${at}`);
      }
    }
  });
}

Deno.test("decode() refuses bytes left over", () => {
  const frame = bytes(...encode({ name: "done", outcome: "x" }, build), 0);
  frame[0]++;
  assertEquals(problemOf(frame), "done leaves bytes over");
});

Deno.test("decode() refuses a count that the frame cannot hold, at once", () => {
  const frame = encode({ name: "kept", files: [] }, build);
  frame.fill(0xff, 16, 20);
  assertEquals(problemOf(frame), 'field "files" of kept is beyond the frame');
});

Deno.test("decode() refuses an unknown message and another version by name", () => {
  const frame = encode({ name: "done", outcome: "" }, build);
  frame[6] = 99;
  assertEquals(problemOf(frame), "unknown message 99");
  frame[4] = protocolVersion + 1;
  assertEquals(problemOf(frame), `protocol ${protocolVersion + 1}, ours is ${protocolVersion}`);
});

Deno.test("decode() refuses a frame above the bound", () => {
  assert(problemOf(new Uint8Array(maxFrameBytes + 5))?.includes("too long"));
});

Deno.test("frameSize() waits for four bytes and counts them", () => {
  assertEquals(frameSize(bytes(1, 0, 0)), undefined);
  assertEquals(frameSize(bytes(1, 1, 0, 0, 9)), 261);
});

Deno.test("a frame with 200 KB of arguments and a megabyte of odd bytes comes back equal", () => {
  const odd = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
  const message: AnyMessage = {
    name: "ask",
    pid: 1,
    flags: 0,
    umask: 0,
    window: 0,
    namespace: 0n,
    root: 0n,
    cwd: "/",
    tool: "cc",
    argv: Array.from({ length: 800 }, (_, i) => odd + i),
    env: odd.repeat(4096),
  };
  assertEquals(decode(encode(message, 0n)), { message, build: 0n });
});

Deno.test("decode() reads a frame that lies inside a larger buffer", () => {
  const frame = encode({ name: "pass", outcome: "\x80\x9f" }, build);
  const buffer = new Uint8Array(frame.length + 7);
  buffer.set(frame, 3);
  const read = decode(buffer.subarray(3, 3 + frame.length));
  assertEquals(read, { message: { name: "pass", outcome: "\x80\x9f" }, build });
});

Deno.test("encode() outgrows its buffer at any field", () => {
  for (let length = 900; length < 1100; length++) {
    const message = { name: "admin", verb: "x".repeat(length), args: ["y"] } as const;
    assertEquals(decode(encode(message, 1n)), { message, build: 1n });
  }
});
