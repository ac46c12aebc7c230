import { assertEquals } from "@std/assert";
import { linkNamesOf, withoutLinkWords } from "./link_names.ts";

Deno.test("linkNamesOf() takes objects and program apart from the words that make it", () => {
  const words = ["-O2", "-rdynamic", "d/a.c.o", "b.o", "-o", "prog", "-L", "lib", "-lm", "-Wl,--as-needed"];
  assertEquals(linkNamesOf(words), {
    others: ["-O2", "-rdynamic", "object", "object", "-L", "lib", "-l", "m", "-Wl,--as-needed"],
    object: "prog",
    objects: ["d/a.c.o", "b.o"],
    colour: [],
  });
});

const refused: Record<string, string[]> = {
  "no object": ["-o", "prog"],
  "no program's name": ["a.o"],
  "two names": ["a.o", "-o", "p", "-o", "q"],
  "a source": ["a.c", "b.o", "-o", "p"],
  "an archive": ["a.o", "b.a", "-o", "p"],
  "a compile": ["-c", "a.o", "-o", "p"],
  "an object twice": ["a.o", "a.o", "-o", "p"],
  "an object twice, spelled otherwise": ["a.o", "./a.o", "-o", "p"],
  "a program over its object": ["a.o", "b.o", "-o", "a.o"],
  "a program over its object, spelled otherwise": ["d/a.o", "b.o", "-o", "./d//a.o"],
  "an object in full": ["/w/a.o", "-o", "p"],
  "an object from above": ["../a.o", "-o", "p"],
  "an object from above a folder": ["d/../a.o", "-o", "p"],
  "a program in full": ["a.o", "-o", "/w/p"],
  "a name that the default script knows": ["crtbegin.o", "a.o", "-o", "p"],
  "the same in a folder": ["d/crtendS.o", "a.o", "-o", "p"],
  "a name with a star": ["*.o", "-o", "p"],
  "a list of files": ["@a.rsp", "-o", "p"],
  "a script": ["a.o", "-T", "s.ld", "-o", "p"],
  "a map": ["a.o", "-Wl,-Map=p.map", "-o", "p"],
  "a script behind another word": ["a.o", "-Wl,--as-needed,-T,s.ld", "-o", "p"],
  "link-time optimisation": ["-flto", "a.o", "-o", "p"],
  "a name for the loader": ["-shared", "a.o", "-Wl,-soname,x", "-o", "p"],
};
for (const [name, words] of Object.entries(refused)) {
  Deno.test(`linkNamesOf() does not know ${name}`, () => assertEquals(linkNamesOf(words), undefined));
}

Deno.test("withoutLinkWords() leaves what compiles", () => {
  const words = [
    "-O2",
    "a.c",
    "-lm",
    "-L",
    "lib",
    "-o",
    "prog",
    "-rdynamic",
    "-Wl,--as-needed",
    "-Wl,-Map=m",
    "-T",
    "s",
  ];
  assertEquals(withoutLinkWords(words), ["-O2", "a.c", "-o", "prog", "-Wl,-Map=m", "-T", "s"]);
});
