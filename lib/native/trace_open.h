/*
 * Hooks on opening files: by number of descriptor, as streams, under made-up names. What is about to be written is looked at
 * just before; what was opened for reading has its signature taken from the descriptor itself.
 */
#ifndef ZC_TRACE_OPEN_H
#define ZC_TRACE_OPEN_H

#include <gnu/libc-version.h>

#include "trace_note.h"

static bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }

/* The kind of event for a successful open with `flags`, where `before` was there. */
static unsigned kind_of_write(int flags, const struct stat *before) {
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return ZC_E_CREATE;
    if (flags & O_TRUNC)
        return ZC_E_TRUNCATE;
    if ((flags & O_APPEND) && (flags & O_ACCMODE) == O_WRONLY)
        return ZC_E_APPEND; /* also to nothing: with something there the result would be another */
    return before ? ZC_E_UPDATE : ZC_E_CREATE;
}

static void note_opened_for_reading(int fd, int dirfd, const char *path) {
    struct stat st;
    if (zc_ask_kernel(SYS_fstat, fd, &st, 0) != 0)
        memset(&st, 0, sizeof st);
    if (S_ISDIR(st.st_mode))
        note_path(ZC_E_PROBE, 0, dirfd, path);
    else
        note_signed(ZC_E_OPEN_READ, dirfd, path, &st);
}

/* --- what a compiler sees of what it has opened ------------------------------------------------------------------- */

/*
 * gcc's compilers look at each file that they have opened before they read it (libcpp's open_file): what they see then is
 * the signature, and nobody need look twice. Where another call comes first the file goes without one, and counts as read
 * only if it has not changed since before the run began.
 */
static struct {
    int fd;
    struct ids ids;
} unseen;

/* The last two that were told, as they were: gcc reads a file once more to compare it with the next one (#pragma once). */
static struct told {
    struct ids ids;
    uint32_t epoch;
    struct stat st;
} told[2];

static void forget_told(void) { memset(told, 0, sizeof told); }

static bool is_told(const struct told *t, const struct stat *st) {
    const struct stat *then = &t->st;
    return t->ids.name == unseen.ids.name && t->ids.folder == unseen.ids.folder && t->epoch == epoch() &&
           then->st_ino == st->st_ino && then->st_dev == st->st_dev && then->st_size == st->st_size &&
           then->st_mode == st->st_mode && then->st_mtim.tv_sec == st->st_mtim.tv_sec &&
           then->st_mtim.tv_nsec == st->st_mtim.tv_nsec && then->st_ctim.tv_sec == st->st_ctim.tv_sec &&
           then->st_ctim.tv_nsec == st->st_ctim.tv_nsec;
}

static void see(const struct stat *st) {
    unsigned kind = st && S_ISDIR(st->st_mode) ? ZC_E_PROBE : ZC_E_OPEN_READ;
    has_unseen = false;
    if (st && (is_told(&told[0], st) || is_told(&told[1], st)))
        return;
    if (!first_time(kind, 0, unseen.ids, kind == ZC_E_PROBE ? NULL : st))
        return;
    if (kind == ZC_E_PROBE)
        put_path(kind, 0, unseen.ids);
    else
        put_signed(kind, unseen.ids, st);
    if (!st)
        return;
    told[1] = told[0];
    told[0] = (struct told){unseen.ids, epoch(), *st};
}
static void tell_unseen(void) { see(NULL); }

static void note_opened_unseen(int fd, const char *path) {
    if (!zc_record || !enter())
        return;
    if (path_ids(AT_FDCWD, path, &unseen.ids)) {
        unseen.fd = fd;
        has_unseen = true;
        zc_stop_growing(); /* so that whoever asks next enters first, which tells of it */
        remember_opened(unseen.ids, path);
    }
    leave();
}

