import { assertEquals } from "@std/assert";
import { kindOf, toolName } from "./mod.ts";
import { splitResponse } from "./response.ts";

const names = [
  ["/usr/bin/gcc", "gcc"],
  ["x86_64-linux-gnu-gcc-12", "gcc"],
  ["clang++-14", "clang++"],
  ["aarch64-linux-gnu-g++", "g++"],
  ["llvm-ar-14", "llvm-ar"],
  ["x86_64-linux-gnu-gcc-ar-12", "gcc-ar"],
  ["ld.lld", "ld.lld"],
  ["strip", "strip"],
] as const;
for (const [path, want] of names) {
  Deno.test(`toolName() of ${path}`, () => assertEquals(toolName(path), want));
}

const files: Record<string, string> = {
  "c.rsp": "-c 'my file.c'\n-o x.o",
  "pre.rsp": "-E",
  "native.rsp": "-march=native -O3",
  "nest.rsp": "@c.rsp",
};
const lines: [string, string][] = [
  ["gcc -c a.c", "compile"],
  ["gcc a.o -o a", "link"],
  ["gcc -S a.c", "compile"],
  ["ar rcs l.a a.o", "archive"],
  ["ld -o a a.o", "link"],
  ["./wrapper.sh -c a.c", "compile"],
  ["./wrapper.sh a.o", "pass_unknown_tool"],
  ["gcc @c.rsp", "compile"],
  ["gcc @nest.rsp", "compile"],
  ["gcc @pre.rsp a.c", "compile"],
  ["gcc @missing.rsp", "link"],
  ["gcc", "pass_query"],
  ["gcc --version", "pass_query"],
  ["gcc -print-prog-name=cc1", "pass_query"],
  ["gcc -E a.c", "compile"],
  ["gcc -E -MM a.c", "compile"],
  ["gcc -MM a.c b.c", "compile"],
  ["gcc -D -E -c a.c", "compile"],
  ["as a.s -o a.o", "compile"],
  ["as -o a.o", "compile from input"],
  ["as --defsym a=1 -I inc -o a.o", "compile from input"],
  ["gcc -c -x c -", "compile from input"],
  ["gcc -E -dM -", "compile from input"],
  ["gcc -x c - -o a", "link from input"],
  ["gcc -c a.c -MF - -o -", "compile"],
  ["gcc -c @-", "pass_stdin"],
  ["gcc -S -o - a.c", "compile"],
  ["gcc -c a.c -v", "pass_prints_now"],
  ["gcc -c -xc /dev/fd/63", "pass_descriptor"],
  ["gcc a.o -Wl,--verbose", "pass_prints_now"],
  ["gcc -c a.c -o v.o -MF -", "compile"],
  ["clang-cl /c a.c", "compile"],
  ["clang --driver-mode=cl /EP a.c", "compile"],
  ["clang --driver-mode=cl a.c", "link"],
  ["clang --driver-mode=cl /?", "pass_query"],
  ["gcc /c", "link"],
  ["tcc -run a.c", "pass_prints_now"],
];
for (const [line, want] of lines) {
  Deno.test(`kindOf() of "${line}"`, () => {
    const argv = line.split(" ");
    const work = kindOf({ tool: argv[0], realTool: argv[0], argv, readResponse: (name) => files[name] });
    assertEquals("pass" in work ? work.pass : work.kind + (work.fromInput ? " from input" : ""), want);
  });
}

const native: [string, boolean][] = [
  ["gcc -O3 -march=native -c a.c", true],
  ["gcc @native.rsp -c a.c", true],
  ["gcc -specs=own.specs -c a.c", true],
  ["clang --config=own.cfg -c a.c", true],
  ["gcc -march=x86-64 -c a.c", false],
];
for (const [line, want] of native) {
  Deno.test(`kindOf() of "${line}" ${want ? "asks" : "does not ask"} for the processor`, () => {
    const argv = line.split(" ");
    const work = kindOf({ tool: argv[0], realTool: argv[0], argv, readResponse: (name) => files[name] });
    assertEquals("native" in work && work.native, want);
  });
}

Deno.test("kindOf() ends where a response file names itself ten times", () => {
  let reads = 0;
  const readResponse = () => {
    reads++;
    return "@r ".repeat(10);
  };
  const work = kindOf({ tool: "gcc", realTool: "gcc", argv: ["gcc", "@r", "-c", "a.c"], readResponse });
  assertEquals(["kind" in work && work.kind, reads], ["compile", 2_000]);
});

Deno.test("kindOf() takes more words from a response file than a call has arguments", () => {
  const readResponse = () => "a.o ".repeat(300_000) + "-c";
  const work = kindOf({ tool: "gcc", realTool: "gcc", argv: ["gcc", "@r"], readResponse });
  assertEquals("kind" in work && work.kind, "compile");
});

Deno.test("splitResponse() reads quotes and backslashes", () => {
  assertEquals(splitResponse(`a "b c" 'd e'\\ f "" g\\\\h\n`), ["a", "b c", "d e f", "", "g\\h"]);
});
