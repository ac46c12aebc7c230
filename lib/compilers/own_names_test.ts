import { assertEquals } from "@std/assert";
import { asksForName } from "./own_names.ts";

interface Case {
  name: string;
  /** One's own source, and a header of others. */
  own: string;
  other?: string;
  macros?: string;
  isClang?: boolean;
  asks: boolean;
}

const cases: Case[] = [
  { name: "nothing", own: "int main(void) { return 0; }", other: "int f(void);", asks: false },
  { name: "its file", own: "char *f = __FILE__;", asks: true },
  { name: "the length of its file's name", own: "int n = sizeof __FILE__;", asks: true },
  { name: "its file, over two lines", own: "char *f = __FI\\\nLE__;", asks: true },
  { name: "its file, by a trigraph", own: "char *f = __FI??/\nLE__;", asks: true },
  { name: "its file on the command line", own: "char *f = F;", macros: "#define F __FILE__\n", asks: true },
  { name: "the file of a header of others", own: "int i;", other: "char *f = __FILE__;", asks: false },
  {
    name: "a macro of others that nobody uses",
    own: "int i;",
    other: "#define assert(x) fail(__FILE__, x)\n",
    asks: false,
  },
  {
    name: "a macro of others",
    own: "int i = assert(1);",
    other: "#define assert(x) fail(__FILE__, x)\n",
    asks: true,
  },
  {
    name: "a macro by another",
    own: "int i = check(1);",
    other: "# define check(x) assert(x)\n#define assert(x) \\\n  fail(__FILE__, x)\n",
    asks: true,
  },
  { name: "the source, in a header of others", own: "int i;", other: "char *f = __BASE_FILE__;", asks: true },
  { name: "whoever calls", own: "int i;", other: "int g(const char *f = __builtin_FILE());", asks: true },
  {
    name: "whether one could ask who calls",
    own: "int i;",
    other: "#if __has_builtin(__builtin_source_location)\n#endif\n",
    asks: false,
  },
  { name: "a function's name", own: "int i;", other: "char *f = __PRETTY_FUNCTION__;", asks: false },
  {
    name: "a function's name, which clang gives a place",
    own: "int i;",
    other: "char *f = __PRETTY_FUNCTION__;",
    isClang: true,
    asks: true,
  },
  { name: "its file, pasted", own: "#define J(a, b) a ## b\nchar *f = J(__FI, LE__);", asks: true },
  {
    name: "its file, pasted by a macro of others",
    own: "char *f = W(FILE);",
    other: "#define W(x) __ ## x ## __\n",
    asks: true,
  },
  {
    name: "a paste of other words",
    own: "int W(x);",
    other: "#define W(x) __ ## x\ntypedef struct __file FILE;\n",
    asks: false,
  },
  {
    name: "the source, pasted in a header of others",
    own: "int i;",
    other: "#define J(a, b) a ## b\nchar *f = J(__BASE, _FILE__);",
    asks: true,
  },
];

for (const { name, own, other = "", macros = "", isClang = false, asks } of cases) {
  Deno.test(`asksForName() of ${name}`, () => {
    const texts = [{ path: "/w/a.c", text: own, own: true }, { path: "/h/h.h", text: other, own: false }];
    const word = asksForName(texts, { macros, isClang });
    assertEquals(word !== undefined, asks, word);
  });
}
