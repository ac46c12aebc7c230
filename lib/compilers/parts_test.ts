import { assertEquals } from "@std/assert";
import { partsOf } from "./parts.ts";

Deno.test("partsOf() gives each source its words", () => {
  const words = "-O2 -I inc -MD -c a.c -DX=a.c src/b.cc -include v.h".split(" ");
  assertEquals(partsOf(words), [
    { source: "a.c", words: words.filter((word) => word !== "src/b.cc") },
    { source: "src/b.cc", words: words.filter((word) => word !== "a.c") },
  ]);
});

const whole: [why: string, line: string][] = [
  ["one source", "-c a.c"],
  ["a link", "a.c b.c"],
  ["an output that is named", "-c a.c b.c -o x.o"],
  ["a depfile that is named", "-MD -MF x -c a.c b.c"],
  ["two objects of one name", "-c a.c src/a.c"],
  ["a source that is a word's value, too", "-c -include a.c a.c b.c"],
  ["a word that is not known", "-c a.c b.c -flto"],
  ["a language", "-c -x c a.c b.c"],
  ["an object among them", "-c a.c b.o"],
  ["standard input", "-c a.c -"],
  ["a word that wants a value", "-c a.c b.c -I"],
];
for (const [why, line] of whole) {
  Deno.test(`partsOf() leaves ${why} whole`, () => assertEquals(partsOf(line.split(" ")), undefined));
}
