import { assertEquals } from "@std/assert";
import { foundOn, namesSought } from "./search_path.ts";
import { inputKinds, noSignature } from "../store/unit.ts";

const programs = new Set(["/usr/bin/as", "/usr/bin/ld", "/opt/bin/ld", "/w/tools/as"]);
const isProgram = (path: string) => programs.has(path);
const cases: { name: string; path: string | null; want: string }[] = [
  { name: "in one folder", path: "/usr/bin", want: "/usr/bin/as\0/usr/bin/ld" },
  { name: "in the first folder that has it", path: "/opt/bin:/usr/bin", want: "/usr/bin/as\0/opt/bin/ld" },
  {
    name: "through folders without any",
    path: "/nowhere:/usr/bin:/opt/bin",
    want: "/usr/bin/as\0/usr/bin/ld",
  },
  { name: "below the working folder", path: "tools:/usr/bin", want: "/w/tools/as\0/usr/bin/ld" },
  { name: "nowhere", path: "/nowhere", want: "\0" },
  { name: "in libc's own folders", path: null, want: "/usr/bin/as\0/usr/bin/ld" },
];
for (const { name, path, want } of cases) {
  Deno.test(`foundOn() finds programs ${name}`, () => {
    assertEquals(foundOn(path, "/w", ["as", "ld"], isProgram), want);
  });
}

Deno.test("namesSought() takes found and missing names in folders of PATH alone", () => {
  const value = new Uint8Array(32), signature = noSignature;
  const folder = (path: string) => ({ path, gone: false, signature });
  assertEquals(
    namesSought("/a:/b", "/w", {
      inputs: [
        { kind: inputKinds.content, path: "/b/as", value, signature },
        { kind: inputKinds.exists, path: "/w/a.c", value, signature },
      ],
      absences: {
        folders: [folder("/a"), folder("/w")],
        lists: [[0], [1], [0, 1]],
        names: [{ list: 0, name: "as" }, { list: 1, name: "a.h" }, { list: 2, name: "ld" }],
      },
    }),
    ["as", "ld"],
  );
});

Deno.test("namesSought() takes names in the root folder and in folders as long as others", () => {
  const input = (path: string) => ({
    kind: inputKinds.content,
    path,
    value: new Uint8Array(32),
    signature: noSignature,
  });
  const inputs = ["/as", "/b/ld", "/c/cc", "/bb/ar"].map(input),
    absences = { folders: [], lists: [], names: [] };
  assertEquals(namesSought("/:/b", "/w", { inputs, absences }), ["as", "ld"]);
});
