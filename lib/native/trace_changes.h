/*
 * Hooks on changes of the file system other than by open: names made, moved and removed, modes and times.
 */
#ifndef ZC_TRACE_CHANGES_H
#define ZC_TRACE_CHANGES_H

#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

#include "trace_files.h"

/* A name could not be given: either there is nothing to give it to, or the new name was refused (as it exists). */
static void note_failed_pair(int from_fd, const char *from, int to_fd, const char *to) {
    struct stat st;
    int answer = errno;
    if (!zc_record || answer == EFAULT)
        return;
    if (from && raw_stat(from_fd, from, &st, AT_SYMLINK_NOFOLLOW) != 0)
        note_failure(from_fd, from);
    else
        note_path(ZC_E_WRITE_REFUSED, answer, to_fd, to);
    errno = answer;
}

static void note_renamed(int result, int from_fd, const char *from, int to_fd, const char *to, const struct stat *before) {
    if (result == 0)
        KEEP_ERRNO(note_two(ZC_E_RENAME, from_fd, from, to_fd, to, before));
    else
        note_failed_pair(from_fd, from, to_fd, to);
}

HOOK int rename(const char *from, const char *to) {
    REAL(int (*)(const char *, const char *), "rename")
    struct stat st;
    const struct stat *before = look_before(AT_FDCWD, to, &st);
    int result = real(from, to);
    note_renamed(result, AT_FDCWD, from, AT_FDCWD, to, before);
    return result;
}
HOOK int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    REAL(int (*)(int, const char *, int, const char *), "renameat")
    struct stat st;
    const struct stat *before = look_before(to_fd, to, &st);
    int result = real(from_fd, from, to_fd, to);
    note_renamed(result, from_fd, from, to_fd, to, before);
    return result;
}
HOOK int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    REAL(int (*)(int, const char *, int, const char *, unsigned), "renameat2")
    struct stat st;
    const struct stat *before = look_before(to_fd, to, &st);
    if (flags & ~(unsigned)RENAME_NOREPLACE)
        KEEP_ERRNO(note_odd("renameat2 with flags"));
    int result = real(from_fd, from, to_fd, to, flags);
    if (flags == RENAME_NOREPLACE && result == 0) /* it says, too, that nothing was there */
        KEEP_ERRNO(note_path(ZC_E_ABSENT, ENOENT, to_fd, to));
    note_renamed(result, from_fd, from, to_fd, to, before);
    return result;
}

HOOK int link(const char *from, const char *to) {
    REAL(int (*)(const char *, const char *), "link")
    int result = real(from, to);
    if (result == 0)
        KEEP_ERRNO(note_two(ZC_E_LINK, AT_FDCWD, from, AT_FDCWD, to, NULL));
    else
        note_failed_pair(AT_FDCWD, from, AT_FDCWD, to);
    return result;
}
HOOK int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    REAL(int (*)(int, const char *, int, const char *, int), "linkat")
    int result = real(from_fd, from, to_fd, to, flags);
    if (result != 0)
        note_failed_pair(from_fd, from, to_fd, to);
    else if (!*from || (flags & AT_SYMLINK_FOLLOW)) /* a descriptor, perhaps by /proc: of a file without a name */
        KEEP_ERRNO(note_odd("linkat of a descriptor"));
    else
        KEEP_ERRNO(note_two(ZC_E_LINK, from_fd, from, to_fd, to, NULL));
    return result;
}
static void note_symlink(int result, int dirfd, const char *path, const char *text) {
    if (result == 0)
        KEEP_ERRNO(note_text(ZC_E_SYMLINK, dirfd, path, text, strlen(text)));
    else
        note_failed_pair(AT_FDCWD, NULL, dirfd, path);
}
HOOK int symlink(const char *text, const char *path) {
    REAL(int (*)(const char *, const char *), "symlink")
    int result = real(text, path);
    note_symlink(result, AT_FDCWD, path, text);
    return result;
}
HOOK int symlinkat(const char *text, int dirfd, const char *path) {
    REAL(int (*)(const char *, int, const char *), "symlinkat")
    int result = real(text, dirfd, path);
    note_symlink(result, dirfd, path, text);
    return result;
}

