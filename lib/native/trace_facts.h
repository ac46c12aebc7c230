/*
 * Hooks on facts that are no files: environment, working folder, clock, chance, identity, terminal, network, and calls by number.
 */
#ifndef ZC_TRACE_FACTS_H
#define ZC_TRACE_FACTS_H

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>

#include "trace_process.h"

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

char *__secure_getenv(const char *); /* its name in old programs */
HOOK char *__secure_getenv(const char *name) {
    REAL(char *(*)(const char *), "secure_getenv")
    KEEP_ERRNO(note_variable(name));
    return real(name);
}

char *__getcwd_chk(char *, size_t, size_t);
FACT(char *, getcwd, (char *to, size_t size), (to, size), ZC_E_CWD, 0)
char *getwd(char *);
FACT(char *, getwd, (char *to), (to), ZC_E_CWD, 0)
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
        me.cwd_lost = true, asks_kernel = &never; /* no short way any more, for it knows one folder only */
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

/*
 * libtinfo asks how old its own table of folders is whenever a terminal's abilities are looked up, which clang does
 * on each terminal. No byte comes of it, and who else asks cannot be told apart but by the caller's place.
 */
struct caller {
    uintptr_t at;
    bool is_terminal_library;
};
static int look_at_caller(struct dl_phdr_info *library, size_t size, void *to) {
    (void)size;
    struct caller *caller = to;
    if (!is_in(library, caller->at))
        return 0;
    const char *slash = strrchr(library->dlpi_name, '/');
    caller->is_terminal_library = slash && strncmp(slash, "/libtinfo.so", 12) == 0;
    return 1;
}
HOOK time_t time(time_t *to) {
    REAL(time_t (*)(time_t *), "time")
    struct caller caller = {.at = (uintptr_t)__builtin_return_address(0)};
    if (zc_record && !me.loader_unsafe)
        dl_iterate_phdr(look_at_caller, &caller);
    if (!caller.is_terminal_library)
        KEEP_ERRNO(note_fact(ZC_E_CLOCK, ZC_CLOCK_TIME));
    return real(to);
}
FACT(int, gettimeofday, (struct timeval *restrict to, void *restrict zone), (to, zone), ZC_E_CLOCK, ZC_CLOCK_GETTIMEOFDAY)
HOOK int clock_gettime(clockid_t clock, struct timespec *to) {
    REAL(int (*)(clockid_t, struct timespec *), "clock_gettime")
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI)
        KEEP_ERRNO(note_fact(ZC_E_CLOCK, ZC_CLOCK_CLOCK_REALTIME));
    return real(clock, to);
}
struct timeb;
int ftime(struct timeb *);
FACT(int, ftime, (struct timeb * to), (to), ZC_E_CLOCK, ZC_CLOCK_TIME)
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
uint32_t arc4random(void);
uint32_t arc4random_uniform(uint32_t);
FACT(uint32_t, arc4random, (void), (), ZC_E_RANDOM, 0)
FACT(uint32_t, arc4random_uniform, (uint32_t below), (below), ZC_E_RANDOM, 0)
void arc4random_buf(void *, size_t);
HOOK void arc4random_buf(void *to, size_t size) {
    REAL(void (*)(void *, size_t), "arc4random_buf")
    KEEP_ERRNO(note_fact(ZC_E_RANDOM, 0));
    real(to, size);
}

