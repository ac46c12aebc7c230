import { assertEquals } from "@std/assert";
import { confess } from "./confess.ts";

/** What a system's header may say; `say` joins words, `rename` names a symbol, by way of another macro. */
const header = [
  "#define CAT(a, b) a ## b",
  "#  define say(x) CAT(x, y)",
  '#define __ASM(n) __asm__ ("" #n)',
  "#define rename(f) f __ASM(f)",
  "#define plain(x) (x)",
].join("\n");

const texts: { name: string; text: string; system?: string; want: "time" | "unmodelled" | string[] }[] = [
  { name: "nothing", text: "int a;", want: [] },
  { name: "the time", text: "const char *t = __TIME__;", want: "time" },
  { name: "a file's time in a system's header", text: "", system: "__TIMESTAMP__", want: "time" },
  { name: "the date over two lines", text: "__DA\\\nTE__", want: "time" },
  { name: "the time over two lines with blanks and CR", text: "__TI\\ \t\r\nME__", want: "time" },
  { name: "the time over two lines by a trigraph", text: "__TI??/\nME__", want: "time" },
  { name: "a word that a trigraph would join to another", text: "int a??/\nasm", want: "unmodelled" },
  { name: "the time, pasted", text: "#define J(a, b) a ## b\nJ(__TI, ME__)", want: "time" },
  { name: "the time, pasted by a digraph", text: "%:define J(a, b) a %:%: b\nJ(__TI, ME__)", want: "time" },
  {
    name: "the time, pasted by a trigraph",
    text: "#define J(a, b) a ??=??= b\nJ(__TI, ME__)",
    want: "time",
  },
  { name: "the time, pasted of three", text: "#define J(a, b) a##b\nJ(J(__T, IM), E__)", want: "time" },
  { name: "the time, pasted by a system's macro", text: "say(__TI, ME__)", want: "time" },
  {
    name: "the time, pasted by a system's macro that has pieces itself",
    text: "W(TIME)",
    system: "#define W(x) __ ## x ## __",
    want: "time",
  },
  {
    name: "a system's macro whose parameters would be pieces",
    text: "W(x)",
    system: "#define W(a, s, m) a ## s",
    want: [],
  },
  { name: "pieces that nothing pastes", text: "plain(__TI, ME__)", want: [] },
  { name: "a paste of other words", text: "#define J(a, b) a ## b\nint J(x, y);", want: [] },
  {
    name: "a paste that takes a comma away",
    text: "#define F(f, ...) f(f , ## __VA_ARGS__)\nas m",
    want: [],
  },
  { name: "assembly, pasted", text: '#define J(a, b) a##b\nJ(__as, m__)(".incbin");', want: "unmodelled" },
  { name: "assembly, pasted, bare", text: "#define J(a, b) a##b\nJ(as, m)", want: "unmodelled" },
  { name: "assembly", text: '__asm__(".incbin");', want: "unmodelled" },
  { name: "assembly, bare", text: "asm volatile (X);", want: "unmodelled" },
  { name: "assembly over two lines", text: "__a\\\nsm(X);", want: "unmodelled" },
  { name: "assembly by a system's macro", text: 'int rename(x; .incbin "a.c");', want: "unmodelled" },
  { name: "a word that holds asm", text: "int plasma;", want: [] },
  { name: "a symbol's name in a system's header", text: "", system: 'int f() __asm__("g");', want: [] },
  {
    name: "a file for the assembler in a system's header",
    text: "",
    system: 'asm(".incbin \\"x\\"");',
    want: "unmodelled",
  },
  {
    name: "a header that is asked for",
    text: "",
    system: "#ifdef __has_include\n# if __has_include(<a/b.h>)\n#endif // __has_include\n",
    want: ["a/b.h"],
  },
  { name: "a header asked for by one's own", text: '#if __has_include_next ( "a.h" )', want: ["a.h"] },
  {
    name: "whether one may ask",
    text: "#if defined(__has_include)\n#ifndef __has_include\n#define __has_include(x) 0\n",
    want: [],
  },
  {
    name: "a computed name that is asked for",
    text: "",
    system: "#if __has_include(NAME)\n",
    want: "unmodelled",
  },
  { name: "another name for the question", text: "#define HAS __has_include\n", want: "unmodelled" },
  {
    name: "headers that are included",
    text: '#include <a.h>\n# include "b/c.h"\n%:include "d.h"',
    want: ["a.h", "b/c.h", "d.h"],
  },
  { name: "embedding", text: '#embed "x"\n', want: "unmodelled" },
  { name: "embedding by a digraph", text: '%: embed "x"\n', want: "unmodelled" },
  { name: "a file's age", text: '#pragma GCC dependency "x"\n', want: "unmodelled" },
  {
    name: "a file's age by an operator",
    text: "#define P(x) _Pragma(#x)\nP(GCC dependency)",
    want: "unmodelled",
  },
];
for (const { name, text, system = "", want } of texts) {
  Deno.test(`confess() of ${name}`, () => {
    const { refusal, spelled } = confess([
      { path: "/usr/include/h.h", text: header + "\n" + system, system: true },
      { path: "/w/a.c", text, system: false },
    ]);
    assertEquals(refusal?.slice("pass_".length) ?? [...spelled], want);
  });
}

Deno.test("confess() names the text or the word that it refuses", () => {
  const told = [{ path: "/w/a.c", text: "int a;", system: false }, {
    path: "/w/b.h",
    text: "asm",
    system: false,
  }];
  assertEquals(confess(told).what, "/w/b.h");
  assertEquals(confess([{ path: "/w/a.c", text: "#define J(a,b) a##b\nas m", system: false }]).what, "asm");
});

Deno.test("confess() tells one's own spellings from the system's, and computed ones", () => {
  const told = [
    { path: "/usr/include/h.h", text: "#include <s.h>", system: true },
    { path: "/w/a.c", text: '#include "m.h"', system: false },
  ];
  const { spelled, mine, computed } = confess(told);
  assertEquals([[...spelled], [...mine], computed], [["s.h", "m.h"], ["m.h"], undefined]);
  const computedIn = (text: string) => confess([{ path: "/w/a.c", text, system: false }]).computed;
  for (
    const text of ["# include NAME", "int a;\n/* */ #include NAME", "\xef\xbb\xbf#import N", "%:include N"]
  ) {
    assertEquals(computedIn(text), "/w/a.c", text);
  }
  assertEquals(computedIn("// you should \\#include this file"), undefined);
});