static void note_removed(unsigned kind, int result, int dirfd, const char *path) {
    if (result == 0)
        KEEP_ERRNO(note_change(kind, dirfd, path));
    else
        note_failure(dirfd, path);
}
HOOK int unlink(const char *path) {
    REAL(int (*)(const char *), "unlink")
    int result = real(path);
    note_removed(ZC_E_UNLINK, result, AT_FDCWD, path);
    return result;
}
HOOK int unlinkat(int dirfd, const char *path, int flags) {
    REAL(int (*)(int, const char *, int), "unlinkat")
    int result = real(dirfd, path, flags);
    note_removed(flags & AT_REMOVEDIR ? ZC_E_RMDIR : ZC_E_UNLINK, result, dirfd, path);
    return result;
}
HOOK int remove(const char *path) {
    REAL(int (*)(const char *), "remove")
    int result = real(path);
    note_removed(ZC_E_UNLINK, result, AT_FDCWD, path);
    return result;
}
HOOK int rmdir(const char *path) {
    REAL(int (*)(const char *), "rmdir")
    int result = real(path);
    note_removed(ZC_E_RMDIR, result, AT_FDCWD, path);
    return result;
}

static void note_made_folder(int result, int dirfd, const char *path) {
    if (result == 0)
        KEEP_ERRNO(note_change(ZC_E_MKDIR, dirfd, path));
    else if (errno != EFAULT)
        KEEP_ERRNO(note_path(ZC_E_WRITE_REFUSED, kept_, dirfd, path));
}
HOOK int mkdir(const char *path, mode_t mode) {
    REAL(int (*)(const char *, mode_t), "mkdir")
    int result = real(path, mode);
    note_made_folder(result, AT_FDCWD, path);
    return result;
}
HOOK int mkdirat(int dirfd, const char *path, mode_t mode) {
    REAL(int (*)(int, const char *, mode_t), "mkdirat")
    int result = real(dirfd, path, mode);
    note_made_folder(result, dirfd, path);
    return result;
}

/* Modes, owners, sizes, times, attributes of files: of our own outputs they show in the end; of others they matter. */
static void note_changed(unsigned what, int result, int dirfd, const char *path) {
    if (result != 0)
        note_failure(dirfd, path);
    else
        KEEP_ERRNO(note_change_of(what, dirfd, path));
}
/* Times that are given; without them a file gets the present, as any that is written does. */
#define TIMES(times) ((times) ? ZC_CHANGE_KEPT_APART : ZC_CHANGE_BYTES)
#define CHANGE(what, name, parameters, arguments, dirfd)                                                                     \
    HOOK int name parameters {                                                                                         \
        REAL(int(*) parameters, #name)                                                                                 \
        int result = real arguments;                                                                                   \
        note_changed(what, result, dirfd, path);                                                                       \
        return result;                                                                                                 \
    }
/* The same by descriptor; a pipe or terminal has no path and is nobody's file. */
static void note_descriptor_change(unsigned what, int result, int fd) {
    char path[PATH_MAX];
    if (result != 0 || !zc_record)
        return;
    int kept = errno;
    size_t length = descriptor_path(fd, path);
    path[length] = 0;
    if (length && strncmp(path, "/dev/", 5) != 0)
        note_change_of(what, AT_FDCWD, path);
    errno = kept;
}
#define FD_CHANGE(what, name, parameters, arguments)                                                                       \
    HOOK int name parameters {                                                                                         \
        REAL(int(*) parameters, #name)                                                                                 \
        int result = real arguments;                                                                                   \
        note_descriptor_change(what, result, fd);                                                                      \
        return result;                                                                                                 \
    }
CHANGE(ZC_CHANGE_MODE, chmod, (const char *path, mode_t mode), (path, mode), AT_FDCWD)
CHANGE(ZC_CHANGE_MODE, fchmodat, (int dirfd, const char *path, mode_t mode, int flags), (dirfd, path, mode, flags), dirfd)
CHANGE(ZC_CHANGE_KEPT_APART, chown, (const char *path, uid_t u, gid_t g), (path, u, g), AT_FDCWD)
CHANGE(ZC_CHANGE_KEPT_APART, lchown, (const char *path, uid_t u, gid_t g), (path, u, g), AT_FDCWD)
CHANGE(ZC_CHANGE_KEPT_APART, fchownat, (int dirfd, const char *path, uid_t u, gid_t g, int flags), (dirfd, path, u, g, flags), dirfd)
CHANGE(ZC_CHANGE_BYTES, truncate, (const char *path, off_t length), (path, length), AT_FDCWD)
CHANGE(ZC_CHANGE_BYTES, truncate64, (const char *path, off64_t length), (path, length), AT_FDCWD)
CHANGE(TIMES(times), utime, (const char *path, const struct utimbuf *times), (path, times), AT_FDCWD)
CHANGE(TIMES(times), utimes, (const char *path, const struct timeval times[2]), (path, times), AT_FDCWD)
CHANGE(TIMES(times), lutimes, (const char *path, const struct timeval times[2]), (path, times), AT_FDCWD)
CHANGE(ZC_CHANGE_KEPT_APART, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags),
       (path, name, value, size, flags), AT_FDCWD)
CHANGE(ZC_CHANGE_KEPT_APART, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags),
       (path, name, value, size, flags), AT_FDCWD)
