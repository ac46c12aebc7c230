/*
 * Hooks on files: each calls libc's own function first (or looks at the target just before it is written), then notes
 * the question with its answer.
 */
#ifndef ZC_TRACE_FILES_H
#define ZC_TRACE_FILES_H

#include <dirent.h>
#include <dlfcn.h>
#include <sys/time.h>

#define HOOK __attribute__((visibility("default")))
/* libc's own function of that name, as `real`. A data pointer becomes a function pointer through memory, as POSIX has it. */
#define REAL(type, name)                                                                                               \
    static type real;                                                                                                  \
    if (!real) {                                                                                                       \
        void *found_ = dlsym(RTLD_NEXT, name);                                                                         \
        memcpy(&real, &found_, sizeof found_);                                                                         \
    }

static int raw_stat(int dirfd, const char *path, struct stat *st, int flags) {
    return (int)zc_raw(SYS_newfstatat, dirfd, path, st, flags);
}

/* A question answered with a failure: absent, or refused with its errno. */
static void note_failure(int dirfd, const char *path) {
    if (!zc_record || !path || errno == EFAULT)
        return;
    KEEP_ERRNO(if (kept_ == ENOENT || kept_ == ENOTDIR) note_path(ZC_E_ABSENT, kept_, dirfd, path);
               else note_path(ZC_E_REFUSED, kept_, dirfd, path));
}

static void note_answer(unsigned kind, int dirfd, const char *path, bool yes) {
    if (!yes)
        note_failure(dirfd, path);
    else
        KEEP_ERRNO(note_path(kind, 0, dirfd, path));
}

static void note_stat(unsigned kind, int dirfd, const char *path, bool yes, const struct stat *st) {
    if (path && !*path)
        return; /* AT_EMPTY_PATH: a descriptor that was opened before */
    if (!yes)
        note_failure(dirfd, path);
    else
        KEEP_ERRNO(note_signed(kind, dirfd, path, st));
}

/* --- open ------------------------------------------------------------------------------------------------------- */

static bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }

/* The state of a target just before it is opened for writing; null: nothing is there. */
static const struct stat *look_before(int dirfd, const char *path, struct stat *st) {
    const struct stat *found = NULL;
    if (zc_record && path)
        KEEP_ERRNO(found = raw_stat(dirfd, path, st, AT_SYMLINK_NOFOLLOW) == 0 ? st : NULL);
    return found;
}

static void note_opened_for_reading(int fd, int dirfd, const char *path) {
    struct stat st;
    if (zc_raw(SYS_fstat, fd, &st) != 0)
        memset(&st, 0, sizeof st);
    if (S_ISDIR(st.st_mode))
        note_path(ZC_E_PROBE, 0, dirfd, path);
    else
        note_signed(ZC_E_OPEN_READ, dirfd, path, &st);
}

static void note_open(int fd, int dirfd, const char *path, int flags, const struct stat *before) {
    if (!zc_record || !path || (fd < 0 && errno == EFAULT))
        return;
    int kept = errno;
    if ((flags & O_TMPFILE) == O_TMPFILE)
        note_odd("O_TMPFILE");
    else if (fd < 0 && !writes(flags))
        note_failure(dirfd, path);
    else if (fd < 0)
        note_path(ZC_E_WRITE_REFUSED, kept, dirfd, path);
    else if (flags & O_PATH)
        note_path(ZC_E_PROBE, 0, dirfd, path);
    else if (!writes(flags) || ((flags & (O_ACCMODE | O_TRUNC)) == O_RDONLY && before))
        note_opened_for_reading(fd, dirfd, path);
    else if (flags & O_TRUNC)
        note_change(ZC_E_TRUNCATE, 0, dirfd, path, true, before);
    else if (!before || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        note_change(ZC_E_CREATE, 0, dirfd, path, true, before);
    else if ((flags & O_APPEND) && (flags & O_ACCMODE) == O_WRONLY)
        note_change(ZC_E_APPEND, 0, dirfd, path, true, before);
    else
        note_change(ZC_E_UPDATE, 0, dirfd, path, true, before);
    errno = kept;
}

static mode_t mode_argument(int flags, va_list list) {
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, mode_t) : 0;
}

typedef int (*open_fn)(const char *, int, ...);
typedef int (*openat_fn)(int, const char *, int, ...);

