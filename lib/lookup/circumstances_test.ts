import { assert, assertEquals } from "@std/assert";
import { bytesOf, fromText } from "../base/bytes.ts";
import {
  type Asker,
  type Environment,
  environmentHolds,
  environmentOf,
  factRows,
  namesTemporary,
  variablesAsked,
  withPrograms,
} from "./circumstances.ts";

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
/** Whoever asks, called so; files can be made in the folder `out` alone. */
function askerWith(environment: Environment, called: string): Asker {
  return {
    environment,
    cwd: "/w",
    called,
    tool: "/usr/bin/cc",
    umask: 0o22,
    lacksTemporary: false,
    cpu: () => "this",
    descriptors: () => false,
    found: () => "",
    takesFiles: (folders) => folders.every((folder) => folder === "$cwd/out"),
  };
}

for (const [name, text, byName, byAll] of changes) {
  Deno.test(`environmentHolds() with ${name}`, () => {
    const asker = askerWith(environmentOf(text), "cc");
    assertEquals(environmentHolds(variablesAsked(base, asked, false), asker), byName);
    assertEquals(environmentHolds(variablesAsked(base, asked, true), asker), byAll);
  });
}

Deno.test("variablesAsked() leaves out what reaches no byte", () => {
  assert(!variablesAsked(base, asked, true).some(([name]) => name === "MAKEFLAGS"));
});

const paths: [string, string | undefined, boolean | "this time"][] = [
  ["the same PATH", "/a:/b", true],
  ["another PATH with the same programs", "/c:/b", "this time"],
  ["another PATH with another program", "/other", false],
  ["no PATH", undefined, false],
];
for (const [name, path, want] of paths) {
  Deno.test(`environmentHolds() with ${name}`, () => {
    const found = (path: string | null) => path?.includes("/b") ? "/b/as" : "elsewhere";
    const rows = withPrograms([["LANG", null], ["PATH", "/a:/b"]], ["as"], found);
    const environment = environmentOf(path === undefined ? "" : block(`PATH=${path}`));
    assertEquals(environmentHolds(rows, { ...askerWith(environment, "cc"), found }), want);
  });
}

const facts: { name: string; fact: Partial<Parameters<typeof factRows>[0]>; want: boolean | "this time" }[] =
  [
    { name: "how the tool is called", fact: { called: "/usr/bin/cc" }, want: true },
    { name: "how the tool is called, otherwise", fact: { called: "cc" }, want: false },
    { name: "the way to the tool", fact: { tool: "/usr/bin/cc" }, want: true },
    { name: "another way to the tool", fact: { tool: "../bin/cc" }, want: false },
    { name: "the umask", fact: { umask: 0o22 }, want: true },
    { name: "another umask", fact: { umask: 0o77 }, want: false },
    { name: "the processor", fact: { cpu: "this" }, want: true },
    { name: "another processor", fact: { cpu: "that" }, want: false },
    { name: "that no folder takes temporary files", fact: { lacksTemporary: true }, want: false },
    { name: "a folder that took files", fact: { writtenIn: ["$cwd/out"] }, want: "this time" },
    { name: "folders, one of which takes none", fact: { writtenIn: ["$cwd/out", "/gone"] }, want: false },
    { name: "descriptors", fact: { descriptors: false }, want: "this time" },
    { name: "descriptors that are there no more", fact: { descriptors: true }, want: false },
  ];
for (const { name, fact, want } of facts) {
  Deno.test(`environmentHolds() compares ${name}`, () => {
    const asker = askerWith(base, "/usr/bin/cc");
    assertEquals(environmentHolds(factRows({ lacksTemporary: false, ...fact }), asker), want);
  });
}

for (
  const [text, names] of [
    ["LOAD /tmp/ccAbCdEf.o", true],
    ["/tmp/caller.c:1: error", false],
    ["/tmp/x /tmp/a-0fbec0d0.o", true],
    ["\xff LOAD /ungew\xf6hnlich/\x80/ccAbCdEf.o", true],
    ["LOAD /ungew\xf6hnlich/\x81/ccAbCdEf.o", false],
    [fromText("LOAD /gewöhnlich/ccAbCdEf.o"), true],
  ] as const
) {
  Deno.test(`namesTemporary() says ${names} of ${text}`, () => {
    const environment = new Map([["TMPDIR", "/ungew\xf6hnlich/\x80/"], ["TMP", fromText("/gewöhnlich")]]);
    assertEquals(namesTemporary(bytesOf(text), environment), names);
  });
}
