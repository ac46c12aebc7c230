/**
 * The files that the lines of the tables of options name: one small project for all of them.
 *
 * @module
 */

const plain = (name: string) =>
  `#include <stddef.h>
#include "local.h"
#ifdef BROKEN
#error broken
#endif
static int twice(int x) { return 2 * x; }
int ${name}(int x)
{
#ifdef UNUSED
\tint unused;
#endif
\tsize_t i;
\tint sum = LOCAL;
\tfor (i = 0; i < 10; i++) sum += twice(x) % 7;
\treturn sum;
}
`;

const assembly = (name: string) =>
  `\t.text\n\t.globl ${name}\n\t.type ${name}, @function\n${name}:\n\tmovl $1, %eax\n\tret\n` +
  `\t.section .note.GNU-stack,"",@progbits\n`;

const ir = `define i32 @ir(i32 %x) {\n  %y = add i32 %x, 1\n  ret i32 %y\n}\n`;

/** Name -> text. */
export const projectFiles: Readonly<Record<string, string>> = {
  "a.c": plain("a"),
  "b.c": plain("b"),
  "a.cpp":
    `template <class T> T add(T x) { return x + 1; }\nstruct S { virtual int f(int x) { return add(x); } };\n` +
    `int cpp(int x) { S s; return s.f(x); }\n`,
  "a.txt": "int text;\n",
  "pre.i": '# 1 "a.c"\nint i(void) { return 1; }\n',
  "a.m":
    `@interface Thing { int x; }\n- (int)value;\n@end\n@implementation Thing\n- (int)value { return x; }\n@end\n`,
  "asm.s": assembly("s"),
  "asm.S": `#include "local.h"\n` + assembly("S"),
  "a.ll": ir,
  "-odd.c": "int odd;\n",
  "main.c": `int b(int);\nint main(void) { return b(1) == 0; }\n`,
  "freestanding.c": `#ifdef __STDC_HOSTED__\n#endif\nint freestanding(void) { return 1; }\n`,
  "missing.c": `#include "not-yet-made.h"\nint missing;\n`,
  "time.c": `const char *when = __DATE__ " " __TIME__;\n`,
  "timestamp.c": `const char *when = __TIMESTAMP__;\n`,
  "incbin.c": `__asm__(".section .rodata\\n.incbin \\"a.txt\\"\\n.text\\n");\nint incbin;\n`,
  "asm-include.s": `\t.include "inc/part.s"\n\t.section .note.GNU-stack,"",@progbits\n`,
  "inc/part.s": "\t.data\n\t.byte 1\n",
  "local.h": "#define LOCAL 3\n",
  "odd.h": `#ifndef ODD\n#define ODD 1\ntypedef struct odd { int x; } odd;\n#endif\n`,
  "@odd.h": "typedef int at_odd;\n",
  "usespch.c": `#include "odd.h"\nodd it;\n`,
  "inc/sub/x.h": "\n",
  "root/usr/include/x.h": "\n",
  "tools/none": "\n",
  "args": "-DX=1 -O1\n-DY\n",
  "args-nested": "@args -DZ\n",
  "args-quoted": `"-DX=two words" -DY='a b' -DZ=a\\ b\n`,
  "ldargs": "main.o\nb.o\n",
  "my.specs": "*cpp:\n+ -DFROM_SPECS\n\n",
  "my.cfg": "-DFROM_CONFIG\n",
  "seed": "0123456789abcdef\n",
  "ignore.txt": "fun:twice\nsrc:*/b.c\n",
  "overlay.yaml": "{ 'version': 0, 'roots': [] }\n",
  "plugin.c": `int plugin_is_GPL_compatible;\nint plugin_init(void *info, void *version) { return 0; }\n`,
  "wrap.sh": `#!/bin/sh\nexec "$@"\n`,
  "part.cppm": "export module part;\nexport int part() { return 1; }\n",
  "uses.cpp": "import part;\nint uses() { return part(); }\n",
  "mapper.txt": "part here.gcm\n",
  "mod/module.modulemap": `module M { header "m.h" export * }\n`,
  "mod/m.h": "#define M 1\nint m(void);\n",
  "usesmod.c": `#include "m.h"\nint usesmod(void) { return m() + M; }\n`,
  "b.map": "{ global: b; local: *; };\n",
  "link.ld":
    "SECTIONS { . = 0x400000; .text : { *(.text*) } .data : { *(.data*) *(.rodata*) } .bss : { *(.bss*) } }\n",
  "script.mri": "CREATE libx.a\nADDMOD b.o\nSAVE\nEND\n",
};

/** Empty folders. */
export const projectFolders: readonly string[] = ["out", "prof", "cdb"];
