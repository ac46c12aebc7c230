import { assertEquals, assertThrows } from "@std/assert";
import { parseArchive } from "./txtar.ts";
import { commandLine, parseLine, shellQuote, shellRedirection, splitWords } from "./words.ts";

Deno.test("parseArchive() cuts a text into script and files", () => {
  const { script, files } = parseArchive(
    "# claim\ncc -c a.c\n-- a.c --\nint a;\n\n-- d/empty --\n-- b --\nx\n",
  );
  assertEquals(script, "# claim\ncc -c a.c\n");
  assertEquals(files, [
    { name: "a.c", text: "int a;\n\n" },
    { name: "d/empty", text: "" },
    { name: "b", text: "x\n" },
  ]);
});

Deno.test("parseArchive() refuses a name that is there twice", () => {
  assertThrows(() => parseArchive("# x\n-- a --\n-- a --\n"), Error, "twice");
});

Deno.test("parseLine() takes conditions and the exclamation mark off", () => {
  const { conditions, fails, rest } = parseLine("[clang] [!root] ! gcc -c a.c", 7);
  assertEquals({ conditions, fails, rest }, {
    conditions: ["clang", "!root"],
    fails: true,
    rest: "gcc -c a.c",
  });
});

const variable = (name: string) => name === "WORK" ? "/w x" : "";
const cases = [
  { name: "keeps single quotes whole", text: "'a $WORK \\n'", want: ["a $WORK \\n"] },
  { name: "knows escapes in double quotes", text: '"a\\tb\\"c\\$"', want: ['a\tb"c$'] },
  {
    name: "fills in variables without splitting them",
    text: "$WORK/a.c ${WORK}b",
    want: ["/w x/a.c", "/w xb"],
  },
  { name: "joins parts of a word", text: "-D'A B'=\"c\"", want: ["-DA B=c"] },
  { name: "keeps an empty word", text: "a '' b", want: ["a", "", "b"] },
  { name: "keeps a lone dollar", text: "a$ $", want: ["a$", "$"] },
];
for (const { name, text, want } of cases) {
  Deno.test(`splitWords() ${name}`, () => assertEquals(splitWords(text, variable).map((w) => w.text), want));
}

Deno.test("commandLine() tells assignments and redirections from words, unless quoted", () => {
  assertEquals(commandLine(splitWords("A=1 gcc B=2 '>x' >out 2>&1 <in 2>&-", variable)), {
    assignments: [["A", "1"]],
    argv: ["gcc", "B=2", ">x"],
    redirections: [">out", "2>&1", "<in", "2>&-"],
  });
});

Deno.test("shellQuote() and shellRedirection() survive a shell", () => {
  const words = ["plain", "", "a b", "it's", "$x`y`", "new\nline", '-DA="b"'];
  const script = `printf '%s|' ${words.map(shellQuote).join(" ")} ${shellRedirection("2>&1")}`;
  const { stdout } = new Deno.Command("/bin/sh", { args: ["-c", script] }).outputSync();
  assertEquals(new TextDecoder().decode(stdout), words.map((word) => `${word}|`).join(""));
});
