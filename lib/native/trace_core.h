/*
 * The tracer's core: who we are, one lock, ids for strings, questions asked once, events written.
 *
 * Hooks run in the middle of anybody's code. So: errno is kept, no memory comes from malloc, no descriptor is kept, and
 * the lock is never held across a call that starts a program. A question in a signal handler inside a question cannot wait
 * for the lock that its own thread holds: it raises a doubt instead.
 */
#ifndef ZC_TRACE_CORE_H
#define ZC_TRACE_CORE_H

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* `syscall` is hooked, so our own calls go to the kernel directly. */
static long zc_raw(long number, ...) {
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    long result;
    register long r10 __asm__("r10") = a[3];
    register long r8 __asm__("r8") = a[4];
    register long r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}
#define syscall zc_raw
#include "elf_gate.h"

static struct {
    uint32_t image;
    pid_t pid;
    bool cwd_lost; /* a vfork child moved: ask the kernel each time */
    size_t cwd_length;
    char cwd[PATH_MAX];
    char library[PATH_MAX];      /* our own path, as in LD_PRELOAD */
    char record_entry[PATH_MAX]; /* "ZCCACHE_TRACE_RECORD=..." */
} me;

static volatile int lock_word;
static volatile pid_t lock_owner;

static bool enter(void) {
    pid_t tid = (pid_t)zc_raw(SYS_gettid);
    while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE)) {
        if (lock_owner == tid) {
            zc_doubt(ZC_DOUBT_REENTERED);
            return false;
        }
        zc_raw(SYS_sched_yield);
    }
    lock_owner = tid;
    return true;
}

static void leave(void) {
    lock_owner = 0;
    __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
}

/* Strings that have an id. The text stands in the record itself, so that equal means equal bytes. */
struct known {
    const char *text;
    uint32_t length, id;
};
static struct known first_known[1024], *knowns = first_known;
static uint32_t known_room = 1024, known_count, last_id;

/* Questions asked already: kind, ids and epoch in 64 bits; 0 is free. */
static uint64_t first_asked[2048], *askeds = first_asked;
static uint32_t asked_room = 2048, asked_count;

