import { assertEquals } from "@std/assert";
import { listOf, listRule, listText } from "./dependency_list.ts";

/** Lists as compilers wrote them; `other`: what the same compiler wrote in a tree called /w/another-tree. */
const lists: { name: string; text: string; other?: string }[] = [
  {
    name: "gcc's",
    text: `a.o: /w/one/src/a.c /usr/include/stdc-predef.h /w/one/inc/v.h \\
 /usr/include/stdio.h
`,
    other: `a.o: /w/another-tree/src/a.c /usr/include/stdc-predef.h \\
 /w/another-tree/inc/v.h /usr/include/stdio.h
`,
  },
  {
    name: "gcc's with lines for headers that may vanish, and a target in full",
    text: "/w/one/a.o: a.c /w/one/inc/v.h\n/w/one/inc/v.h:\n",
    other: "/w/another-tree/a.o: a.c /w/another-tree/inc/v.h\n/w/another-tree/inc/v.h:\n",
  },
  {
    name: "clang's",
    text: `a.o: /w/one/src/a.c /w/one/inc/v.h /usr/include/stdio.h \\
  /usr/include/x86_64-linux-gnu/bits/libc-header-start.h
`,
    other: `a.o: /w/another-tree/src/a.c /w/another-tree/inc/v.h /usr/include/stdio.h \\
  /usr/include/x86_64-linux-gnu/bits/libc-header-start.h
`,
  },
  {
    name: "clang's whose lines gcc would break as well",
    text: "/w/one/a.o: /w/one/src/a.c /w/one/inc/values2.h\n",
    other: "/w/another-tree/a.o: /w/another-tree/src/a.c \\\n  /w/another-tree/inc/values2.h\n",
  },
  {
    name: "one of clang's for gcc's",
    text: "a.o: a.c /usr/include/x86_64-linux-gnu/bits/libc-header-start.h \\\n  /w/one/v.h\n",
  },
  { name: "one whose lines nobody breaks so", text: "a.o: \\\n /w/one/a.c \\\n /w/one/v.h\n" },
  { name: "one with an escaped name", text: "a.o: /w/one/my\\ file.c\n" },
  { name: "one with a dollar", text: "a.o: /w/one/$$x.c\n" },
  { name: "one that names a neighbour", text: "a.o: /w/one/a.c /w/one-more/v.h\n" },
  { name: "one with the tree in the middle of a word", text: "x:/w/one/a.o: a.c\n" },
  { name: "one without its end", text: "a.o: /w/one/a.c" },
  { name: "a text that is no list", text: "/w/one/a.c\n" },
];
for (const { name, text, other } of lists) {
  Deno.test(`listOf() takes ${name} ${other === undefined ? "for nothing" : "apart"}`, () => {
    const list = listOf(text, "/w/one", name.startsWith("clang") ? "clang" : "gcc");
    assertEquals(list && listText(list, "/w/one"), other && text);
    assertEquals(list && listText(list, "/w/another-tree"), other);
  });
}

const drivers: [driver: string, programs: string[], want: string | undefined][] = [
  ["clang", ["/usr/lib/llvm-14/bin/clang"], "clang"],
  ["clang++", [], "clang"],
  ["gcc", ["/usr/bin/gcc-12", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1"], "gcc"],
  ["g++", ["/opt/libexec/gcc/x86_64-pc-linux-gnu/10.2.0/cc1plus"], "gcc"],
  ["gcc", ["/usr/lib/gcc/x86_64-linux-gnu/9/cc1"], undefined],
  ["cc", ["/usr/bin/cc", "/opt/cc1"], undefined],
];
for (const [driver, programs, want] of drivers) {
  Deno.test(`listRule() of ${driver} with ${programs.at(-1)} is ${want}`, () => {
    assertEquals(listRule(driver, programs), want as never);
  });
}
