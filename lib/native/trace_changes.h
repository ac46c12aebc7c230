/*
 * Hooks on changes of the file system other than by open: names made, moved and removed, modes and times.
 */
#ifndef ZC_TRACE_CHANGES_H
#define ZC_TRACE_CHANGES_H

#include <utime.h>

static void note_renamed(int result, int from_fd, const char *from, int to_fd, const char *to, const struct stat *before) {
    if (result == 0)
        KEEP_ERRNO(note_two(ZC_E_RENAME, from_fd, from, to_fd, to, before));
    else
        note_failure(from_fd, from);
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
    if (flags)
        note_odd("renameat2 with flags");
    int result = real(from_fd, from, to_fd, to, flags);
    note_renamed(result, from_fd, from, to_fd, to, before);
    return result;
}

HOOK int link(const char *from, const char *to) {
    REAL(int (*)(const char *, const char *), "link")
    int result = real(from, to);
    if (result == 0)
        KEEP_ERRNO(note_two(ZC_E_LINK, AT_FDCWD, from, AT_FDCWD, to, NULL));
    return result;
}
HOOK int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    REAL(int (*)(int, const char *, int, const char *, int), "linkat")
    int result = real(from_fd, from, to_fd, to, flags);
    if (result == 0 && !*from)
        note_odd("linkat of a descriptor");
    else if (result == 0)
        KEEP_ERRNO(note_two(ZC_E_LINK, from_fd, from, to_fd, to, NULL));
    return result;
}
HOOK int symlink(const char *text, const char *path) {
    REAL(int (*)(const char *, const char *), "symlink")
    int result = real(text, path);
    if (result == 0)
        KEEP_ERRNO(note_text(ZC_E_SYMLINK, AT_FDCWD, path, text, strlen(text)));
    return result;
}
HOOK int symlinkat(const char *text, int dirfd, const char *path) {
    REAL(int (*)(const char *, int, const char *), "symlinkat")
    int result = real(text, dirfd, path);
    if (result == 0)
        KEEP_ERRNO(note_text(ZC_E_SYMLINK, dirfd, path, text, strlen(text)));
    return result;
}

static void note_removed(unsigned kind, int result, int dirfd, const char *path) {
    if (result == 0)
        KEEP_ERRNO(note_change(kind, 0, dirfd, path, false, NULL));
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
        KEEP_ERRNO(note_change(ZC_E_MKDIR, 0, dirfd, path, false, NULL));
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
#define CHANGE(name, parameters, arguments, dirfd)                                                                     \
    HOOK int name parameters {                                                                                         \
        REAL(int(*) parameters, #name)                                                                                 \
        int result = real arguments;                                                                                   \
        if (result == 0)                                                                                               \
            KEEP_ERRNO(note_change(ZC_E_CHANGE, 0, dirfd, path, false, NULL));                                         \
        return result;                                                                                                 \
    }
/* The same by descriptor; a pipe or terminal has no path and is nobody's file. */
static void note_descriptor_change(int result, int fd) {
    char path[PATH_MAX];
    if (result != 0 || !zc_record)
        return;
    int kept = errno;
    size_t length = descriptor_path(fd, path);
    path[length] = 0;
    if (length && strncmp(path, "/dev/", 5) != 0)
        note_change(ZC_E_CHANGE, 0, AT_FDCWD, path, false, NULL);
    errno = kept;
}
#define FD_CHANGE(name, parameters, arguments)                                                                         \
    HOOK int name parameters {                                                                                         \
        REAL(int(*) parameters, #name)                                                                                 \
        int result = real arguments;                                                                                   \
        note_descriptor_change(result, fd);                                                                            \
        return result;                                                                                                 \
    }
CHANGE(chmod, (const char *path, mode_t mode), (path, mode), AT_FDCWD)
CHANGE(fchmodat, (int dirfd, const char *path, mode_t mode, int flags), (dirfd, path, mode, flags), dirfd)
CHANGE(chown, (const char *path, uid_t u, gid_t g), (path, u, g), AT_FDCWD)
CHANGE(lchown, (const char *path, uid_t u, gid_t g), (path, u, g), AT_FDCWD)
CHANGE(fchownat, (int dirfd, const char *path, uid_t u, gid_t g, int flags), (dirfd, path, u, g, flags), dirfd)
CHANGE(truncate, (const char *path, off_t length), (path, length), AT_FDCWD)
CHANGE(truncate64, (const char *path, off64_t length), (path, length), AT_FDCWD)
CHANGE(utime, (const char *path, const struct utimbuf *times), (path, times), AT_FDCWD)
CHANGE(utimes, (const char *path, const struct timeval times[2]), (path, times), AT_FDCWD)
CHANGE(lutimes, (const char *path, const struct timeval times[2]), (path, times), AT_FDCWD)
CHANGE(setxattr, (const char *path, const char *name, const void *value, size_t size, int flags),
       (path, name, value, size, flags), AT_FDCWD)
FD_CHANGE(fchmod, (int fd, mode_t mode), (fd, mode))
FD_CHANGE(fchown, (int fd, uid_t u, gid_t g), (fd, u, g))
FD_CHANGE(futimens, (int fd, const struct timespec times[2]), (fd, times))
FD_CHANGE(futimes, (int fd, const struct timeval times[2]), (fd, times))
FD_CHANGE(fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags), (fd, name, value, size, flags))

HOOK int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags) {
    REAL(int (*)(int, const char *, const struct timespec *, int), "utimensat")
    int result = real(dirfd, path, times, flags);
    const char *volatile given = path; /* a null path stands for the descriptor itself */
    if (!given)
        note_descriptor_change(result, dirfd);
    else if (result == 0)
        KEEP_ERRNO(note_change(ZC_E_CHANGE, 0, dirfd, given, false, NULL));
    return result;
}

HOOK int mkfifo(const char *path, mode_t mode) {
    REAL(int (*)(const char *, mode_t), "mkfifo")
    note_odd("mkfifo");
    return real(path, mode);
}
HOOK int mknod(const char *path, mode_t mode, dev_t device) {
    REAL(int (*)(const char *, mode_t, dev_t), "mknod")
    note_odd("mknod");
    return real(path, mode, device);
}

#endif
