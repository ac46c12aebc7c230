/**
 * Links, and the tools that compilers call, called by hand: rows of `zccache help options`.
 *
 * @module
 */
import type { Family } from "./form.ts";

const both = "gcc clang", all = "gcc g++ clang clang++";
const objects = ["gcc -c main.c", "gcc -c b.c"];
const now = "It shows what happens now";
const ask = "A question about the tool; it is answered as fast without us";

// deno-fmt-ignore: a row stays a line
export const links: readonly Family[] = [
  { name: "links", about: "programs and libraries, by the compiler's driver; mold hits with --no-fork, else it leaves a process behind", forms: [
    { words: "main.o b.o -o prog", to: "", on: all, before: objects },
    { words: "main.c b.c -o prog", to: "", on: both },
    { words: "main.c b.c", to: "", on: both },
    { words: "-shared -fPIC b.c -o libb.so", to: "", on: both },
    { words: "main.o -L. -lb -o prog", to: "", on: both, before: [...objects, "ar rc libb.a b.o"] },
    { words: "main.o -L. -lb -Wl,-rpath,$WORK -o prog", to: "", on: both, before: [...objects, "gcc -shared -fPIC b.c -o libb.so"] },
    { words: "-static main.o b.o -o prog", to: "", on: "gcc", before: objects },
    { words: "-r main.o b.o -o both.o", to: "", on: both, before: objects },
    { words: "main.o b.o -Wl,-Map=x.map -o prog", to: "", on: both, before: objects },
    { words: "-shared b.o -Wl,--out-implib=x -o libb.so", to: "", on: "gcc", before: ["gcc -fPIC -c b.c"] },
    { words: "main.o b.o -Wl,--dependency-file=x.d -o prog", to: "", on: both, before: objects },
    { words: "-shared b.o -Wl,--version-script=b.map -o libb.so", to: "", on: both, before: ["gcc -fPIC -c b.c"] },
    { words: "main.o b.o -T link.ld -nostdlib -o prog", to: "", on: "gcc", before: objects },
    { words: "main.o b.o -Wl,--gc-sections,--print-gc-sections -o prog", to: "", on: both, before: objects },
    { words: "main.o b.o -Wl,--build-id=sha1 -o prog", to: "", on: both, before: objects },
    { words: "main.o b.o -Wl,--build-id=uuid -o prog", to: "", on: both, before: objects, loose: "prog" },
    { words: "main.o b.o -Wl,--trace -o prog", to: "", on: both, before: objects, pass: "pass_prints_now", why: now },
    { words: "main.o b.o -fuse-ld=gold -o prog", to: "", on: both, before: objects, needs: "ld.gold" },
    { words: "main.o b.o -fuse-ld=lld -o prog", to: "", on: both, before: objects, needs: "ld.lld" },
    { words: "main.o b.o -fuse-ld=mold -Wl,--no-fork -o prog", to: "", on: both, before: objects, needs: "mold" },
    { words: "-shared --no-fork b.o -o libb.so", to: "", on: "mold", before: ["gcc -fPIC -c b.c"] },
    { words: "main.o b.o -B tools -o prog", to: "", on: "gcc", before: objects },
    { words: "-fsanitize=address main.c b.c -o prog", to: "", on: "gcc" },
    { words: "-fsanitize=address main.c b.c -o prog", to: "", on: "clang", needs: "clang-rt" },
    { words: "-g -gsplit-dwarf main.c b.c -o prog", to: "", on: both, loose: "prog" },
    { words: "--coverage main.c b.c -o prog", to: "", on: "gcc", loose: "prog *.gcno" },
    { words: "--coverage main.c b.c -o prog", to: "", on: "clang", loose: "prog *.gcno", needs: "clang-rt" },
    { words: "-pie main.o b.o -o prog", to: "", on: both, before: ["gcc -fPIE -c main.c", "gcc -fPIE -c b.c"] },
    { words: "main.o -o prog", to: "", on: both, before: objects, fails: true, loose: "*" },
  ] },
  { name: "ld", about: "the linker by hand", forms: [
    { words: "-r main.o b.o -o both.o", to: "", on: "ld", before: objects },
    { words: "-shared b.o -o libb.so", to: "", on: "ld ld.gold ld.lld", before: ["gcc -fPIC -c b.c"] },
    { words: "-shared b.o -Map x.map -o libb.so", to: "", on: "ld", before: ["gcc -fPIC -c b.c"] },
    { words: "-shared --version-script b.map b.o -o libb.so", to: "", on: "ld", before: ["gcc -fPIC -c b.c"] },
    { words: "-e main @ldargs -o prog", to: "", on: "ld", before: objects },
    { words: "-t -r b.o -o both.o", to: "", on: "ld", before: objects, pass: "pass_prints_now", why: now },
    { words: "--verbose", to: "", on: "ld", pass: "pass_prints_now", why: now },
    { words: "--version", to: "", on: "ld", pass: "pass_query", why: ask },
  ] },
  { name: "as", about: "the assembler by hand", forms: [
    { words: "asm.s -o x.o", to: "", on: "as" },
    { words: "-g asm.s -o x.o", to: "", on: "as" },
    { words: "-adhln=x.lst asm.s -o x.o", to: "", on: "as" },
    { words: "--MD x.d asm-include.s -o x.o", to: "", on: "as" },
    { words: "-I inc --defsym A=1 asm.s -o x.o", to: "", on: "as" },
    { words: "-o x.o", to: "", on: "as", env: "<asm.s" },
    { words: "-v asm.s -o x.o", to: "", on: "as", pass: "pass_prints_now", why: now },
    { words: "--version", to: "", on: "as", pass: "pass_query", why: ask },
  ] },
  { name: "ar", about: "archives, made anew and changed", forms: [
    { words: "rcs libx.a b.o", to: "", on: "ar gcc-ar llvm-ar", before: objects },
    { words: "rcD libx.a b.o main.o", to: "", on: "ar", before: objects },
    { words: "r libx.a main.o", to: "", on: "ar", before: [...objects, "ar rc libx.a b.o"] },
    { words: "q libx.a main.o", to: "", on: "ar", before: [...objects, "ar rc libx.a b.o"] },
    { words: "d libx.a b.o", to: "", on: "ar", before: [...objects, "ar rc libx.a b.o main.o"] },
    { words: "rcT libx.a b.o", to: "", on: "ar", before: objects },
    { words: "rcU libx.a b.o", to: "", on: "ar", before: objects, loose: "libx.a", pass: "pass_time", why: "The archive holds the time at which it was made" },
    { words: "t libx.a", to: "", on: "ar", before: [...objects, "ar rc libx.a b.o"] },
    { words: "x libx.a", to: "", on: "ar", before: [...objects, "ar rc libx.a b.o"] },
    { words: "-M", to: "", on: "ar", env: "<script.mri", before: objects, pass: "pass_stdin", why: "It reads its commands from standard input, where more may come" },
    { words: "--version", to: "", on: "ar", pass: "pass_query", why: ask },
    { words: "libx.a", to: "", on: "ranlib", before: [...objects, "ar rcS libx.a b.o"] },
    { words: "b.o -o x.o", to: "", on: "strip", before: objects },
    { words: "-g b.o", to: "", on: "strip", before: ["gcc -g -c b.c"] },
    { words: "--only-keep-debug b.o x.dbg", to: "", on: "objcopy", before: ["gcc -g -c b.c"] },
  ] },
];
