import { assertEquals } from "@std/assert";
import { folderUse } from "./folder.ts";

const cwd = "/w/one";

Deno.test("folderUse() takes files below the folder that are read by their full names", () => {
  const words = ["-O2", "-DN=1", "-I/w/one/inc", "-I", "/w/one", "-c", "/w/one/a.c", "-o", "a.o"];
  assertEquals(folderUse(words, cwd), {
    debug: false,
    sources: ["/w/one/a.c"],
    full: { macros: "#define N 1\n" },
  });
  assertEquals(folderUse(["-c", "a.c"], cwd), { debug: false, sources: ["a.c"] });
  assertEquals(folderUse(["-c", "/w/other/a.c"], cwd), { debug: false, sources: ["/w/other/a.c"] });
});

const refused: Record<string, string[]> = {
  "an output": ["-c", "a.c", "-o", "/w/one/a.o"],
  "a macro": ["-DHERE=/w/one", "-c", "a.c"],
  "a folder that begins like it": ["-I/w/one_more", "-c", "a.c"],
  "a source that begins like it": ["-c", "/w/one_more/a.c"],
  "its name twice": ["-c", "/w/one/w/one/a.c"],
  "a list": ["-MF", "/w/one/a.d", "-MD", "-c", "a.c"],
  "an object": ["-c", "/w/one/a.o"],
  "assembler": ["-c", "/w/one/a.s"],
  "assembler beside it": ["-c", "/w/one/a.c", "b.s"],
  "a source's language": ["-x", "c", "-c", "/w/one/a.c"],
  "what is preprocessed": ["-E", "/w/one/a.c"],
  "an assembly": ["-S", "/w/one/a.c"],
  "a list on standard output": ["-MM", "/w/one/a.c"],
  "a word with the slot's name": ["-DX=$cwd", "-c", "/w/one/a.c"],
  "offloading": ["-fopenmp", "-c", "/w/one/a.c"],
  "a word that is not known": ["-fsanitize=address", "-c", "/w/one/a.c"],
};
for (const [name, words] of Object.entries(refused)) {
  Deno.test(`folderUse() does not know the folder in ${name}`, () => {
    assertEquals(folderUse(words, cwd), undefined);
  });
}

Deno.test("folderUse() does not know a folder whose name is spelled otherwise in texts", () => {
  assertEquals(folderUse(["-c", '/w/o"ne/a.c'], '/w/o"ne'), undefined);
});