static int seen_by_tool(int fd, const void *st, int result) {
    if (has_unseen && fd == unseen.fd && result == 0 && enter_alone()) {
        see(st);
        leave();
    }
    return result;
}
#define FSTAT(name, type)                                                                                              \
    HOOK int name(int fd, struct type *st) {                                                                           \
        REAL(int (*)(int, struct type *), #name)                                                                       \
        return seen_by_tool(fd, st, real(fd, st));                                                                     \
    }
#define FXSTAT(name, type)                                                                                             \
    int name(int, int, struct type *);                                                                                 \
    HOOK int name(int version, int fd, struct type *st) {                                                              \
        REAL(int (*)(int, int, struct type *), #name)                                                                  \
        return seen_by_tool(fd, st, real(version, fd, st));                                                            \
    }
FSTAT(fstat, stat)
FSTAT(fstat64, stat64)
FXSTAT(__fxstat, stat)
FXSTAT(__fxstat64, stat64)

static void note_open(int fd, int dirfd, const char *path, int flags, const struct stat *before) {
    int kept = errno;
    if (!zc_record || !path || (fd < 0 && kept == EFAULT))
        return;
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
    else
        note_written(kind_of_write(flags, before), dirfd, path, before);
    errno = kept;
}

/* --- opening for reading, by libc's own way ----------------------------------------------------------------------- */

/* Not 0 while libc's own open is the next, and would do no more than ask the kernel: as `alone`. */
static const char *asks_kernel = &never;

/* The functions that come next under our names for them. */
struct next_ones {
    uintptr_t open, clock;
    bool opens_by_libc, clock_is_libcs;
};
static int look_at_next_ones(struct dl_phdr_info *library, size_t size, void *to) {
    (void)size;
    struct next_ones *next = to;
    if (!is_in(library, (uintptr_t)gnu_get_libc_version))
        return 0;
    next->opens_by_libc = is_in(library, next->open);
    next->clock_is_libcs = is_in(library, next->clock);
    return 1;
}

/* Looks once whether another library, preloaded or linked, stands between us and libc. There both names are one function. */
static void learn_open(void) {
    static bool known;
    struct next_ones next = {0};
    if (known || !zc_record || alone == &never || me.loader_unsafe)
        return;
    known = true;
    next.open = (uintptr_t)dlsym(RTLD_NEXT, "open");
    next.clock = (uintptr_t)dlsym(RTLD_NEXT, "clock_gettime");
    dl_iterate_phdr(look_at_next_ones, &next);
    if (!next.opens_by_libc || next.open != (uintptr_t)dlsym(RTLD_NEXT, "open64"))
        return;
    asks_kernel = alone;
    if (next.clock_is_libcs && me.searches && zc_word(ZC_H_LISTS)) /* a clock that somebody has set says nothing */
        memcpy(&sieve_clock, &next.clock, sizeof sieve_clock);
}

/* A search that goes on is noted right here, if its event only has to grow. */
HOT bool goes_on_right_here(void) { return zc_growing.name == recent.name.id && zc_has_room(); }
HOT void search_on_here(struct place *next) {
    recent.place = next;
    zc_put_word(next->known.id);
}

static __attribute__((noinline)) int note_answered(int fd, const char *path, int flags) {
    if (fd < 0) {
        errno = -fd;
        note_failure(AT_FDCWD, path);
        return -1;
    }
    if (flags & O_PATH)
        note_open(fd, AT_FDCWD, path, flags, NULL);
    else if (me.looks_itself)
        KEEP_ERRNO(note_opened_unseen(fd, path));
    else
        KEEP_ERRNO(note_opened_for_reading(fd, AT_FDCWD, path));
    return fd;
}

/*
 * What libc's open does in a process of one thread; the mode means nothing where nothing is made. `searches`: it may be that
 * a search goes on.
 */
static __attribute__((noinline)) int open_by_kernel(const char *path, int flags, bool searches) {
    int fd = (int)zc_ask_kernel(SYS_openat, AT_FDCWD, path, flags);
    if (fd == -ENOENT && !searches && *path) {
        note_absent(AT_FDCWD, path, false);
        errno = ENOENT;
        return -1;
    }
    if (fd != -ENOENT || !enter_alone())
        return note_answered(fd, path, flags);
    struct place *next = next_in_search(AT_FDCWD, path);
    if (!next || !goes_on_right_here()) {
        leave();
        return note_answered(fd, path, flags);
    }
    search_on_here(next);
    count_absence(&next->sieve, path, next->spelled);
    leave();
    *(int *)(this_thread() + errno_at) = ENOENT;
    return -1;
}

/* The same where the next folder has a sieve that was not looked at for this name yet, or where another search begins. */
static __attribute__((noinline)) int open_after_look(const char *path, int flags) {
    if (!enter_alone())
        return open_by_kernel(path, flags, false);
    struct place *next = next_in_search(AT_FDCWD, path);
    bool is_absent = next && goes_on_right_here() && counts(&next->sieve, &recent.name, path, next->spelled) && !passes(&next->sieve);
    if (is_absent)
        search_on_here(next);
    leave();
    if (!is_absent)
        return open_by_kernel(path, flags, next != NULL);
    errno = ENOENT;
    return -1;
}

/* The same once it was looked at. Twenty times for each header: as few instructions as may be. */
HOT int open_to_read(const char *path, int flags) {
    struct place *next = recent.place->next;
    if (!next->sieve.words || !enter_alone())
        return open_by_kernel(path, flags, true);
    if (!is_sought(&recent.name) || next->sieve.until < sought.at || !goes_on_right_here() || !is_next(next, path)) {
        leave();
        return open_after_look(path, flags);
    }
    if (passes(&next->sieve)) {
        leave();
        return open_by_kernel(path, flags, true);
    }
    search_on_here(next);
    *(int *)(lock_holder + errno_at) = ENOENT; /* this thread's */
    leave();
    return -1;
}

/* --- the hooks ---------------------------------------------------------------------------------------------------- */

/*
 * The hooks are defined with the mode as a third parameter, under names of their own: a caller without one leaves what was in
 * the register, which nobody looks at then, and nothing has to be saved for a list of arguments.
 */
typedef int (*open_fn)(const char *, int, ...);
typedef int (*openat_fn)(int, const char *, int, ...);

static __attribute__((noinline)) int open_to_write(open_fn real, const char *path, int flags, mode_t mode) {
    struct stat st;
    const struct stat *before = look_before(AT_FDCWD, path, &st);
    int fd = real(path, flags, mode);
    note_open(fd, AT_FDCWD, path, flags, before);
    return fd;
}
static __attribute__((noinline)) int openat_to_write(openat_fn real, int dirfd, const char *path, int flags, mode_t mode) {
    struct stat st;
    const struct stat *before = look_before(dirfd, path, &st);
    int fd = real(dirfd, path, flags, mode);
    note_open(fd, dirfd, path, flags, before);
    return fd;
}

#define OPEN(name)                                                                                                     \
    static __attribute__((noinline)) int any_##name(const char *path, int flags, mode_t mode) {                        \
        REAL(open_fn, #name)                                                                                           \
        if (writes(flags))                                                                                             \
            return open_to_write(real, path, flags, mode);                                                             \
        learn_open();                                                                                                  \
        int fd = real(path, flags, mode);                                                                              \
        note_open(fd, AT_FDCWD, path, flags, NULL);                                                                    \
        return fd;                                                                                                     \
    }                                                                                                                  \
    HOOK int hook_##name(const char *path, int flags, mode_t mode) __asm__(#name);                                     \
    HOOK int hook_##name(const char *path, int flags, mode_t mode) {                                                   \
        return *asks_kernel && !writes(flags) ? open_to_read(path, flags) : any_##name(path, flags, mode);             \
    }
#define OPENAT(name)                                                                                                   \
    HOOK int hook_##name(int dirfd, const char *path, int flags, mode_t mode) __asm__(#name);                          \
    HOOK int hook_##name(int dirfd, const char *path, int flags, mode_t mode) {                                        \
        REAL(openat_fn, #name)                                                                                         \
        if (writes(flags))                                                                                             \
            return openat_to_write(real, dirfd, path, flags, mode);                                                    \
        int fd = real(dirfd, path, flags, mode);                                                                       \
        note_open(fd, dirfd, path, flags, NULL);                                                                       \
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
CREAT(creat)
CREAT(creat64)

/* Flags of open that a mode of fopen stands for. */
static int stream_flags(const char *mode) {
    int flags = *mode == 'r' ? O_RDONLY : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY | O_CREAT | O_APPEND;
    for (; *mode && *mode != ','; mode++) /* behind a comma: the character set */
        flags = *mode == '+' ? (flags & ~O_ACCMODE) | O_RDWR : *mode == 'x' ? flags | O_EXCL : flags;
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
            KEEP_ERRNO(note_written(ZC_E_CREATE, AT_FDCWD, template, NULL));                                           \
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
        KEEP_ERRNO(note_change(ZC_E_MKDIR, AT_FDCWD, made));
    return made;
}

#endif
