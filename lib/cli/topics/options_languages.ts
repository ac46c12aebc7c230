/**
 * Languages, kinds of source, precompiled headers and modules: rows of `zccache help options`.
 *
 * @module
 */
import type { Family } from "./form.ts";

const both = "gcc clang";

// deno-fmt-ignore: a row stays a line
export const languages: readonly Family[] = [
  { name: "languages", about: "-x, Objective-C, assembler, LLVM IR, preprocessed text, standard input", forms: [
    { words: "-c a.cpp", to: "", on: "gcc g++ clang clang++" },
    { words: "-c a.c", to: "", on: "g++ clang++" },
    { words: "-x c++ -c a.c", to: "", on: both },
    { words: "-xc++ -c a.c", to: "", on: both },
    { words: "-c -x c a.txt -x none b.c", to: "", on: both },
    { words: "-x c -c /dev/null -o x.o", to: "", on: both },
    { words: "-x no-such-language", to: "-c", on: both, fails: true },
    { words: "-c a.m", to: "", on: "gcc", needs: "gobjc" },
    { words: "-c a.m", to: "", on: "clang" },
    { words: "-x objective-c -c a.m", to: "", on: "clang" },
    { words: "-fobjc-arc -fobjc-runtime=gnustep-2.0 -c a.m", to: "", on: "clang" },
    { words: "-c pre.i", to: "", on: both },
    { words: "-fpreprocessed", to: "-c pre.i", on: "gcc" },
    { words: "-c asm.s", to: "", on: both },
    { words: "-c asm.S", to: "", on: both },
    { words: "-x assembler -c asm.s", to: "", on: both },
    { words: "-x assembler-with-cpp -c asm.s", to: "", on: both },
    { words: "-c a.ll", to: "", on: "clang" },
    { words: "-x ir -c a.ll", to: "", on: "clang" },
    { words: "-c -x c - -o x.o", to: "", on: "gcc clang", env: "<a.c" },
    { words: "-E -", to: "", on: "gcc clang", env: "<a.c" },
    { words: "-S -x c - -o -", to: "", on: "gcc clang", env: "<a.c" },
    { words: "-c -x c /dev/stdin -o x.o", to: "", on: "gcc clang", env: "<a.txt", pass: "pass_descriptor", why: "The file is whatever the caller has open" },
    { words: "-c asm-include.s", to: "", on: both },
    { words: "-c incbin.c", to: "", on: both },
  ] },
  { name: "precompiled headers", about: "made and used in all forms; what a compiler really took is an input", forms: [
    { words: "odd.h", to: "", on: both },
    { words: "-x c-header odd.h -o odd.h.gch", to: "", on: both },
    { words: "-x c-header odd.h -o odd.h.pch", to: "", on: "clang" },
    { words: "-x c++-header odd.h -o odd.h.gch", to: "", on: "g++ clang++" },
    { words: "-c odd.h -o x.gch", to: "", on: "gcc" },
    { words: "-include odd.h", on: "gcc", before: ["gcc odd.h -o odd.h.gch"] },
    { words: "-include odd.h -Winvalid-pch -DOTHER", on: "gcc", before: ["gcc -DONE odd.h -o odd.h.gch"] },
    { words: "-include odd.h", on: "gcc", before: ["mkdir odd.h.gch", "gcc odd.h -o odd.h.gch/one", "gcc -DOTHER odd.h -o odd.h.gch/two"] },
    { words: "-c usespch.c", to: "", on: "gcc", before: ["gcc odd.h -o odd.h.gch"] },
    { words: "-include odd.h -MD -fpch-deps", on: "gcc", before: ["gcc odd.h -o odd.h.gch"] },
    { words: "-include odd.h -H", on: "gcc", before: ["gcc odd.h -o odd.h.gch"] },
    { words: "-include odd.h", on: "clang", before: ["clang odd.h -o odd.h.pch"] },
    { words: "-include-pch odd.pch", on: "clang", before: ["clang -x c-header odd.h -o odd.pch"] },
    { words: "-Xclang -include-pch -Xclang odd.pch", on: "clang", before: ["clang -x c-header odd.h -o odd.pch"] },
    { words: "-include-pch odd.pch -fpch-validate-input-files-content", on: "clang", before: ["clang -Xclang -fno-pch-timestamp -x c-header odd.h -o odd.pch"] },
    { words: "-include-pch no-such.pch", on: "clang", fails: true },
    { words: "-include-pth no-such.pth", on: "clang", fails: true },
    { words: "-fpch-instantiate-templates -x c++-header odd.h -o x.pch", to: "", on: "clang++" },
  ] },
  { name: "modules", about: "C++20 and clang's: what is deterministic hits, the rest runs", forms: [
    { words: "-std=c++20 -fmodules-ts -c part.cppm", to: "", on: "g++" },
    { words: "-std=c++20 -fmodules-ts -x c++ -c part.cppm", to: "", on: "g++", pass: "pass_time", why: "The module holds the time at which it was made, but with SOURCE_DATE_EPOCH" },
    { words: "-std=c++20 -fmodules-ts -x c++ -c part.cppm", to: "", on: "g++", env: "SOURCE_DATE_EPOCH=1" },
    { words: "-std=c++20 -fmodules-ts -c uses.cpp", to: "", on: "g++", before: ["g++ -std=c++20 -fmodules-ts -x c++ -c part.cppm"] },
    { words: "-std=c++20 -fmodules-ts -x c++-header odd.h", to: "", on: "g++", pass: "pass_time", why: "The module holds the time at which it was made, but with SOURCE_DATE_EPOCH" },
    { words: "-std=c++20 -fmodules-ts -x c++-header odd.h", to: "", on: "g++", env: "SOURCE_DATE_EPOCH=1" },
    { words: "-std=c++20 -fmodule-header odd.h", to: "", on: "g++", pass: "pass_time", why: "The module holds the time at which it was made, but with SOURCE_DATE_EPOCH" },
    { words: "-std=c++20 -fmodules-ts -fmodule-mapper=mapper.txt -x c++ -c part.cppm", to: "", on: "g++", pass: "pass_time", why: "The module holds the time at which it was made, but with SOURCE_DATE_EPOCH" },
    { words: "-std=c++20 -fmodules-ts -fmodule-mapper=mapper.txt -x c++ -c part.cppm", to: "", on: "g++", env: "SOURCE_DATE_EPOCH=1" },
    { words: "-std=c++20 --precompile -x c++-module part.cppm -o part.pcm", to: "", on: "clang++" },
    { words: "-std=c++20 -c part.pcm -o part.o", to: "", on: "clang++", before: ["clang++ -std=c++20 --precompile -x c++-module part.cppm -o part.pcm"] },
    { words: "-std=c++20 -fmodule-file=part.pcm -c uses.cpp", to: "", on: "clang++", before: ["clang++ -std=c++20 --precompile -x c++-module part.cppm -o part.pcm"] },
    { words: "-std=c++20 -fmodule-file=part=part.pcm -c uses.cpp", to: "", on: "clang++", before: ["clang++ -std=c++20 --precompile -x c++-module part.cppm -o part.pcm"] },
    { words: "-std=c++20 -fprebuilt-module-path=. -c uses.cpp", to: "", on: "clang++", before: ["clang++ -std=c++20 --precompile -x c++-module part.cppm -o part.pcm"] },
    { words: "-std=c++20 -fmodule-output -c part.cppm", to: "", on: "clang++", fails: true, since: 16 },
    { words: "-fmodules -fmodules-cache-path=mc -Imod -c usesmod.c", to: "", on: "clang" },
    { words: "-fmodules -fmodules-cache-path=mc -Imod -c usesmod.c", to: "", on: "clang", before: ["clang -fmodules -fmodules-cache-path=mc -Imod -c usesmod.c -o other.o"] },
    { words: "-fmodules -fimplicit-module-maps -fno-implicit-modules -Imod -c usesmod.c", to: "", on: "clang", fails: true },
  ] },
];