static uint64_t hash_text(const char *text, size_t length, uint64_t seed) {
    uint64_t h = seed ^ 0x9e3779b97f4a7c15u;
    for (; length >= 8; text += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    uint64_t word = length;
    memcpy(&word, text, length); /* little-endian: the low bytes; the length is mixed in by the caller's seed */
    h = (h ^ word) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 29;
}

static void *fresh_pages(size_t bytes) {
    void *pages = (void *)zc_raw(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
    return pages == MAP_FAILED ? NULL : pages;
}

static bool grow_known(void) {
    uint32_t room = known_room * 4;
    struct known *table = fresh_pages(room * sizeof *table);
    if (!table)
        return false;
    for (uint32_t i = 0; i < known_room; i++) {
        if (!knowns[i].text)
            continue;
        uint64_t at = hash_text(knowns[i].text, knowns[i].length, knowns[i].length) & (room - 1);
        while (table[at].text)
            at = (at + 1) & (room - 1);
        table[at] = knowns[i];
    }
    if (knowns != first_known)
        zc_raw(SYS_munmap, knowns, known_room * sizeof *knowns);
    knowns = table;
    known_room = room;
    return true;
}

/* The id of a string, defined at first use; 0: the record is full. Folders and names share one series of ids. */
static uint32_t id_of(const char *text, size_t length, unsigned kind) {
    if (length == 0)
        return 0; /* the root folder, or the empty name */
    if (known_count * 2 > known_room && !grow_known())
        return UINT32_MAX;
    uint64_t at = hash_text(text, length, length) & (known_room - 1);
    for (; knowns[at].text; at = (at + 1) & (known_room - 1)) {
        struct known *k = &knowns[at];
        if (k->length == length && (k->id & 1) == (kind == ZC_E_DEFINE_NAME) && memcmp(k->text, text, length) == 0)
            return k->id;
    }
    uint32_t id = (++last_id) * 2 + (kind == ZC_E_DEFINE_NAME);
    const char *kept = zc_define(kind, me.image, id, text, length);
    if (!kept)
        return UINT32_MAX;
    knowns[at] = (struct known){kept, (uint32_t)length, id};
    known_count++;
    return id;
}

static uint32_t epoch(void) { return zc_word(ZC_H_EPOCH); }
static void raise_epoch(void) { __atomic_fetch_add(&zc_record[ZC_H_EPOCH], 1, __ATOMIC_RELAXED); }

/* Whether this question was not asked yet since the last change of the file system by anybody of the run. */
static bool first_time(unsigned kind, uint32_t folder, uint32_t name) {
    if (folder >= 1u << 20 || name >= 1u << 22)
        return true;
    uint64_t key = (uint64_t)kind << 58 | (uint64_t)folder << 38 | (uint64_t)name << 16 | (epoch() & 0xffff);
    if (asked_count * 2 > asked_room) {
        uint32_t room = asked_room * 4;
        uint64_t *table = fresh_pages(room * sizeof *table);
        if (!table)
            return true;
        for (uint32_t i = 0; i < asked_room; i++) {
            if (!askeds[i])
                continue;
            uint64_t at = (askeds[i] * 0x9e3779b97f4a7c15u >> 32) & (room - 1);
            while (table[at])
                at = (at + 1) & (room - 1);
            table[at] = askeds[i];
        }
        if (askeds != first_asked)
            zc_raw(SYS_munmap, askeds, asked_room * sizeof *askeds);
        askeds = table;
        asked_room = room;
    }
    uint64_t at = (key * 0x9e3779b97f4a7c15u >> 32) & (asked_room - 1);
    for (; askeds[at]; at = (at + 1) & (asked_room - 1))
        if (askeds[at] == key)
            return false;
    askeds[at] = key;
    asked_count++;
    return true;
}

static void forget_all(void) {
    if (knowns != first_known)
        zc_raw(SYS_munmap, knowns, known_room * sizeof *knowns);
    if (askeds != first_asked)
        zc_raw(SYS_munmap, askeds, asked_room * sizeof *askeds);
    memset(first_known, 0, sizeof first_known);
    memset(first_asked, 0, sizeof first_asked);
    knowns = first_known, known_room = 1024, known_count = 0, last_id = 0;
    askeds = first_asked, asked_room = 2048, asked_count = 0;
}

static void learn_cwd(void) {
    long got = zc_raw(SYS_getcwd, me.cwd, sizeof me.cwd);
    me.cwd_length = got > 1 && me.cwd[0] == '/' ? (size_t)got - 1 : 0;
}

/* Text of the link /proc/self/fd/N: the path of an open folder. 0: none. */
static size_t descriptor_path(int fd, char *to) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long got = zc_raw(SYS_readlink, link, to, (size_t)PATH_MAX - 1);
    return got > 0 && to[0] == '/' ? (size_t)got : 0;
}

/* Makes a path absolute by putting its folder in front; nothing is shortened. 0: it could not be done. */
static size_t absolute(int dirfd, const char *path, char *to) {
    size_t length = strlen(path), base;
    if (length >= PATH_MAX)
        return 0;
    if (*path == '/') {
        memcpy(to, path, length + 1);
        return length;
    }
    if (dirfd == AT_FDCWD) {
        if (me.cwd_lost)
            learn_cwd();
        base = me.cwd_length;
        memcpy(to, me.cwd, base);
    } else {
        base = descriptor_path(dirfd, to);
    }
    if (base == 0 || base + length + 2 > PATH_MAX) {
        zc_doubt(ZC_DOUBT_LOST_PATH);
        return 0;
    }
    if (length) {
        if (to[base - 1] != '/')
            to[base++] = '/';
        memcpy(to + base, path, length);
    }
    to[base + length] = 0;
    return base + length;
}

struct ids {
    uint32_t folder, name;
};

static bool path_ids(int dirfd, const char *path, struct ids *ids) {
    char full[PATH_MAX];
    size_t length = absolute(dirfd, path, full);
    if (!length)
        return false;
    const char *name;
    size_t folder = zc_split(full, length, &name);
    ids->folder = id_of(full, folder, ZC_E_DEFINE_FOLDER);
    ids->name = id_of(name, length - (size_t)(name - full), ZC_E_DEFINE_NAME);
    return ids->folder != UINT32_MAX && ids->name != UINT32_MAX;
}

#define KEEP_ERRNO(...)       \
    do {                      \
        int kept_ = errno;    \
        __VA_ARGS__;          \
        errno = kept_;        \
    } while (0)

/* An event of a path alone; asked once. */
static void note_path(unsigned kind, int answer, int dirfd, const char *path) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids) && first_time(kind, ids.folder, ids.name)) {
        uint32_t *to = zc_event(kind, (unsigned)answer, me.image, 4);
        if (to)
            to[0] = ids.folder, to[1] = ids.name;
    }
    leave();
}

