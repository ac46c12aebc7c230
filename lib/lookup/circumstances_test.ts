import { assert, assertEquals } from "@std/assert";
import { calledRow, environmentHolds, environmentOf, variablesAsked, withPrograms } from "./circumstances.ts";

const block = (...entries: string[]) => entries.map((entry) => entry + "\0").join("");
const base = environmentOf(block("LANG=C", "CPATH=/inc", "MAKEFLAGS=-j2", "USER=me"));

Deno.test("environmentOf() keeps the first of two with one name, as getenv does", () => {
  assertEquals(
    environmentOf(block("A=1", "A=2", "broken", "=odd", "B=x=y")),
    new Map([["A", "1"], ["B", "x=y"]]),
  );
});

const asked = new Set(["LANG", "CPATH", "GCC_COLORS", "MAKEFLAGS"]);
const changes: [string, string, boolean, boolean][] = [
  ["the same", block("LANG=C", "CPATH=/inc", "MAKEFLAGS=-j2", "USER=me"), true, true],
  ["an asked one changed", block("LANG=C", "CPATH=/other", "USER=me"), false, false],
  ["an asked one gone", block("LANG=C", "USER=me"), false, false],
  ["an unset one set", block("LANG=C", "CPATH=/inc", "GCC_COLORS=x", "USER=me"), false, false],
  ["an ignored one changed", block("LANG=C", "CPATH=/inc", "MAKEFLAGS=-j9", "USER=me"), true, true],
  ["one that nobody asked for changed", block("LANG=C", "CPATH=/inc", "USER=you"), true, false],
  ["one that nobody asked for is new", block("LANG=C", "CPATH=/inc", "USER=me", "NEW=1"), true, false],
];
for (const [name, text, byName, byAll] of changes) {
  Deno.test(`environmentHolds() with ${name}`, () => {
    const asker = { environment: environmentOf(text), called: "cc", found: () => "" };
    assertEquals(environmentHolds(variablesAsked(base, asked, false), asker), byName);
    assertEquals(environmentHolds(variablesAsked(base, asked, true), asker), byAll);
  });
}

Deno.test("variablesAsked() leaves out what reaches no byte", () => {
  assert(!variablesAsked(base, asked, true).some(([name]) => name === "MAKEFLAGS"));
});

const paths: [string, string | undefined, boolean | "elsewhere"][] = [
  ["the same PATH", "/a:/b", true],
  ["another PATH with the same programs", "/c:/b", "elsewhere"],
  ["another PATH with another program", "/other", false],
  ["no PATH", undefined, false],
];
for (const [name, path, want] of paths) {
  Deno.test(`environmentHolds() with ${name}`, () => {
    const found = (path: string | null) => path?.includes("/b") ? "/b/as" : "elsewhere";
    const rows = withPrograms([["LANG", null], ["PATH", "/a:/b"]], ["as"], found);
    const environment = environmentOf(path === undefined ? "" : block(`PATH=${path}`));
    assertEquals(environmentHolds(rows, { environment, called: "cc", found }), want);
  });
}

Deno.test("environmentHolds() compares how the tool was called where that counts", () => {
  const asker = { environment: base, called: "/usr/bin/cc", found: () => "" };
  assertEquals(environmentHolds([calledRow("/usr/bin/cc")], asker), true);
  assertEquals(environmentHolds([calledRow("cc")], asker), false);
});
