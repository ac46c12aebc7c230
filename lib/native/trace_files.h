/*
 * Hooks on questions about files that open none: what is there, of what size, where links lead, what folders hold.
 */
#ifndef ZC_TRACE_FILES_H
#define ZC_TRACE_FILES_H

#include <dirent.h>
#include <glob.h>

#include "trace_open.h"

static void note_stat(unsigned kind, int dirfd, const char *path, bool yes, const struct stat *st) {
    if (!yes)
        note_failure(dirfd, path);
    else if (*path) /* else AT_EMPTY_PATH: a descriptor that was opened before */
        KEEP_ERRNO(note_signed(kind, dirfd, path, st));
}

/* --- stat, access, links ---------------------------------------------------------------------------------------- */

#define STAT(name, type, kind)                                                                                         \
    HOOK int name(const char *restrict path, struct type *restrict st) {                                               \
        REAL(int (*)(const char *, struct type *), #name)                                                              \
        int result = real(path, st);                                                                                   \
        note_stat(kind, AT_FDCWD, path, result == 0, (const struct stat *)(const void *)st);                           \
        return result;                                                                                                 \
    }
#define XSTAT(name, type, kind)                                                                                        \
    int name(int, const char *, struct type *);                                                                        \
    HOOK int name(int version, const char *path, struct type *st) {                                                    \
        REAL(int (*)(int, const char *, struct type *), #name)                                                         \
        int result = real(version, path, st);                                                                          \
        note_stat(kind, AT_FDCWD, path, result == 0, (const struct stat *)(const void *)st);                           \
        return result;                                                                                                 \
    }
#define STATAT(name, type)                                                                                             \
    HOOK int name(int dirfd, const char *restrict path, struct type *restrict st, int flags) {                         \
        REAL(int (*)(int, const char *, struct type *, int), #name)                                                    \
        int result = real(dirfd, path, st, flags);                                                                     \
        note_stat(flags & AT_SYMLINK_NOFOLLOW ? ZC_E_LSTAT : ZC_E_STAT, dirfd, path, result == 0,                      \
                  (const struct stat *)(const void *)st);                                                              \
        return result;                                                                                                 \
    }
#define XSTATAT(name, type)                                                                                            \
    int name(int, int, const char *, struct type *, int);                                                              \
    HOOK int name(int version, int dirfd, const char *path, struct type *st, int flags) {                              \
        REAL(int (*)(int, int, const char *, struct type *, int), #name)                                               \
        int result = real(version, dirfd, path, st, flags);                                                            \
        note_stat(flags & AT_SYMLINK_NOFOLLOW ? ZC_E_LSTAT : ZC_E_STAT, dirfd, path, result == 0,                      \
                  (const struct stat *)(const void *)st);                                                              \
        return result;                                                                                                 \
    }
STAT(stat, stat, ZC_E_STAT)
STAT(stat64, stat64, ZC_E_STAT)
STAT(lstat, stat, ZC_E_LSTAT)
STAT(lstat64, stat64, ZC_E_LSTAT)
XSTAT(__xstat, stat, ZC_E_STAT)
XSTAT(__xstat64, stat64, ZC_E_STAT)
XSTAT(__lxstat, stat, ZC_E_LSTAT)
XSTAT(__lxstat64, stat64, ZC_E_LSTAT)
STATAT(fstatat, stat)
STATAT(fstatat64, stat64)
XSTATAT(__fxstatat, stat)
XSTATAT(__fxstatat64, stat64)

static void note_statx(int dirfd, const char *path, int flags, bool yes) {
    if (!zc_record || !path)
        return;
    struct stat st;
    bool same = false;
    if (yes)
        KEEP_ERRNO(same = raw_stat(dirfd, path, &st, flags & AT_SYMLINK_NOFOLLOW) == 0);
    note_stat(flags & AT_SYMLINK_NOFOLLOW ? ZC_E_LSTAT : ZC_E_STAT, dirfd, path, yes, same ? &st : NULL);
}

HOOK int statx(int dirfd, const char *restrict path, int flags, unsigned mask, struct statx *restrict st) {
    REAL(int (*)(int, const char *, int, unsigned, struct statx *), "statx")
    int result = real(dirfd, path, flags, mask, st);
    note_statx(dirfd, path, flags, result == 0);
    return result;
}

#define PROBE(name, parameters, arguments, dirfd)                                                                      \
    HOOK int name parameters {                                                                                         \
        REAL(int(*) parameters, #name)                                                                                 \
        int result = real arguments;                                                                                   \
        note_answer(ZC_E_PROBE, dirfd, path, result == 0);                                                             \
        return result;                                                                                                 \
    }
PROBE(access, (const char *path, int mode), (path, mode), AT_FDCWD)
PROBE(eaccess, (const char *path, int mode), (path, mode), AT_FDCWD)
PROBE(euidaccess, (const char *path, int mode), (path, mode), AT_FDCWD)
PROBE(faccessat, (int dirfd, const char *path, int mode, int flags), (dirfd, path, mode, flags), dirfd)
struct statfs;
struct statfs64;
struct statvfs;
struct statvfs64;
int statfs(const char *, struct statfs *);
int statfs64(const char *, struct statfs64 *);
int statvfs(const char *restrict, struct statvfs *restrict);
int statvfs64(const char *restrict, struct statvfs64 *restrict);
PROBE(statfs, (const char *path, struct statfs *st), (path, st), AT_FDCWD)
PROBE(statfs64, (const char *path, struct statfs64 *st), (path, st), AT_FDCWD)
PROBE(statvfs, (const char *restrict path, struct statvfs *restrict st), (path, st), AT_FDCWD)
PROBE(statvfs64, (const char *restrict path, struct statvfs64 *restrict st), (path, st), AT_FDCWD)

static void note_link(int dirfd, const char *path, ssize_t length, const char *text) {
    if (length < 0)
        note_failure(dirfd, path); /* EINVAL: there, and no link */
    else
        KEEP_ERRNO(note_text(ZC_E_READ_LINK, dirfd, path, text, (size_t)length));
}

#define READLINK(name, parameters, arguments, dirfd)                                                                   \
    HOOK ssize_t name parameters {                                                                                     \
        REAL(ssize_t(*) parameters, #name)                                                                             \
        ssize_t result = real arguments;                                                                               \
        note_link(dirfd, path, result, buffer);                                                                        \
        return result;                                                                                                 \
    }
ssize_t __readlink_chk(const char *, char *, size_t, size_t);
ssize_t __readlinkat_chk(int, const char *, char *, size_t, size_t);
READLINK(readlink, (const char *restrict path, char *restrict buffer, size_t size), (path, buffer, size), AT_FDCWD)
READLINK(readlinkat, (int dirfd, const char *restrict path, char *restrict buffer, size_t size),
         (dirfd, path, buffer, size), dirfd)
READLINK(__readlink_chk, (const char *path, char *buffer, size_t size, size_t room), (path, buffer, size, room), AT_FDCWD)
READLINK(__readlinkat_chk, (int dirfd, const char *path, char *buffer, size_t size, size_t room),
         (dirfd, path, buffer, size, room), dirfd)

static void note_real(const char *path, const char *found) {
    if (!found)
        note_failure(AT_FDCWD, path);
    else
        KEEP_ERRNO(note_text(ZC_E_REAL_PATH, AT_FDCWD, path, found, strlen(found)));
}
char *__realpath_chk(const char *, char *, size_t);
HOOK char *realpath(const char *restrict path, char *restrict to) {
    REAL(char *(*)(const char *, char *), "realpath")
    char *found = real(path, to);
    note_real(path, found);
    return found;
}
HOOK char *__realpath_chk(const char *path, char *to, size_t room) {
    REAL(char *(*)(const char *, char *, size_t), "__realpath_chk")
    char *found = real(path, to, room);
    note_real(path, found);
    return found;
}
HOOK char *canonicalize_file_name(const char *path) {
    REAL(char *(*)(const char *), "canonicalize_file_name")
    char *found = real(path);
    note_real(path, found);
    return found;
}

/* --- folders ---------------------------------------------------------------------------------------------------- */

HOOK DIR *opendir(const char *path) {
    REAL(DIR * (*)(const char *), "opendir")
    DIR *folder = real(path);
    note_answer(ZC_E_LIST, AT_FDCWD, path, folder != NULL);
    return folder;
}
static void note_listed_descriptor(int fd) {
    char path[PATH_MAX];
    int kept = errno;
    size_t length = zc_record ? descriptor_path(fd, path) : 0;
    if (length) {
        path[length] = 0;
        note_path(ZC_E_LIST, 0, AT_FDCWD, path);
    }
    errno = kept;
}
HOOK DIR *fdopendir(int fd) {
    REAL(DIR * (*)(int), "fdopendir")
    DIR *folder = real(fd);
    if (folder)
        note_listed_descriptor(fd);
    return folder;
}
HOOK ssize_t getdents64(int fd, void *to, size_t size) {
    REAL(ssize_t(*)(int, void *, size_t), "getdents64")
    note_listed_descriptor(fd);
    return real(fd, to, size);
}

#define SCANDIR(name, type)                                                                                            \
    HOOK int name(const char *restrict path, struct type ***restrict list, int (*filter)(const struct type *),         \
                  int (*order)(const struct type **, const struct type **)) {                                          \
        REAL(int (*)(const char *, struct type ***, int (*)(const struct type *),                                      \
                     int (*)(const struct type **, const struct type **)), #name)                                      \
        int result = real(path, list, filter, order);                                                                  \
        note_answer(ZC_E_LIST, AT_FDCWD, path, result >= 0);                                                           \
        return result;                                                                                                 \
    }
#define SCANDIRAT(name, type)                                                                                          \
    HOOK int name(int dirfd, const char *restrict path, struct type ***restrict list,                                  \
                  int (*filter)(const struct type *), int (*order)(const struct type **, const struct type **)) {      \
        REAL(int (*)(int, const char *, struct type ***, int (*)(const struct type *),                                 \
                     int (*)(const struct type **, const struct type **)), #name)                                      \
        int result = real(dirfd, path, list, filter, order);                                                           \
        note_answer(ZC_E_LIST, dirfd, path, result >= 0);                                                              \
        return result;                                                                                                 \
    }
SCANDIRAT(scandirat, dirent)
SCANDIRAT(scandirat64, dirent64)
SCANDIR(scandir, dirent)
SCANDIR(scandir64, dirent64)

/* What decides what glob() finds beside names: kinds of files, home folders, braces. */
enum { GLOB_MORE = ~(GLOB_ERR | GLOB_NOSORT | GLOB_APPEND | GLOB_NOCHECK | GLOB_DOOFFS | GLOB_NOESCAPE | GLOB_PERIOD) };

/* A pattern in one folder is that folder's listing (ld asks so for /etc/ld.so.conf.d); more than that is a walk. */
static void note_glob(const char *pattern, int flags, const char *name) {
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(pattern, '/');
    size_t length = slash ? (size_t)(slash - pattern) + (slash == pattern) : 0;
    struct stat st;
    if (length)
        snprintf(folder, sizeof folder, "%.*s", (int)length, pattern);
    if (flags & GLOB_MORE || length >= sizeof folder || folder[strcspn(folder, "*?[\\")])
        note_odd(name);
    else
        note_answer(ZC_E_LIST, AT_FDCWD, folder, raw_stat(AT_FDCWD, folder, &st, 0) == 0);
}
#define GLOB(name, type)                                                                                               \
    HOOK int name(const char *restrict pattern, int flags, int (*failed)(const char *, int), type *restrict to) {      \
        REAL(int (*)(const char *, int, int (*)(const char *, int), type *), #name)                                    \
        KEEP_ERRNO(note_glob(pattern, flags, #name));                                                                  \
        return real(pattern, flags, failed, to);                                                                       \
    }
GLOB(glob, glob_t)
GLOB(glob64, glob64_t)

/* Walks inside libc. */
UNMODELLED(int, ftw, (const char *p, int (*f)(const char *, const struct stat *, int), int n), (p, f, n))
UNMODELLED(int, ftw64, (const char *p, int (*f)(const char *, const struct stat64 *, int), int n), (p, f, n))
UNMODELLED(int, nftw, (const char *p, void *f, int n, int flags), (p, f, n, flags))
UNMODELLED(int, nftw64, (const char *p, void *f, int n, int flags), (p, f, n, flags))
UNMODELLED(void *, fts_open, (char *const *p, int o, void *c), (p, o, c))
UNMODELLED(void *, fts64_open, (char *const *p, int o, void *c), (p, o, c))
UNMODELLED(int, wordexp, (const char *restrict w, void *restrict to, int flags), (w, to, flags))

#endif
