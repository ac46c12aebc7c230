/*
 * System calls by number: libc's `syscall` is hooked like any other function of its. Questions are noted as those of
 * the named function; changes of the file system and starts of programs, which nobody makes this way, raise a doubt.
 */
#ifndef ZC_TRACE_NUMBERS_H
#define ZC_TRACE_NUMBERS_H

#include "trace_facts.h"

#undef syscall
static void note_by_number(long number, const long *a, long result);

/* Reads six arguments whatever the call has, as libc does; no sanitizer need know of the rest. */
HOOK __attribute__((no_sanitize_address)) long syscall(long number, ...) {
    begin_once();
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_exit_group)
        say_goodbye();
    bool forks = number == SYS_fork || number == SYS_vfork || number == SYS_execve || number == SYS_execveat ||
                 number == SYS_io_uring_setup || (number == SYS_clone && !(a[0] & 0x100)) || number == SYS_clone3;
    if (forks)
        zc_doubt(ZC_DOUBT_UNMODELLED);
    long result = zc_raw(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (zc_record)
        KEEP_ERRNO(note_by_number(number, a, result));
    return result;
}

static void note_by_number(long number, const long *a, long result) {
    const char *first = (const char *)(uintptr_t)a[0], *second = (const char *)(uintptr_t)a[1];
    bool yes = result >= 0;
    switch (number) {
    case SYS_open:
        if (writes((int)a[1]))
            zc_doubt(ZC_DOUBT_UNMODELLED);
        else
            note_open((int)result, AT_FDCWD, first, (int)a[1], NULL);
        break;
    case SYS_openat:
        if (writes((int)a[2]))
            zc_doubt(ZC_DOUBT_UNMODELLED);
        else
            note_open((int)result, (int)a[0], second, (int)a[2], NULL);
        break;
    case SYS_statx:
        note_statx((int)a[0], second, (int)a[2], yes);
        break;
    case SYS_newfstatat:
        note_statx((int)a[0], second, (int)a[3], yes);
        break;
    case SYS_stat:
        note_statx(AT_FDCWD, first, 0, yes);
        break;
    case SYS_lstat:
        note_statx(AT_FDCWD, first, AT_SYMLINK_NOFOLLOW, yes);
        break;
    case SYS_access:
        note_answer(ZC_E_PROBE, AT_FDCWD, first, yes);
        break;
    case SYS_faccessat:
    case SYS_faccessat2:
        note_answer(ZC_E_PROBE, (int)a[0], second, yes);
        break;
    case SYS_readlink:
        note_link(AT_FDCWD, first, result, second);
        break;
    case SYS_readlinkat:
        note_link((int)a[0], second, result, (const char *)(uintptr_t)a[2]);
        break;
    case SYS_getdents64:
        note_listed_descriptor((int)a[0]);
        break;
    case SYS_getrandom:
        note_fact(ZC_E_RANDOM, 0);
        break;
    case SYS_openat2:
    case SYS_creat:
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_mkdir:
    case SYS_mkdirat:
    case SYS_rmdir:
    case SYS_link:
    case SYS_linkat:
    case SYS_symlink:
    case SYS_symlinkat:
    case SYS_chdir:
    case SYS_fchdir:
    case SYS_chroot:
    case SYS_chmod:
    case SYS_fchmod:
    case SYS_fchmodat:
    case SYS_chown:
    case SYS_fchown:
    case SYS_fchownat:
    case SYS_truncate:
    case SYS_utimensat:
    case SYS_mknod:
    case SYS_mknodat:
    case SYS_mount:
    case SYS_umount2:
    case SYS_unshare:
    case SYS_setns:
    case SYS_connect:
        zc_doubt(ZC_DOUBT_UNMODELLED);
        break;
    default:
        break;
    }
}

#endif
