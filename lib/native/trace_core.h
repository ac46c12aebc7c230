/*
 * The tracer's core: who we are, one lock, ids for strings, questions asked once.
 *
 * Hooks run in the middle of anybody's code. So: no memory comes from malloc, no descriptor is kept, and the lock is
 * never held across a call that starts a program. A question in a signal handler inside a question cannot wait for the
 * lock that its own thread holds: it raises a doubt instead. Nobody waits for ever either: a holder may have been killed.
 */
#ifndef ZC_TRACE_CORE_H
#define ZC_TRACE_CORE_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* `syscall` is hooked, so our own calls go to the kernel directly. */
static long zc_kernel(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}
/* A call of three arguments, whose result is what the kernel says: below 0 an errno, and errno itself stays as it is. */
static inline long zc_ask_kernel(long number, long a, const void *b, long c) {
    long result;
    register long r10 __asm__("r10") = 0;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}
/* A call with as many arguments as it has; the rest are zero. */
#define ZC_KERNEL(number, a, b, c, d, e, f, ...)                                                                       \
    zc_kernel(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define zc_raw(...) ZC_KERNEL(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define syscall zc_raw
#include "elf_gate.h"

static struct {
    uint32_t image;
    pid_t pid;
    bool cwd_lost;        /* a vfork child moved: ask the kernel each time */
    bool loader_unsafe;   /* forked from threads: the loader's lock may be held by one that is gone */
    bool looks_itself;    /* a compiler that looks at each file it has opened before it reads that */
    bool searches;        /* a compiler that looks for headers in one folder after another */
    size_t cwd_length;
    char cwd[PATH_MAX];
    char library[PATH_MAX];      /* our own path, as in LD_PRELOAD */
    char record_entry[PATH_MAX]; /* "ZCCACHE_TRACE_RECORD=..." */
} me;

/*
 * Who holds the lock: 0, or a thread by its thread pointer, which costs no system call. One word, so that no signal comes
 * between taking it and saying who did. A child by vfork has the pointer of the thread that stands still for it: where it
 * was killed under the lock, that thread raises a doubt.
 */
static uintptr_t lock_holder;

static uintptr_t this_thread(void) {
    uintptr_t own;
    __asm__("mov %%fs:0, %0" : "=r"(own));
    return own;
}

/* The other threads wait for such a child: so many yields are some tenths of a second at least. */
#define MOST_WAITS (1u << 20)

static __attribute__((noinline)) bool enter_among_threads(void) {
    uintptr_t own = this_thread(), holder = 0;
    for (unsigned waits = 0; !__atomic_compare_exchange_n(&lock_holder, &holder, own, false, __ATOMIC_ACQUIRE,
                                                          __ATOMIC_RELAXED);
         holder = 0) {
        if (holder == own || ++waits > MOST_WAITS) {
            zc_doubt(ZC_DOUBT_REENTERED);
            return false;
        }
        zc_raw(SYS_sched_yield);
    }
    return true;
}

/*
 * Not 0 while this process has one thread, as libc itself knows (since 2.32). Then nobody comes between two instructions but
 * a signal handler, which leaves the lock as it found it.
 */
static const char never, *alone = &never;

/* Where a thread's errno lies behind its pointer: the same for all, since libc is there from the start. */
static uintptr_t errno_at;

static void learn_alone(void) {
    const char *found = dlsym(RTLD_DEFAULT, "__libc_single_threaded");
    errno_at = (uintptr_t)&errno - this_thread();
    if (found)
        alone = found;
}

/* The same as `enter` where that is known. */
static inline bool enter_alone(void) {
    if (lock_holder)
        return false;
    __atomic_store_n(&lock_holder, this_thread(), __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

static void tell_unseen(void);

/* A file was opened by a compiler that looks at it itself, which it has not done yet (trace_open.h). */
static bool has_unseen;

static inline bool enter(void) {
    bool entered = (*alone && enter_alone()) || enter_among_threads();
    if (entered && has_unseen)
        tell_unseen();
    return entered;
}

static inline void leave(void) { __atomic_store_n(&lock_holder, 0, __ATOMIC_RELEASE); }

/* Strings that have an id. The text stands in the record itself, so that equal means equal bytes. */
struct known {
    const char *text;
    uint32_t id;
    uint16_t length;
    uint16_t place; /* of a folder: its index in `places` and one; 0: it has none */
};

/* Questions asked already, with what was answered and when; `what` 0 is free. */
struct asked {
    uint64_t what; /* kind, answer, ids */
    uint64_t when; /* epoch, and a digest of the state that was seen */
};

/* The tables as they are at first: whole pages, that come all at once (make_tables_ready). */
#define FIRST_ROOM 1024u
static struct {
    struct known known[FIRST_ROOM];
    struct asked asked[FIRST_ROOM];
} first __attribute__((aligned(ZC_PAGE)));
static struct known *knowns = first.known;
static struct asked *askeds = first.asked;
static uint32_t known_room = FIRST_ROOM, known_count, last_id, asked_room = FIRST_ROOM, asked_count;

/* Keys of a hash lie anywhere, so that each page would come by itself, and twice: to be looked at, and to be written. */
static void make_tables_ready(void) { zc_raw(SYS_madvise, &first, sizeof first, MADV_POPULATE_WRITE); }

/* Up to 7 bytes and how many they are, in one word. */
static inline uint64_t rest_of_text(const char *text, size_t length) {
    uint32_t first = 0, last = 0;
    if (length >= 4) { /* two words that overlap */
        memcpy(&first, text, 4);
        memcpy(&last, text + length - 4, 4);
    } else if (length > 0) {
        const unsigned char *byte = (const unsigned char *)text;
        first = (uint32_t)byte[0] | (uint32_t)byte[length / 2] << 8 | (uint32_t)byte[length - 1] << 16;
    }
    return ((uint64_t)last << 32 | first) + ((uint64_t)length << 56);
}

static uint64_t hash_text(const char *text, size_t length, uint64_t seed) {
    uint64_t h = seed ^ 0x9e3779b97f4a7c15u;
    for (; length >= 8; text += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    uint64_t word = rest_of_text(text, length);
    h = (h ^ word) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 29;
}

static void *fresh_pages(size_t bytes) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE; /* keys of a hash: every page will be written */
    void *pages = (void *)zc_raw(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
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
    if (knowns != first.known)
        zc_raw(SYS_munmap, knowns, known_room * sizeof *knowns);
    knowns = table;
    known_room = room;
    return true;
}

static bool is_known(const struct known *k, const char *text, size_t length) {
    return k->length == length && memcmp(k->text, text, length) == 0;
}

/* A string with its id, defined at first use; null: the record is full. One series of ids for all kinds. */
static struct known *find_or_define(const char *text, size_t length, unsigned kind) {
    if (known_count * 2 > known_room && !grow_known())
        return NULL;
    uint64_t at = hash_text(text, length, length) & (known_room - 1);
    for (; knowns[at].text; at = (at + 1) & (known_room - 1))
        if ((knowns[at].id & 1) == (kind == ZC_E_DEFINE_NAME) && is_known(&knowns[at], text, length))
            return &knowns[at];
    uint32_t id = (++last_id) * 2 + (kind == ZC_E_DEFINE_NAME);
    const char *kept = zc_define(kind, me.image, id, text, length);
    if (!kept)
        return NULL;
    known_count++;
    knowns[at] = (struct known){kept, id, (uint16_t)length, 0};
    return &knowns[at];
}

static uint32_t epoch(void) { return zc_word(ZC_H_EPOCH); }
static void raise_epoch(void) { __atomic_fetch_add(&zc_record[ZC_H_EPOCH], 1, __ATOMIC_RELAXED); }

static inline uint64_t mixed(uint64_t h, uint64_t part) {
    h = (h ^ part) * 0xff51afd7ed558ccdu;
    return h ^ h >> 32;
}

static uint32_t digest_of_state(const struct stat *st) {
    if (!st)
        return 0;
    uint64_t h = mixed(0, (uint64_t)st->st_ino ^ (uint64_t)st->st_dev << 40);
    h = mixed(h, (uint64_t)st->st_size ^ (uint64_t)st->st_mode << 44);
    h = mixed(h, (uint64_t)st->st_mtim.tv_sec << 32 ^ (uint64_t)st->st_mtim.tv_nsec);
    return (uint32_t)mixed(h, (uint64_t)st->st_ctim.tv_sec << 32 ^ (uint64_t)st->st_ctim.tv_nsec);
}

static uint64_t place_of(const struct asked *a) {
    return ((a->what ^ a->when * 0xff51afd7ed558ccdu) * 0x9e3779b97f4a7c15u) >> 32;
}

static bool grow_asked(void) {
    uint32_t room = asked_room * 4;
    struct asked *table = fresh_pages(room * sizeof *table);
    if (!table)
        return false;
    for (uint32_t i = 0; i < asked_room; i++) {
        if (!askeds[i].what)
            continue;
        uint64_t at = place_of(&askeds[i]) & (room - 1);
        while (table[at].what)
            at = (at + 1) & (room - 1);
        table[at] = askeds[i];
    }
    if (askeds != first.asked)
        zc_raw(SYS_munmap, askeds, asked_room * sizeof *askeds);
    askeds = table;
    asked_room = room;
    return true;
}

struct ids {
    uint32_t folder, name;
};

/*
 * Whether this question was not yet asked and answered so since the last change of the file system by anybody of the
 * run. The answer belongs to it: a change by a stranger raises no epoch.
 */
static bool first_time(unsigned kind, unsigned answer, struct ids ids, const struct stat *st) {
    if (ids.folder >> 21 || ids.name >> 21)
        return true;
    struct asked question = {
        (uint64_t)kind << 50 | (uint64_t)(answer & 0xff) << 42 | (uint64_t)ids.folder << 21 | ids.name,
        (uint64_t)epoch() << 32 | digest_of_state(st),
    };
    if (asked_count * 2 > asked_room && !grow_asked())
        return true;
    uint64_t at = place_of(&question) & (asked_room - 1);
    for (; askeds[at].what; at = (at + 1) & (asked_room - 1))
        if (askeds[at].what == question.what && askeds[at].when == question.when)
            return false;
    askeds[at] = question;
    asked_count++;
    return true;
}

#endif
