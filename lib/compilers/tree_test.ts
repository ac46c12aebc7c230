import { assertEquals } from "@std/assert";
import { mapWords, treeUse, unmappedWord } from "./tree.ts";

const root = "/w/one";

/** `want`: the words with the slot, or the one that may let the tree in. */
const lines: { name: string; words: string[]; want: string[] | string }[] = [
  {
    name: "CMake's line",
    words: ["-I/w/one/inc", "-g", "-MD", "-MT", "a.o", "-MF", "a.d", "-o", "a.o", "-c", "/w/one/a.c"],
    want: ["-I$root/inc", "-g", "-MD", "-MT", "a.o", "-MF", "a.d", "-o", "a.o", "-c", "$root/a.c"],
  },
  { name: "the root itself", words: ["-I", "/w/one", "a.c"], want: ["-I", "$root", "a.c"] },
  { name: "a neighbour", words: ["-I/w/one-more", "a.c"], want: "-I/w/one-more" },
  { name: "another tree", words: ["-I/w/two", "a.c"], want: ["-I/w/two", "a.c"] },
  { name: "a macro", words: ["-DROOT=/w/one", "a.c"], want: "-DROOT=/w/one" },
  { name: "a macro apart", words: ["-D", "ROOT=/w/one/x", "a.c"], want: "-D" },
  { name: "a macro without the tree", words: ["-DX=/w/two", "a.c"], want: ["-DX=/w/two", "a.c"] },
  {
    name: "maps",
    words: ["-fdebug-prefix-map=/w/one/a=/x", "-ffile-prefix-map=/y=z", "a.c"],
    want: ["-fdebug-prefix-map=$root/a=/x", "-ffile-prefix-map=/y=z", "a.c"],
  },
  {
    name: "a map to the tree",
    words: ["-ffile-prefix-map=/y=/w/one", "a.c"],
    want: "-ffile-prefix-map=/y=/w/one",
  },
  {
    name: "a list by the preprocessor",
    words: ["-Wp,-MMD,/w/one/a.d", "a.c"],
    want: ["-Wp,-MMD,$root/a.d", "a.c"],
  },
  { name: "a file of options", words: ["@flags", "a.c"], want: "@flags" },
  { name: "a name like the slot", words: ["-I$root/x", "a.c"], want: "-I$root/x" },
  { name: "compressed debug information", words: ["-g", "-gz", "a.c"], want: "-gz" },
  { name: "split debug information", words: ["-gsplit-dwarf", "a.c"], want: "-gsplit-dwarf" },
  { name: "link-time optimisation", words: ["-flto", "a.c"], want: "-flto" },
  { name: "coverage", words: ["--coverage", "a.c"], want: "--coverage" },
  { name: "offloading", words: ["-fopenmp", "a.c"], want: "-fopenmp" },
  { name: "no source", words: ["-c"], want: "-c" },
  { name: "an option without its value", words: ["a.c", "-o"], want: "-o" },
];
for (const { name, words, want } of lines) {
  Deno.test(`treeUse() with ${name}`, () => {
    const use = treeUse(words, root);
    assertEquals("word" in use ? use.word : use.words, want);
  });
}

Deno.test("treeUse() trusts no tree whose name texts escape", () => {
  for (const name of ["/w/a b", "/w/a$b", '/w/a"b', "/w/\xe4", "/w/a#b", "/w/a\\b"]) {
    assertEquals(treeUse(["a.c"], name), { word: name });
  }
});

Deno.test("mapWords() maps root and folder, but for the user's own maps", () => {
  assertEquals(mapWords(["-c"], "/w", "/w"), ["-ffile-prefix-map=/w=."]);
  assertEquals(mapWords(["-c"], "/w", "/w/b"), ["-ffile-prefix-map=/w=.", "-ffile-prefix-map=/w/b=."]);
  assertEquals(mapWords(["-ffile-prefix-map=/w=x"], "/w", "/w/b"), ["-ffile-prefix-map=/w/b=."]);
  assertEquals(mapWords(["-fdebug-prefix-map=/w=x"], "/w", "/w"), ["-ffile-prefix-map=/w=."]);
});

const unmapped: { words: string[]; want: string | undefined }[] = [
  { words: ["-c", "a.c", "-o", "a.o"], want: undefined },
  { words: ["-c", "a.cc", "b.cpp"], want: undefined },
  { words: ["-x", "c++", "-c", "-"], want: undefined },
  { words: ["-c", "a.s"], want: "a.s" },
  { words: ["-c", "a.f90"], want: "a.f90" },
  { words: ["-x", "c-header", "-c", "a.h"], want: "-x c-header" },
  { words: ["-E", "a.c"], want: "-E" },
  { words: ["-MM", "a.c"], want: "-MM" },
  { words: ["-fsyntax-only", "a.c"], want: "-fsyntax-only" },
  { words: ["-cc1", "-emit-obj", "a.c"], want: "-cc1" },
];
for (const { words, want } of unmapped) {
  Deno.test(`unmappedWord() of ${words.join(" ")}`, () => assertEquals(unmappedWord(words), want));
}
