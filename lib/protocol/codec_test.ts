import { assert, assertEquals } from "@std/assert";
import { fromHex, hex } from "../base/digest.ts";
import { decode, encode, frameSize } from "./codec.ts";
import type { AnyMessage } from "./codec.ts";
import { maxFrameBytes, messages } from "./spec.ts";

const build = 0x8877665544332211n;
const bytes = (...values: number[]) => Uint8Array.from(values);

/** One message of each kind, with the frame it has always had: a change here is a new protocolVersion. */
const golden: { message: AnyMessage; frame: string }[] = [
  {
    message: {
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
    frame: "5600000001000100112233445566778802010000080000001200000018005000" +
      "030000000000000010325476" + "98badcfe020000002f77060000002f62696e2fe9" +
      "02000000020000006363000000000800000041" + "3d3100423dff00",
  },
  {
    message: {
      name: "hit",
      status: 0,
      flags: 1,
      out: bytes(104, 10),
      err: bytes(),
      files: [{ style: 1, mode: 0o666, path: "a.o", source: "/c/ab" }],
    },
    frame: "370000000100020011223344556677880000000001000000" + "02000000680a00000000" +
      "0100000001b601000003000000612e6f050000002f632f6162",
  },
  {
    message: { name: "cannot", errno: 28, path: "x" },
    frame: "15000000010003001122334455667788" + "1c0000000100000078",
  },
  {
    message: { name: "run", tracer: "/t", record: "/r", extra: ["-MD"], staging: "" },
    frame: "27000000010004001122334455667788" + "020000002f74020000002f7201000000030000002d4d4400000000",
  },
  { message: { name: "pass", outcome: "p" }, frame: "11000000010005001122334455667788" + "0100000070" },
  {
    message: { name: "report", status: 256, flags: 5, wall_us: 1_000_000n, out: bytes(0), err: bytes(255) },
    frame: "26000000010006001122334455667788" + "000100000500000040420f0000000000010000000001000000ff",
  },
  {
    message: { name: "keep", files: [{ path: "a", to: "b" }, { path: "", to: "" }] },
    frame: "22000000010007001122334455667788" + "02000000" + "01000000610100000062" + "0000000000000000",
  },
  {
    message: { name: "kept", files: [{ errno: 2, mode: 33188, size: 1n << 40n }] },
    frame: "20000000010008001122334455667788" + "0100000002000000a48100000000000000010000",
  },
  { message: { name: "done", outcome: "" }, frame: "10000000010009001122334455667788" + "00000000" },
  {
    message: { name: "admin", verb: "stop", args: ["now"] },
    frame: "1f0000000100" + "0a001122334455667788" + "0400000073746f7001000000030000006e6f77",
  },
  {
    message: { name: "answer", json: bytes(123, 125) },
    frame: "1200000001000b001122334455667788" + "020000007b7d",
  },
];

function problemOf(frame: Uint8Array): string | undefined {
  const read = decode(frame);
  return "problem" in read ? read.problem : undefined;
}

Deno.test("golden frames cover every message", () => {
  assertEquals(golden.map(({ message }) => message.name), Object.keys(messages) as AnyMessage["name"][]);
});

for (const { message, frame } of golden) {
  const whole = fromHex(frame)!;
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
  frame[4] = 2;
  assertEquals(problemOf(frame), "protocol 2, ours is 1");
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
