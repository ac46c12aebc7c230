import { assertEquals } from "@std/assert";
import { addsNothing, commentUse, readAs, readsSources } from "./comments.ts";

const lines: [string, "spared" | "checksums" | "counts"][] = [
  ["-c a.c", "spared"],
  ["-O2 -Wall -Wextra -std=gnu17 -fPIC -MD -MF a.d -MT a.o -o a.o -c a.c", "spared"],
  ["-Wp,-MMD,a.d -Iinc -isystem sys -DA=1 -include b.h -c a.cc", "spared"],
  ["-x c++ -c a.c", "spared"],
  ["-pipe -march=native -ffile-prefix-map=/a=/b -c a.cpp b.cpp", "spared"],
  ["-g -c a.c", "checksums"],
  ["-g -gdwarf-5 -c a.c", "checksums"],
  ["-gdwarf-4 -g -c a.c", "spared"],
  ["-gdwarf-4 -gdwarf-5 -c a.c", "checksums"],
  ["-g0 -c a.c", "spared"],
  ["-Wno-documentation -c a.c", "spared"],
  ["-std=c99 -pedantic -c a.c", "spared"],
  ["-pedantic -c a.c", "counts"],
  ["-E a.c", "counts"],
  ["-S a.c", "counts"],
  ["a.c", "counts"],
  ["-c", "counts"],
  ["-c a.S", "counts"],
  ["-c a.i", "counts"],
  ["-c a.h", "counts"],
  ["-c -", "counts"],
  ["-x c-header -c a.c", "counts"],
  ["-x assembler-with-cpp -c a.c", "counts"],
  ["@args -c a.c", "counts"],
  ["-C -c a.c", "counts"],
  ["-CC -c a.c", "counts"],
  ["-Wp,-MMD,a.d,-C -c a.c", "counts"],
  ["-ansi -c a.c", "counts"],
  ["-std=c89 -c a.c", "counts"],
  ["-std=gnu89 -c a.c", "counts"],
  ["-std=iso9899:199409 -c a.c", "counts"],
  ["-std=iso9899:1999 -c a.c", "spared"],
  ["-Wdocumentation -c a.c", "counts"],
  ["-Weverything -c a.c", "counts"],
  ["-Werror=documentation -c a.c", "counts"],
  ["-Wimplicit-fallthrough=1 -c a.c", "counts"],
  ["-Wimplicit-fallthrough=5 -c a.c", "spared"],
  ["-Wtrailing-whitespace -c a.c", "counts"],
  ["-Wtraditional -c a.c", "counts"],
  ["-traditional-cpp -c a.c", "counts"],
  ["-fverbose-asm -c a.c", "counts"],
  ["-gembed-source -c a.c", "counts"],
  ["-fparse-all-comments -c a.c", "counts"],
  ["-fsanitize=undefined -c a.c", "counts"],
  ["--coverage -c a.c", "counts"],
  ["-save-temps -c a.c", "counts"],
  ["-fdump-tree-all -c a.c", "counts"],
  ["-fplugin=a.so -c a.c", "counts"],
  ["-include-pch a.pch -c a.c", "counts"],
  ["-fmodules -c a.cc", "counts"],
  ["-Wa,-I,x -c a.c", "counts"],
  ["-finput-charset=latin1 -c a.c", "counts"],
];
for (const [line, want] of lines) {
  Deno.test(`commentUse() of "${line}"`, () => {
    const use = commentUse(line.split(" "));
    assertEquals(use === undefined ? "counts" : use.checksums ? "checksums" : "spared", want);
  });
}

const files: [path: string, program: string, want: string][] = [
  ["/w/a.h", "cc1", "source"],
  ["/w/a.tcc", "clang", "source"],
  ["/usr/include/c++/12/vector", "cc1plus", "source"],
  ["/w/a.h", "as", "bytes"],
  ["/w/a.h", "?", "unknown"],
  ["/w/a.h", "gcc", "unknown"],
  ["/w/a.h", "constructor", "unknown"],
  ["/w/a.h.gch", "cc1", "unknown"],
  ["/w/a.pch", "clang", "unknown"],
  ["/w/module.modulemap", "clang", "unknown"],
  ["/usr/lib/clang.cfg", "clang", "unknown"],
  ["/w/a.profdata", "clang", "unknown"],
  ["/etc/os-release", "clang", "bytes"],
];
for (const [path, program, want] of files) {
  Deno.test(`readAs() of ${path} by ${program}`, () => assertEquals(readAs(path, program), want));
}

Deno.test("readsSources() and addsNothing() know what they know", () => {
  assertEquals(readsSources(["gcc", "cc1", "as"]), true);
  assertEquals(readsSources(["gcc", "cc1", "sh"]), false);
  assertEquals(addsNothing(["PATH", "CPATH", "LC_ALL"]), true);
  for (const name of ["CCC_OVERRIDE_OPTIONS", "LD_PRELOAD", "GCC_COMPARE_DEBUG"]) {
    assertEquals(addsNothing(["PATH", name]), false, name);
  }
});