#define OPEN(name)                                                                                                     \
    HOOK int name(const char *path, int flags, ...) {                                                                  \
        REAL(open_fn, #name)                                                                                           \
        va_list list;                                                                                                  \
        va_start(list, flags);                                                                                         \
        mode_t mode = mode_argument(flags, list);                                                                      \
        va_end(list);                                                                                                  \
        struct stat st;                                                                                                \
        const struct stat *before = writes(flags) ? look_before(AT_FDCWD, path, &st) : NULL;                           \
        int fd = real(path, flags, mode);                                                                              \
        note_open(fd, AT_FDCWD, path, flags, before);                                                                  \
        return fd;                                                                                                     \
    }
#define OPENAT(name)                                                                                                   \
    HOOK int name(int dirfd, const char *path, int flags, ...) {                                                       \
        REAL(openat_fn, #name)                                                                                         \
        va_list list;                                                                                                  \
        va_start(list, flags);                                                                                         \
        mode_t mode = mode_argument(flags, list);                                                                      \
        va_end(list);                                                                                                  \
        struct stat st;                                                                                                \
        const struct stat *before = writes(flags) ? look_before(dirfd, path, &st) : NULL;                              \
        int fd = real(dirfd, path, flags, mode);                                                                       \
        note_open(fd, dirfd, path, flags, before);                                                                     \
        return fd;                                                                                                     \
    }
/* The fortified forms, which take no mode. */
#define OPEN_2(name)                                                                                                   \
    HOOK int name(const char *path, int flags) {                                                                       \
        REAL(open_fn, #name)                                                                                           \
        struct stat st;                                                                                                \
        const struct stat *before = writes(flags) ? look_before(AT_FDCWD, path, &st) : NULL;                           \
        int fd = real(path, flags);                                                                                    \
        note_open(fd, AT_FDCWD, path, flags, before);                                                                  \
        return fd;                                                                                                     \
    }
#define OPENAT_2(name)                                                                                                 \
    HOOK int name(int dirfd, const char *path, int flags) {                                                            \
        REAL(openat_fn, #name)                                                                                         \
        struct stat st;                                                                                                \
        const struct stat *before = writes(flags) ? look_before(dirfd, path, &st) : NULL;                              \
        int fd = real(dirfd, path, flags);                                                                             \
        note_open(fd, dirfd, path, flags, before);                                                                     \
        return fd;                                                                                                     \
    }
int __open_2(const char *, int);
int __open64_2(const char *, int);
int __openat_2(int, const char *, int);
int __openat64_2(int, const char *, int);
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
OPEN_2(__open_2)
OPEN_2(__open64_2)
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)

#define CREAT(name)                                                                                                    \
    HOOK int name(const char *path, mode_t mode) {                                                                     \
        REAL(int (*)(const char *, mode_t), #name)                                                                     \
        struct stat st;                                                                                                \
        const struct stat *before = look_before(AT_FDCWD, path, &st);                                                  \
        int fd = real(path, mode);                                                                                     \
        note_open(fd, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, before);                                           \
        return fd;                                                                                                     \
    }
#undef REAL
/* The same for types that are no plain name. */
#define REAL(type, name)                                                                                               \
    static __typeof__(type) real;                                                                                      \
    if (!real) {                                                                                                       \
        void *found_ = dlsym(RTLD_NEXT, name);                                                                         \
        memcpy(&real, &found_, sizeof found_);                                                                         \
    }
CREAT(creat)
CREAT(creat64)

/* Flags of open that a mode of fopen stands for. */
static int stream_flags(const char *mode) {
    int flags = *mode == 'r' ? O_RDONLY : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY | O_CREAT | O_APPEND;
    if (strchr(mode, '+'))
        flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (strchr(mode, 'x'))
        flags |= O_EXCL;
    return flags;
}

#define FOPEN(name)                                                                                                    \
    HOOK FILE *name(const char *restrict path, const char *restrict mode) {                                            \
        REAL(FILE * (*)(const char *, const char *), #name)                                                            \
        struct stat st;                                                                                                \
        int flags = stream_flags(mode);                                                                                \
        const struct stat *before = writes(flags) ? look_before(AT_FDCWD, path, &st) : NULL;                           \
        FILE *file = real(path, mode);                                                                                 \
        note_open(file ? fileno(file) : -1, AT_FDCWD, path, flags, before);                                            \
        return file;                                                                                                   \
    }
#define FREOPEN(name)                                                                                                  \
    HOOK FILE *name(const char *restrict path, const char *restrict mode, FILE *restrict stream) {                     \
        REAL(FILE * (*)(const char *, const char *, FILE *), #name)                                                    \
        struct stat st;                                                                                                \
        int flags = stream_flags(mode);                                                                                \
        const struct stat *before = writes(flags) ? look_before(AT_FDCWD, path, &st) : NULL;                           \
        FILE *file = real(path, mode, stream);                                                                         \
        note_open(file ? fileno(file) : -1, AT_FDCWD, path, flags, before);                                            \
        return file;                                                                                                   \
    }
FOPEN(fopen)
FOPEN(fopen64)
FREOPEN(freopen)
FREOPEN(freopen64)

/* Names that libc makes up: the file is new by definition. */
#define MKTEMP(name, parameters, arguments)                                                                            \
    HOOK int name parameters {                                                                                         \
        REAL(int(*) parameters, #name)                                                                                 \
        int fd = real arguments;                                                                                       \
        if (fd >= 0)                                                                                                   \
            KEEP_ERRNO(note_change(ZC_E_CREATE, 0, AT_FDCWD, template, true, NULL));                                   \
        return fd;                                                                                                     \
    }
MKTEMP(mkstemp, (char *template), (template))
MKTEMP(mkstemp64, (char *template), (template))
MKTEMP(mkstemps, (char *template, int suffix), (template, suffix))
MKTEMP(mkstemps64, (char *template, int suffix), (template, suffix))
MKTEMP(mkostemp, (char *template, int flags), (template, flags))
MKTEMP(mkostemp64, (char *template, int flags), (template, flags))
MKTEMP(mkostemps, (char *template, int suffix, int flags), (template, suffix, flags))
MKTEMP(mkostemps64, (char *template, int suffix, int flags), (template, suffix, flags))

HOOK char *mkdtemp(char *template) {
    REAL(char *(*)(char *), "mkdtemp")
    char *made = real(template);
    if (made)
        KEEP_ERRNO(note_change(ZC_E_MKDIR, 0, AT_FDCWD, made, false, NULL));
    return made;
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
    if (!zc_record || !path || !*path)
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
HOOK DIR *fdopendir(int fd) {
    REAL(DIR * (*)(int), "fdopendir")
    DIR *folder = real(fd);
    char path[PATH_MAX];
    if (folder && zc_record) {
        int kept = errno;
        size_t length = descriptor_path(fd, path);
        path[length] = 0;
        if (length)
            note_path(ZC_E_LIST, 0, AT_FDCWD, path);
        errno = kept;
    }
    return folder;
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
SCANDIR(scandir, dirent)
SCANDIR(scandir64, dirent64)

/* Walks inside libc whose questions nobody sees. */
#define UNMODELLED(result_type, name, parameters, arguments)                                                           \
    result_type name parameters;                                                                                       \
    HOOK result_type name parameters {                                                                                 \
        REAL(result_type(*) parameters, #name)                                                                         \
        note_odd(#name);                                                                                               \
        return real arguments;                                                                                         \
    }
UNMODELLED(int, glob, (const char *restrict p, int f, int (*e)(const char *, int), void *restrict g), (p, f, e, g))
UNMODELLED(int, glob64, (const char *restrict p, int f, int (*e)(const char *, int), void *restrict g), (p, f, e, g))
UNMODELLED(int, ftw, (const char *p, int (*f)(const char *, const struct stat *, int), int n), (p, f, n))
UNMODELLED(int, ftw64, (const char *p, int (*f)(const char *, const struct stat64 *, int), int n), (p, f, n))
UNMODELLED(int, nftw, (const char *p, void *f, int n, int flags), (p, f, n, flags))
UNMODELLED(int, nftw64, (const char *p, void *f, int n, int flags), (p, f, n, flags))
UNMODELLED(void *, fts_open, (char *const *p, int o, void *c), (p, o, c))
UNMODELLED(int, wordexp, (const char *restrict w, void *restrict to, int flags), (w, to, flags))

#endif
