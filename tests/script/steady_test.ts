/** What is compared where plain runs differ among themselves: everything that they have in common, and nothing else. */
import { assertEquals } from "@std/assert";
import { compareRuns, onlySteady, type PlainRun } from "./steady.ts";
import { compareTrees, type Entry, type Tree } from "./tree.ts";
import type { Ran } from "./world.ts";

const entry = (text: string): Entry => ({
  kind: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  inode: 1,
  links: 1,
  mtime: 1,
  size: text.length,
  bytes: new TextEncoder().encode(text),
});
const tree = (files: Record<string, string>): Tree =>
  new Map(Object.entries(files).map(([name, text]) => [name, entry(text)]));
const ran: Ran = { code: 0, stdout: "", stderr: "" };
const plain = (files: Record<string, string>): PlainRun => ({ ran, tree: tree(files) });

const filler = "-".repeat(40);
const cases: {
  name: string;
  plain: Record<string, string>[];
  cached: Record<string, string>;
  want: RegExp | undefined;
}[] = [
  { name: "equal files", plain: [{ a: "1" }, { a: "1" }], cached: { a: "1" }, want: undefined },
  {
    name: "another steady byte",
    plain: [{ a: "1" }, { a: "1" }],
    cached: { a: "2" },
    want: /a: differs from byte 0/,
  },
  { name: "an unsteady byte", plain: [{ a: "1" }, { a: "2" }], cached: { a: "3" }, want: undefined },
  {
    name: "a steady byte beside an unsteady one",
    plain: [{ a: `1${filler}x` }, { a: `2${filler}x` }],
    cached: { a: `3${filler}y` },
    want: /a: differs from byte 41/,
  },
  {
    name: "another size of an unsteady file",
    plain: [{ a: "1" }, { a: "2" }],
    cached: { a: filler },
    want: /a: differs/,
  },
  {
    name: "a little more of an unsteady file",
    plain: [{ a: "1" }, { a: "2" }],
    cached: { a: "3333" },
    want: undefined,
  },
  { name: "an unsteady size", plain: [{ a: "1" }, { a: "22" }], cached: { a: "333" }, want: undefined },
  {
    name: "a lost unsteady file",
    plain: [{ a: "1" }, { a: "2" }],
    cached: {},
    want: /a: only the plain run/,
  },
  {
    name: "strings in an order by a drawn seed",
    plain: [{ a: ` -frandom-seed=0x1${filler}ab` }, { a: ` -frandom-seed=0x2${filler}ab` }],
    cached: { a: ` -frandom-seed=0x3${filler}ba` },
    want: undefined,
  },
  { name: "a stray file", plain: [{}, {}], cached: { b: "" }, want: /b: only the cached run/ },
  {
    name: "drawn names",
    plain: [{ ccAAAAAA: "" }, { ccBBBBBB: "" }],
    cached: { ccCCCCCC: "" },
    want: undefined,
  },
  {
    name: "a lost drawn name",
    plain: [{ ccAAAAAA: "" }, { ccBBBBBB: "" }],
    cached: {},
    want: /drawn names "ccXXXXXX"/,
  },
];
for (const { name, plain: plains, cached, want } of cases) {
  Deno.test(`onlySteady() ${want === undefined ? "lets pass" : "keeps"} ${name}`, () => {
    const left = onlySteady(plains.map(plain), tree(cached));
    const whole = {
      before: new Map(),
      plain: left.plain,
      cached: left.cached,
      cachedStart: 0,
      isLoose: () => false,
    };
    const found = [...compareTrees(whole), ...left.names].join("\n");
    assertEquals(want === undefined ? found === "" : want.test(found), true, found);
  });
}

Deno.test("onlySteady() names what is unsteady", () => {
  const left = onlySteady([plain({ a: "1", b: "1" }), plain({ a: "2", b: "1" })], tree({ a: "1", b: "1" }));
  assertEquals(left.unsteady, ["a"]);
});

Deno.test("compareRuns() compares a text and an exit code on which the plain runs agree", () => {
  const said = (stdout: string, code = 0): Ran => ({ code, stdout, stderr: "same" });
  assertEquals(compareRuns([said("1"), said("2")], said("3")), []);
  assertEquals(compareRuns([said("1"), said("1")], said("3")).length, 1);
  assertEquals(compareRuns([said("1"), said("2")], said("3", 1)), ["exit code 0 when plain, 1 when cached"]);
  assertEquals(compareRuns([said("/tmp/ccAAAAAA.o")], said("/tmp/ccBBBBBB.o")), []);
});