/* An event of a path with a signature; asked once. */
static void note_signed(unsigned kind, int dirfd, const char *path, const struct stat *st) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids) && first_time(kind, ids.folder, ids.name)) {
        uint32_t *to = zc_event(kind, 0, me.image, 4 + ZC_SIGNATURE_WORDS);
        if (to) {
            to[0] = ids.folder, to[1] = ids.name;
            zc_put_signature(to + 2, st);
        }
    }
    leave();
}

/* A change of the file system: never dropped, and everybody asks anew. */
static void note_change(unsigned kind, int answer, int dirfd, const char *path, bool with_before, const struct stat *before) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids)) {
        uint32_t *to = zc_event(kind, (unsigned)answer, me.image, 4u + (with_before ? ZC_SIGNATURE_WORDS : 0u));
        if (to) {
            to[0] = ids.folder, to[1] = ids.name;
            if (with_before)
                zc_put_signature(to + 2, before);
        }
    }
    raise_epoch();
    leave();
}

/* An event of a path and a text: readlink, realpath, symlink. */
static void note_text(unsigned kind, int dirfd, const char *path, const char *text, size_t length) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids) && (kind == ZC_E_SYMLINK || first_time(kind, ids.folder, ids.name))) {
        uint32_t *to = zc_event(kind, 0, me.image, 4 + zc_text_words(length));
        if (to) {
            to[0] = ids.folder, to[1] = ids.name;
            zc_put_text(to + 2, text, length);
        }
    }
    if (kind == ZC_E_SYMLINK)
        raise_epoch();
    leave();
}

/* Two paths: rename (with the target's state before) and link. */
static void note_two(unsigned kind, int from_fd, const char *from, int to_fd, const char *to, const struct stat *before) {
    if (!zc_record || !from || !to || !enter())
        return;
    struct ids a, b;
    if (path_ids(from_fd, from, &a) && path_ids(to_fd, to, &b)) {
        uint32_t *event = zc_event(kind, 0, me.image, 6u + (kind == ZC_E_RENAME ? ZC_SIGNATURE_WORDS : 0u));
        if (event) {
            event[0] = a.folder, event[1] = a.name, event[2] = b.folder, event[3] = b.name;
            if (kind == ZC_E_RENAME)
                zc_put_signature(event + 4, before);
        }
    }
    raise_epoch();
    leave();
}

/* A fact without a path, noted once for each image. */
static void note_fact(unsigned kind, unsigned answer) {
    if (!zc_record || !enter())
        return;
    if (first_time(kind, answer, 0))
        zc_event(kind, answer, me.image, 2);
    leave();
}

static void note_variable(const char *name) {
    if (!zc_record || !name || !enter())
        return;
    uint32_t id = id_of(name, strlen(name), ZC_E_DEFINE_NAME);
    if (id != UINT32_MAX && id != 0 && first_time(ZC_E_ENVIRONMENT, 0, id)) {
        uint32_t *to = zc_event(ZC_E_ENVIRONMENT, 0, me.image, 3);
        if (to)
            to[0] = id;
    }
    leave();
}

/* Something the model has no place for: the run will not be stored, and this text says why. */
static void note_odd(const char *what) {
    if (!zc_record || !enter())
        return;
    size_t length = strlen(what);
    uint32_t *to = zc_event(ZC_E_ODD, 0, me.image, 2 + zc_text_words(length));
    if (to)
        zc_put_text(to, what, length);
    leave();
}

static void note_pid(unsigned kind, pid_t pid) {
    if (!zc_record || !enter())
        return;
    uint32_t *to = zc_event(kind, 0, me.image, 3);
    if (to)
        to[0] = (uint32_t)pid;
    leave();
}

/* exec, exec_failed, ungated: a pid and a path. */
static void note_program(unsigned kind, int answer, pid_t pid, const char *path) {
    if (!zc_record || !enter())
        return;
    struct ids ids;
    if (path_ids(AT_FDCWD, path, &ids)) {
        uint32_t *to = zc_event(kind, (unsigned)answer, me.image, 5);
        if (to)
            to[0] = (uint32_t)pid, to[1] = ids.folder, to[2] = ids.name;
    }
    leave();
}

#endif
