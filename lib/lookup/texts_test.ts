import { assertEquals } from "@std/assert";
import { bytesOf, byteString } from "../base/bytes.ts";
import { isTextsRow, textsIn, withMarks } from "./texts.ts";

const folder = "/w/one";
/** A row as renamed.ts writes it, with these objects. */
const named = (
  ...objects: string[]
): [string, string] => ["=names, free", ["p", "", "", "", "", ...objects].join("\0")];

function moved(text: string, to: string, objects: string[] = [], others: string[] = []): string | undefined {
  const marked = withMarks(bytesOf(text), folder, objects);
  if (marked === undefined) return undefined;
  const rows: [string, string | null][] = [["=texts", null], named(...others)];
  const result = { status: 0, out: bytesOf(""), err: marked, oneOutput: false, outputs: [] };
  return byteString(textsIn({ environment: rows, result }, to).err);
}

interface Case {
  name: string;
  text: string;
  want: string | undefined;
}

const cases: Case[] = [
  { name: "nothing", text: "a.c:1: warning", want: "a.c:1: warning" },
  { name: "a path", text: "/w/one/a.c:1: x", want: "/w/two/a.c:1: x" },
  { name: "the folder", text: "in '/w/one': /w/one/a.c", want: "in '/w/two': /w/two/a.c" },
  {
    name: "a path in colour",
    text: "\x1b[01m\x1b[K/w/one/a.c:\x1b[m",
    want: "\x1b[01m\x1b[K/w/two/a.c:\x1b[m",
  },
  { name: "another folder that begins so", text: "/w/one_more/a.c: x", want: undefined },
  { name: "the end of another path", text: "/x/w/one/a.c: x", want: undefined },
  { name: "a path behind an option", text: "-I/w/one/a", want: undefined },
  { name: "its name at the end", text: "in /w/one", want: undefined },
  { name: "a mark", text: "\0$cwd\0 /w/one/a.c", want: undefined },
];
for (const { name, text, want } of cases) {
  Deno.test(`a text with ${name}, said in another folder`, () => assertEquals(moved(text, "/w/two"), want));
}

Deno.test("objects that a text names are those of the line that hits", () => {
  const said = "ld: d/x.o: in function `main':\nld: d/y.o:(.text+0x1): undefined\n";
  assertEquals(
    moved(said, folder, ["d/x.o", "d/y.o"], ["e/long.o", "z.o"]),
    "ld: e/long.o: in function `main':\nld: z.o:(.text+0x1): undefined\n",
  );
  assertEquals(moved("lib.a(x.o): x", folder, ["a(x.o"], ["y.o"]), undefined);
  assertEquals(moved("undefined reference to `x.o.1'", folder, ["x.o"], ["y.o"]), undefined);
});

Deno.test("a unit without the row says its texts as they are", () => {
  const result = { status: 0, out: bytesOf("\0$cwd\0"), err: bytesOf(""), oneOutput: false, outputs: [] };
  assertEquals(byteString(textsIn({ environment: [], result }, "/w/two").out), "\0$cwd\0");
  assertEquals([isTextsRow("=texts"), isTextsRow("PATH")], [true, false]);
});
