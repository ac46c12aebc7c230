/*
 * System calls as the C functions that the launcher uses, for a launcher without libc (libc_start.h says why).
 *
 * Each behaves as POSIX says: -1 and errno, or the result. Types and prototypes are those of the system's headers.
 * x86-64 only: elsewhere the launcher is linked with libc.
 */
#ifndef ZCCACHE_LIBC_CALLS_H
#define ZCCACHE_LIBC_CALLS_H

#ifndef __x86_64__
#error "no system calls are known here for this machine: link with libc"
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int current_errno;
int *__errno_location(void) { return &current_errno; }

static long raw(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result)
        : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

/* The kernel answers errors as -1 to -4095. */
static long answer_of(long result)
{
    if ((unsigned long)result < -4095UL) return result;
    errno = (int)-result;
    return -1;
}

#define CALL6(number, a, b, c, d, e, f) answer_of(raw(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))
#define CALL5(number, a, b, c, d, e) CALL6(number, a, b, c, d, e, 0)
#define CALL4(number, a, b, c, d) CALL5(number, a, b, c, d, 0)
#define CALL3(number, a, b, c) CALL4(number, a, b, c, 0)
#define CALL2(number, a, b) CALL3(number, a, b, 0)
#define CALL1(number, a) CALL2(number, a, 0)