FACT(int, uname, (struct utsname * to), (to), ZC_E_IDENTITY, ZC_ID_UNAME)
FACT(int, gethostname, (char *to, size_t size), (to, size), ZC_E_IDENTITY, ZC_ID_HOSTNAME)
FACT(char *, getlogin, (void), (), ZC_E_IDENTITY, ZC_ID_LOGIN)
FACT(int, getlogin_r, (char *to, size_t size), (to, size), ZC_E_IDENTITY, ZC_ID_LOGIN)
FACT(uid_t, getuid, (void), (), ZC_E_IDENTITY, ZC_ID_UID)
FACT(uid_t, geteuid, (void), (), ZC_E_IDENTITY, ZC_ID_UID)
FACT(gid_t, getgid, (void), (), ZC_E_IDENTITY, ZC_ID_UID)
FACT(gid_t, getegid, (void), (), ZC_E_IDENTITY, ZC_ID_UID)
int __gethostname_chk(char *, size_t, size_t);
int __getlogin_r_chk(char *, size_t, size_t);
FACT(int, __gethostname_chk, (char *to, size_t size, size_t room), (to, size, room), ZC_E_IDENTITY, ZC_ID_HOSTNAME)
FACT(int, __getlogin_r_chk, (char *to, size_t size, size_t room), (to, size, room), ZC_E_IDENTITY, ZC_ID_LOGIN)
/* The files behind these are read inside libc. */
struct passwd;
struct group;
#define ENTRY(type, name, parameters, arguments)                                                                       \
    type name parameters;                                                                                              \
    FACT(type, name, parameters, arguments, ZC_E_IDENTITY, ZC_ID_LOGIN)
ENTRY(struct passwd *, getpwuid, (uid_t uid), (uid))
ENTRY(struct passwd *, getpwnam, (const char *name), (name))
ENTRY(struct passwd *, getpwent, (void), ())
ENTRY(struct group *, getgrgid, (gid_t gid), (gid))
ENTRY(struct group *, getgrnam, (const char *name), (name))
ENTRY(int, getpwuid_r, (uid_t uid, struct passwd *to, char *text, size_t size, struct passwd **found),
      (uid, to, text, size, found))
ENTRY(int, getpwnam_r, (const char *name, struct passwd *to, char *text, size_t size, struct passwd **found),
      (name, to, text, size, found))
ENTRY(int, getgrgid_r, (gid_t gid, struct group *to, char *text, size_t size, struct group **found),
      (gid, to, text, size, found))
ENTRY(int, getgrnam_r, (const char *name, struct group *to, char *text, size_t size, struct group **found),
      (name, to, text, size, found))
ENTRY(int, getgroups, (int size, gid_t *to), (size, to))

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

/* --- other machines and processes ------------------------------------------------------------------------------- */

HOOK int socket(int domain, int type, int protocol) {
    REAL(int (*)(int, int, int), "socket")
    if (domain != AF_UNIX)
        KEEP_ERRNO(note_odd("socket"));
    return real(domain, type, protocol);
}
UNMODELLED(int, connect, (int fd, __CONST_SOCKADDR_ARG address, socklen_t length), (fd, address, length))
UNMODELLED(int, getaddrinfo, (const char *restrict n, const char *restrict s, const void *restrict h, void *restrict r),
           (n, s, h, r))
UNMODELLED(int, getnameinfo,
           (const void *restrict a, socklen_t n, char *restrict h, socklen_t hn, char *restrict s, socklen_t sn, int flags),
           (a, n, h, hn, s, sn, flags))
UNMODELLED(void *, gethostbyname, (const char *name), (name))
UNMODELLED(void *, gethostbyname2, (const char *name, int family), (name, family))
UNMODELLED(void *, gethostbyaddr, (const void *address, socklen_t size, int family), (address, size, family))
UNMODELLED(int, gethostbyname_r, (const char *n, void *to, char *text, size_t size, void *found, int *problem),
           (n, to, text, size, found, problem))
UNMODELLED(int, getifaddrs, (void *to), (to))
UNMODELLED(void *, setmntent, (const char *path, const char *mode), (path, mode))
UNMODELLED(int, shm_open, (const char *name, int flags, mode_t mode), (name, flags, mode))
UNMODELLED(int, shmget, (int key, size_t size, int flags), (key, size, flags))
UNMODELLED(int, msgget, (int key, int flags), (key, flags))

#endif
