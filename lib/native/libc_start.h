/*
 * The launcher without libc: where it begins, and all it uses of C's library.
 *
 * A hit is mostly the start of our process, and two thirds of the start of an empty static program are libc's: it asks
 * the processor some thirty times what it can do, and inside a virtual machine each such question (cpuid) stops the
 * machine for ten microseconds. 450 us against 125 us were measured for a program that only ends.
 *
 * Built so with -DZC_OWN_LIBC -nostdlib; without, the launcher is an ordinary C program of any system.
 */
#ifndef ZCCACHE_LIBC_START_H
#define ZCCACHE_LIBC_START_H

#include "libc_text.h"

#include "libc_calls.h"

char **environ;

int main(int argc, char **argv);

/* The kernel leaves on the stack: argc, argv, NULL, the environment, NULL. */
__attribute__((used)) static _Noreturn void zc_begin(long *stack)
{
    int argc = (int)*stack;
    char **argv = (char **)(stack + 1);
    environ = argv + argc + 1;
    _exit(main(argc, argv));
}

__asm__(".text\n.globl _start\n_start: xor %ebp, %ebp\nmov %rsp, %rdi\nand $-16, %rsp\ncall zc_begin\n");

#endif