long syscall(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    return answer_of(raw(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

_Noreturn void _exit(int status)
{
    for (;;) raw(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

/* Files. */

int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = va_arg(list, mode_t);
    va_end(list);
    return (int)CALL4(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fcntl(int fd, int command, ...)
{
    va_list list;
    va_start(list, command);
    long argument = va_arg(list, long);
    va_end(list);
    return (int)CALL3(SYS_fcntl, fd, command, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    long argument = va_arg(list, long);
    va_end(list);
    return (int)CALL3(SYS_ioctl, fd, request, argument);
}

int isatty(int fd)
{
    char state[64];
    return CALL3(SYS_ioctl, fd, 0x5401 /* TCGETS */, state) == 0;
}

int close(int fd) { return (int)CALL1(SYS_close, fd); }
ssize_t read(int fd, void *to, size_t size) { return CALL3(SYS_read, fd, to, size); }
ssize_t write(int fd, const void *from, size_t size) { return CALL3(SYS_write, fd, from, size); }
ssize_t pread(int fd, void *to, size_t size, off_t at) { return CALL4(SYS_pread64, fd, to, size, at); }
off_t lseek(int fd, off_t at, int from) { return CALL3(SYS_lseek, fd, at, from); }
int dup2(int fd, int to) { return (int)CALL2(SYS_dup2, fd, to); }
int pipe2(int ends[2], int flags) { return (int)CALL2(SYS_pipe2, ends, flags); }
int stat(const char *path, struct stat *to) { return (int)CALL4(SYS_newfstatat, AT_FDCWD, path, to, 0); }
int lstat(const char *path, struct stat *to) { return (int)CALL4(SYS_newfstatat, AT_FDCWD, path, to, AT_SYMLINK_NOFOLLOW); }
int fstat(int fd, struct stat *to) { return (int)CALL2(SYS_fstat, fd, to); }
int chmod(const char *path, mode_t mode) { return (int)CALL2(SYS_chmod, path, mode); }
int fchmod(int fd, mode_t mode) { return (int)CALL2(SYS_fchmod, fd, mode); }
int flock(int fd, int how) { return (int)CALL2(SYS_flock, fd, how); }
int ftruncate(int fd, off_t size) { return (int)CALL2(SYS_ftruncate, fd, size); }
int mkdir(const char *path, mode_t mode) { return (int)CALL2(SYS_mkdir, path, mode); }
int rmdir(const char *path) { return (int)CALL1(SYS_rmdir, path); }
int unlink(const char *path) { return (int)CALL1(SYS_unlink, path); }
int symlink(const char *text, const char *path) { return (int)CALL2(SYS_symlink, text, path); }
int rename(const char *from, const char *to) { return (int)CALL2(SYS_rename, from, to); }
mode_t umask(mode_t mask) { return (mode_t)CALL1(SYS_umask, mask); }

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return (int)CALL5(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

ssize_t readlink(const char *path, char *to, size_t size) { return CALL3(SYS_readlink, path, to, size); }

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags)
{
    return CALL6(SYS_copy_file_range, from, from_at, to, to_at, size, flags);
}

/* With AT_EACCESS, which kernels before 5.8 do not know; there our two identities must be the same. */
int faccessat(int folder, const char *path, int mode, int flags)
{
    int result = (int)CALL4(439 /* faccessat2 */, folder, path, mode, flags);
    if (result == 0 || errno != ENOSYS) return result;
    if (flags == AT_EACCESS && (getuid() != geteuid() || getgid() != getegid())) return errno = EACCES, -1;
    return (int)CALL3(SYS_faccessat, folder, path, mode);
}

char *getcwd(char *to, size_t size) { return CALL2(SYS_getcwd, to, size) < 0 ? NULL : to; }

/* Takes the first component of `rest` to the end of `to`; false: it does not fit. */
static bool append(char *to, char *rest)
{
    size_t size = strcspn(rest, "/"), length = strlen(to), skip = size + strspn(rest + size, "/");
    bool is_up = size == 2 && rest[0] == '.' && rest[1] == '.', is_here = size == 0 || (size == 1 && rest[0] == '.');
    if (is_up && length) {
        *strrchr(to, '/') = 0;
    } else if (!is_up && !is_here) {
        if (length + size + 2 > PATH_MAX) return errno = ENAMETOOLONG, false;
        to[length] = '/';
        memcpy(to + length + 1, rest, size);
        to[length + 1 + size] = 0;
    }
    memmove(rest, rest + skip, strlen(rest + skip) + 1);
    return true;
}

/* Where all links of a path that exists lead. `to` has room for PATH_MAX bytes. Works without /proc. */
char *realpath(const char *restrict path, char *restrict to)
{
    char rest[PATH_MAX], text[PATH_MAX];
    struct stat is;
    if (!*path || strlen(path) >= sizeof rest) return errno = *path ? ENAMETOOLONG : ENOENT, NULL;
    strcpy(rest, path);
    to[0] = 0;
    if (*path != '/' && (!getcwd(to, PATH_MAX) || *to != '/')) return NULL;
    if (!strcmp(to, "/")) to[0] = 0;
    for (int links = 0; *rest;) {
        bool slash = rest[strcspn(rest, "/")];
        if (!append(to, rest)) return NULL;
        ssize_t length = *to ? readlink(to, text, sizeof text - 1) : (errno = EINVAL, -1);
        if (length < 0 && errno == EINVAL) { /* no link; the next name would find out that it is no folder, but for these */
            if (!slash || (*rest && *rest != '.') || (!stat(*to ? to : "/", &is) && S_ISDIR(is.st_mode))) continue;
            return errno = ENOTDIR, NULL;
        }
        if (length < 0) return NULL;
        text[length] = 0;
        size_t left = strlen(rest);
        if (++links > 40) return errno = ELOOP, NULL;
        if ((size_t)length + left + 2 > sizeof rest) return errno = ENAMETOOLONG, NULL;
        memmove(rest + length + 1, rest, left + 1);
        memcpy(rest, text, (size_t)length);
        rest[length] = '/';
        *strrchr(to, '/') = 0;
        if (*text == '/') to[0] = 0;
    }
    if (!*to) strcpy(to, "/");
    return to;
}

/* Behind makedev(): a device's number as stat() gives it, which has room for more bits than old programs knew. */
dev_t gnu_dev_makedev(unsigned major, unsigned minor)
{
    dev_t high = major, low = minor;
    return (high & 0xfffff000) << 32 | (high & 0xfff) << 8 | (low & 0xffffff00) << 12 | (low & 0xff);
}

/* Folders: one at a time, which is all we read. */

struct __dirstream {
    int fd;
    long filled, at;
    char entries[8192] __attribute__((aligned(8)));
};
static struct __dirstream folder;

DIR *opendir(const char *path)
{
    folder.filled = folder.at = 0;
    folder.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder.fd < 0 ? NULL : &folder;
}

struct dirent *readdir(DIR *d)
{
    if (d->at >= d->filled) {
        d->filled = CALL3(SYS_getdents64, d->fd, d->entries, sizeof d->entries);
        d->at = 0;
    }
    if (d->filled <= 0) return NULL;
    struct dirent *entry = (struct dirent *)(void *)(d->entries + d->at);
    d->at += entry->d_reclen;
    return entry;
}

int closedir(DIR *d) { return close(d->fd); }

/* Sockets and time. */

int socket(int domain, int type, int protocol) { return (int)CALL3(SYS_socket, domain, type, protocol); }

/* The GNU headers declare connect() with a union of all addresses, which no other definition can repeat. */
int connect_to(int fd, const struct sockaddr *to, socklen_t size) __asm__("connect");
int connect_to(int fd, const struct sockaddr *to, socklen_t size) { return (int)CALL3(SYS_connect, fd, to, size); }

int getsockopt(int fd, int level, int name, void *to, socklen_t *size)
{
    return (int)CALL5(SYS_getsockopt, fd, level, name, to, size);
}

ssize_t send(int fd, const void *from, size_t size, int flags)
{
    return CALL6(SYS_sendto, fd, from, size, flags, NULL, 0);
}

ssize_t recv(int fd, void *to, size_t size, int flags) { return CALL6(SYS_recvfrom, fd, to, size, flags, NULL, NULL); }
int poll(struct pollfd *fds, nfds_t count, int ms) { return (int)CALL3(SYS_poll, fds, count, ms); }

enum { KERNEL_MASK_BYTES = 8 }; /* of a sigset_t the kernel knows the first 64 signals, which are all there are */

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit, const sigset_t *mask)
{
    struct timespec left = limit ? *limit : (struct timespec){0};
    return (int)CALL5(SYS_ppoll, fds, count, limit ? &left : NULL, mask, KERNEL_MASK_BYTES);
}

int clock_gettime(clockid_t clock, struct timespec *to) { return (int)CALL2(SYS_clock_gettime, clock, to); }

time_t time(time_t *to)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}

/* Processes. */

pid_t getpid(void) { return (pid_t)CALL1(SYS_getpid, 0); }
pid_t getppid(void) { return (pid_t)CALL1(SYS_getppid, 0); }
uid_t getuid(void) { return (uid_t)CALL1(SYS_getuid, 0); }
uid_t geteuid(void) { return (uid_t)CALL1(SYS_geteuid, 0); }
gid_t getgid(void) { return (gid_t)CALL1(SYS_getgid, 0); }
gid_t getegid(void) { return (gid_t)CALL1(SYS_getegid, 0); }
pid_t fork(void) { return (pid_t)CALL1(SYS_fork, 0); }
pid_t setsid(void) { return (pid_t)CALL1(SYS_setsid, 0); }
int chdir(const char *path) { return (int)CALL1(SYS_chdir, path); }

/*
 * A process that runs `body`, which never returns, in our memory and on a stack of its own; we stand still until it has
 * become another program or ended. Our pages need not be copied for it, nor again when either writes to them.
 */
static pid_t start_process(void (*body)(const void *), const void *argument)
{
    static struct {
        char room[1 << 16];
        void (*body)(const void *);
        const void *argument;
    } stack __attribute__((aligned(16)));
    stack.body = body;
    stack.argument = argument;
    long pid;
    register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0;
    __asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\tpop %%rax\n\tpop %%rdi\n\tcall *%%rax\n\thlt\n1:"
        : "=a"(pid) : "a"(SYS_clone), "D"(CLONE_VM | CLONE_VFORK | SIGCHLD), "S"(&stack.body), "d"(0), "r"(r10), "r"(r8)
        : "rcx", "r11", "memory");
    return (pid_t)answer_of(pid);
}
pid_t waitpid(pid_t pid, int *status, int options) { return (pid_t)CALL4(SYS_wait4, pid, status, options, NULL); }
int kill(pid_t pid, int number) { return (int)CALL2(SYS_kill, pid, number); }
int raise(int number) { return kill(getpid(), number); }

int execve(const char *path, char *const *argv, char *const *environment)
{
    return (int)CALL3(SYS_execve, path, argv, environment);
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    return (int)CALL5(SYS_waitid, type, id, info, options, NULL);
}

int prctl(int option, ...)
{
    va_list list;
    va_start(list, option);
    long argument = va_arg(list, long);
    va_end(list);
    return (int)CALL5(SYS_prctl, option, argument, 0, 0, 0);
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *to) { return (int)CALL2(SYS_getrlimit, resource, to); }
int setrlimit(__rlimit_resource_t resource, const struct rlimit *to) { return (int)CALL2(SYS_setrlimit, resource, to); }

/* Signals. */

struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};
enum { KERNEL_RESTORER = 0x04000000 };

void zc_return_from_signal(void);
__asm__(".text\nzc_return_from_signal: mov $15, %eax\nsyscall\n"); /* rt_sigreturn */

int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
    struct kernel_action to = {0}, was = {0};
    if (new) {
        to.handler = new->sa_handler;
        to.flags = (unsigned)new->sa_flags | KERNEL_RESTORER;
        to.restorer = zc_return_from_signal;
        memcpy(&to.mask, &new->sa_mask, sizeof to.mask);
    }
    long result = CALL4(SYS_rt_sigaction, number, new ? &to : NULL, old ? &was : NULL, KERNEL_MASK_BYTES);
    if (result == 0 && old) {
        *old = (struct sigaction){.sa_handler = was.handler, .sa_flags = (int)(was.flags & ~(unsigned long)KERNEL_RESTORER)};
        memcpy(&old->sa_mask, &was.mask, sizeof was.mask);
    }
    return (int)result;
}

void (*signal(int number, void (*handler)(int)))(int)
{
    struct sigaction new = {.sa_handler = handler, .sa_flags = SA_RESTART}, old = {0};
    return sigaction(number, &new, &old) ? SIG_ERR : old.sa_handler;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    if (old) memset(old, 0, sizeof *old);
    return (int)CALL4(SYS_rt_sigprocmask, how, set, old, KERNEL_MASK_BYTES);
}

static int change_set(sigset_t *set, int number, bool member)
{
    uint64_t bits, bit = (uint64_t)1 << (number - 1);
    memcpy(&bits, set, sizeof bits);
    bits = member ? bits | bit : bits & ~bit;
    memcpy(set, &bits, sizeof bits);
    return 0;
}

int sigemptyset(sigset_t *set) { return memset(set, 0, sizeof *set), 0; }
int sigfillset(sigset_t *set) { return memset(set, 0xff, sizeof *set), 0; }
int sigaddset(sigset_t *set, int number) { return change_set(set, number, true); }
int sigdelset(sigset_t *set, int number) { return change_set(set, number, false); }

#endif
