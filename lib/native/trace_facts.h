/*
 * Hooks on facts that are no files: environment, working folder, clock, chance, identity, terminal, network, and calls by number.
 */
#ifndef ZC_TRACE_FACTS_H
#define ZC_TRACE_FACTS_H

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>

#define FACT(result_type, name, parameters, arguments, kind, answer)                                                   \
    HOOK result_type name parameters {                                                                                 \
        REAL(result_type(*) parameters, #name)                                                                         \
        KEEP_ERRNO(note_fact(kind, answer));                                                                           \
        return real arguments;                                                                                         \
    }

HOOK char *getenv(const char *name) {
    REAL(char *(*)(const char *), "getenv")
    KEEP_ERRNO(note_variable(name));
    return real(name);
}
HOOK char *secure_getenv(const char *name) {
    REAL(char *(*)(const char *), "secure_getenv")
    KEEP_ERRNO(note_variable(name));
    return real(name);
}

char *__getcwd_chk(char *, size_t, size_t);
FACT(char *, getcwd, (char *to, size_t size), (to, size), ZC_E_CWD, 0)
FACT(char *, __getcwd_chk, (char *to, size_t size, size_t room), (to, size, room), ZC_E_CWD, 0)
HOOK char *get_current_dir_name(void) {
    REAL(char *(*)(void), "get_current_dir_name")
    KEEP_ERRNO(note_fact(ZC_E_CWD, 0); note_variable("PWD"));
    return real();
}

/* A vfork child shares our memory but not our working folder. */
static void moved(int result) {
    if (result != 0 || !zc_record)
        return;
    int kept = errno;
    if (is_child_by_vfork())
        me.cwd_lost = true;
    else if (enter()) {
        learn_cwd();
        leave();
    }
    errno = kept;
}
HOOK int chdir(const char *path) {
    REAL(int (*)(const char *), "chdir")
    if (zc_record) {
        struct stat st;
        const struct stat *there = look_before(AT_FDCWD, path, &st);
        if (there)
            KEEP_ERRNO(note_path(ZC_E_PROBE, 0, AT_FDCWD, path));
    }
    int result = real(path);
    if (result != 0)
        note_failure(AT_FDCWD, path);
    moved(result);
    return result;
}
HOOK int fchdir(int fd) {
    REAL(int (*)(int), "fchdir")
    int result = real(fd);
    moved(result);
    return result;
}

FACT(time_t, time, (time_t * to), (to), ZC_E_CLOCK, ZC_CLOCK_TIME)
FACT(int, gettimeofday, (struct timeval *restrict to, void *restrict zone), (to, zone), ZC_E_CLOCK, ZC_CLOCK_GETTIMEOFDAY)
HOOK int clock_gettime(clockid_t clock, struct timespec *to) {
    REAL(int (*)(clockid_t, struct timespec *), "clock_gettime")
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI)
        KEEP_ERRNO(note_fact(ZC_E_CLOCK, ZC_CLOCK_CLOCK_REALTIME));
    return real(clock, to);
}
FACT(int, timespec_get, (struct timespec * to, int base), (to, base), ZC_E_CLOCK, ZC_CLOCK_CLOCK_REALTIME)
FACT(struct tm *, localtime, (const time_t *t), (t), ZC_E_CLOCK, ZC_CLOCK_LOCALTIME)
FACT(struct tm *, localtime_r, (const time_t *restrict t, struct tm *restrict to), (t, to), ZC_E_CLOCK, ZC_CLOCK_LOCALTIME)
FACT(struct tm *, gmtime, (const time_t *t), (t), ZC_E_CLOCK, ZC_CLOCK_GMTIME)
FACT(struct tm *, gmtime_r, (const time_t *restrict t, struct tm *restrict to), (t, to), ZC_E_CLOCK, ZC_CLOCK_GMTIME)
FACT(char *, asctime, (const struct tm *t), (t), ZC_E_CLOCK, ZC_CLOCK_ASCTIME)
FACT(char *, asctime_r, (const struct tm *restrict t, char *restrict to), (t, to), ZC_E_CLOCK, ZC_CLOCK_ASCTIME)
FACT(char *, ctime, (const time_t *t), (t), ZC_E_CLOCK, ZC_CLOCK_LOCALTIME)
FACT(char *, ctime_r, (const time_t *restrict t, char *restrict to), (t, to), ZC_E_CLOCK, ZC_CLOCK_LOCALTIME)