CHANGE(ZC_CHANGE_KEPT_APART, removexattr, (const char *path, const char *name), (path, name), AT_FDCWD)
CHANGE(ZC_CHANGE_KEPT_APART, lremovexattr, (const char *path, const char *name), (path, name), AT_FDCWD)
int lchmod(const char *, mode_t);
CHANGE(ZC_CHANGE_MODE, lchmod, (const char *path, mode_t mode), (path, mode), AT_FDCWD)
int futimesat(int, const char *, const struct timeval[2]);
CHANGE(TIMES(times), futimesat, (int dirfd, const char *path, const struct timeval times[2]), (dirfd, path, times), dirfd)
FD_CHANGE(ZC_CHANGE_MODE, fchmod, (int fd, mode_t mode), (fd, mode))
FD_CHANGE(ZC_CHANGE_KEPT_APART, fchown, (int fd, uid_t u, gid_t g), (fd, u, g))
FD_CHANGE(TIMES(times), futimens, (int fd, const struct timespec times[2]), (fd, times))
FD_CHANGE(TIMES(times), futimes, (int fd, const struct timeval times[2]), (fd, times))
FD_CHANGE(ZC_CHANGE_KEPT_APART, fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags), (fd, name, value, size, flags))
FD_CHANGE(ZC_CHANGE_KEPT_APART, fremovexattr, (int fd, const char *name), (fd, name))

HOOK int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags) {
    REAL(int (*)(int, const char *, const struct timespec *, int), "utimensat")
    int result = real(dirfd, path, times, flags);
    const char *volatile given = path; /* a null path stands for the descriptor itself */
    if (!given)
        note_descriptor_change(TIMES(times), result, dirfd);
    else
        note_changed(TIMES(times), result, dirfd, given);
    return result;
}

/*
 * Attributes that a file has are copied by some tools and are no part of its signature; none is the common answer. Labels of
 * the system's own security are asked for wherever it has them, and copied nowhere.
 */
#define ATTRIBUTE(name, parameters, arguments)                                                                         \
    HOOK ssize_t name parameters {                                                                                     \
        REAL(ssize_t(*) parameters, #name)                                                                             \
        ssize_t result = real arguments;                                                                               \
        if (result > 0 && strncmp(attribute, "security.", 9) != 0)                                                     \
            KEEP_ERRNO(note_odd(#name));                                                                               \
        return result;                                                                                                 \
    }
ATTRIBUTE(getxattr, (const char *path, const char *attribute, void *value, size_t size), (path, attribute, value, size))
ATTRIBUTE(lgetxattr, (const char *path, const char *attribute, void *value, size_t size), (path, attribute, value, size))
ATTRIBUTE(fgetxattr, (int fd, const char *attribute, void *value, size_t size), (fd, attribute, value, size))

/* Names of what is no file. */
UNMODELLED(int, mkfifo, (const char *path, mode_t mode), (path, mode))
UNMODELLED(int, mkfifoat, (int dirfd, const char *path, mode_t mode), (dirfd, path, mode))
UNMODELLED(int, mknod, (const char *path, mode_t mode, dev_t device), (path, mode, device))
UNMODELLED(int, mknodat, (int dirfd, const char *path, mode_t mode, dev_t device), (dirfd, path, mode, device))
UNMODELLED(int, __xmknod, (int version, const char *path, mode_t mode, dev_t *device), (version, path, mode, device))
UNMODELLED(int, __xmknodat, (int version, int dirfd, const char *path, mode_t mode, dev_t *device),
           (version, dirfd, path, mode, device))

#endif