ssize_t getrandom(void *, size_t, unsigned);
FACT(ssize_t, getrandom, (void *to, size_t size, unsigned flags), (to, size, flags), ZC_E_RANDOM, 0)
FACT(int, getentropy, (void *to, size_t size), (to, size), ZC_E_RANDOM, 0)

FACT(int, uname, (struct utsname * to), (to), ZC_E_IDENTITY, ZC_ID_UNAME)
FACT(int, gethostname, (char *to, size_t size), (to, size), ZC_E_IDENTITY, ZC_ID_HOSTNAME)
FACT(char *, getlogin, (void), (), ZC_E_IDENTITY, ZC_ID_LOGIN)
FACT(int, getlogin_r, (char *to, size_t size), (to, size), ZC_E_IDENTITY, ZC_ID_LOGIN)
FACT(uid_t, getuid, (void), (), ZC_E_IDENTITY, ZC_ID_UID)
FACT(uid_t, geteuid, (void), (), ZC_E_IDENTITY, ZC_ID_UID)

/* --- the terminal behind the launcher's pipes ------------------------------------------------------------------- */

/* Whether `fd` is a pipe that stands for a terminal of the client. */
static bool stands_for_tty(int fd) {
    struct stat st;
    if (!zc_record || !(zc_word(ZC_H_TTYS) & 6) || zc_raw(SYS_fstat, fd, &st) != 0 || !S_ISFIFO(st.st_mode))
        return false;
    for (unsigned n = 1; n <= 2; n++) {
        uint64_t inode;
        memcpy(&inode, &zc_record[ZC_H_CAPTURES + (n - 1) * 2], sizeof inode);
        if (inode && inode == (uint64_t)st.st_ino && (zc_word(ZC_H_TTYS) >> n & 1))
            return true;
    }
    return false;
}

HOOK int isatty(int fd) {
    REAL(int (*)(int), "isatty")
    bool stands = false;
    KEEP_ERRNO(stands = stands_for_tty(fd));
    return stands ? 1 : real(fd);
}

HOOK int ioctl(int fd, unsigned long request, ...) {
    REAL(int (*)(int, unsigned long, ...), "ioctl")
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    bool stands = false;
    if (request == TIOCGWINSZ)
        KEEP_ERRNO(stands = stands_for_tty(fd));
    if (!stands || !zc_word(ZC_H_WINDOW))
        return real(fd, request, argument);
    struct winsize size = {.ws_row = (unsigned short)zc_word(ZC_H_WINDOW),
                           .ws_col = (unsigned short)(zc_word(ZC_H_WINDOW) >> 16)};
    memcpy(argument, &size, sizeof size);
    return 0;
}

/* --- network ---------------------------------------------------------------------------------------------------- */

HOOK int socket(int domain, int type, int protocol) {
    REAL(int (*)(int, int, int), "socket")
    if (domain != AF_UNIX)
        note_odd("socket");
    return real(domain, type, protocol);
}
HOOK int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length) {
    REAL(int (*)(int, __CONST_SOCKADDR_ARG, socklen_t), "connect")
    note_odd("connect");
    return real(fd, address, length);
}

/* --- system calls by number ------------------------------------------------------------------------------------- */

#undef syscall
static void note_by_number(long number, const long *a, long result);

HOOK long syscall(long number, ...) {
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
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
        zc_doubt(ZC_DOUBT_UNMODELLED);
        break;
    default:
        break;
    }
}

#endif
