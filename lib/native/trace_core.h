/*
 * The tracer's core: who we are, one lock, ids for strings, questions asked once, paths made absolute.
 *
 * Hooks run in the middle of anybody's code. So: no memory comes from malloc, no descriptor is kept, and the lock is
 * never held across a call that starts a program. A question in a signal handler inside a question cannot wait for the
 * lock that its own thread holds: it raises a doubt instead. Nobody waits for ever either: a holder may have been killed.
 */
#ifndef ZC_TRACE_CORE_H
#define ZC_TRACE_CORE_H

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
/* The same with as many arguments as the call has; the rest are zero. */
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

static bool enter(void) {
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

static void leave(void) { __atomic_store_n(&lock_holder, 0, __ATOMIC_RELEASE); }

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

/*
 * Folders that were searched. A compiler looks for one name in folder after folder, in the same order each time: so each
 * knows which one followed it when the same name was asked. `spelling`: the end of the folder's text that the tool itself
 * gave, `spelled` bytes; 0: none that could be found again. More folders than there are places go the longer way.
 */
#define MOST_PLACES 512u
static struct place {
    struct known known;
    const char *spelling;
    size_t spelled;
    struct place *next;
} places[MOST_PLACES], elsewhere;
static uint32_t place_count;

/* The last question: its name, and its folder's place. */
static struct {
    struct known name;
    struct place *place;
} recent;

static void forget_places(void) {
    memset(places, 0, place_count * sizeof *places);
    memset(&elsewhere, 0, sizeof elsewhere);
    memset(&recent, 0, sizeof recent);
    place_count = 0;
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

/* The id of a name; 0: the empty one; UINT32_MAX: the record is full. */
static uint32_t id_of_name(const char *text, size_t length) {
    if (length == 0)
        return 0;
    if (!is_known(&recent.name, text, length)) {
        const struct known *found = find_or_define(text, length, ZC_E_DEFINE_NAME);
        if (!found)
            return UINT32_MAX;
        recent.name = *found;
    }
    return recent.name.id;
}

/* The place of a folder, given at first use; null: the record is full. */
static struct place *place_of_folder(const char *text, size_t length) {
    struct known *found = find_or_define(text, length, ZC_E_DEFINE_FOLDER);
    if (!found)
        return NULL;
    if (found->place)
        return &places[found->place - 1];
    struct place *place = place_count < MOST_PLACES ? &places[place_count++] : &elsewhere;
    if (place != &elsewhere)
        found->place = (uint16_t)place_count;
    place->known = *found;
    return place;
}

/* The id of a folder, as of a name. `same_name`: the last question was for the same name, in the folder before this one. */
static uint32_t id_of_folder(const char *text, size_t length, size_t spelled, bool same_name) {
    if (length == 0)
        return 0; /* the root folder */
    struct place *before = recent.place, *here = before ? before->next : NULL;
    if (!here || !is_known(&here->known, text, length))
        here = before && is_known(&before->known, text, length) ? before : place_of_folder(text, length);
    if (!here)
        return UINT32_MAX;
    here->spelling = here->known.text + length - spelled;
    here->spelled = here == &elsewhere ? 0 : spelled;
    if (before && before != here && same_name && here != &elsewhere)
        before->next = here;
    recent.place = here;
    return here->known.id;
}

/* Whether equal texts stand at `a` and `b`; a word at a time, so up to eight bytes behind them are read, but not counted. */
__attribute__((no_sanitize_address)) static inline bool same_text(const char *a, const char *b, size_t length) {
    static const uint64_t low_bytes[8] = {0,          0xff,         0xffff,         0xffffff,
                                          0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff};
    uint64_t one, other;
    for (; length >= 8; a += 8, b += 8, length -= 8) {
        memcpy(&one, a, 8);
        memcpy(&other, b, 8);
        if (one != other)
            return false;
    }
    memcpy(&one, a, 8);
    memcpy(&other, b, 8);
    return ((one ^ other) & low_bytes[length]) == 0; /* little-endian */
}

/* Whether so many bytes at `at` lie in one page, and so can be read whatever they are. */
static inline bool in_one_page(const char *at, size_t length) {
    return ((uintptr_t)at & (ZC_PAGE - 1)) + length <= ZC_PAGE;
}

/*
 * Whether `path` is the last name in the folder that comes next, spelled as then; if so, the search has come there. A file
 * with 1,000 headers in 40 folders asks so 20,000 times: nothing is called here, not even strlen. A path at the end of a
 * page is left to the longer way, and behind the texts in the record there is room (ZC_BEHIND).
 */
__attribute__((no_sanitize_address)) static inline bool searches_on(int dirfd, const char *path) {
    struct place *next = recent.place ? recent.place->next : NULL;
    if (!next || next->spelled == 0 || !recent.name.text || (*path != '/' && (dirfd != AT_FDCWD || me.cwd_lost)))
        return false;
    const char *name = path + next->spelled + 1, *end = name + recent.name.length;
    if (!in_one_page(path, (size_t)(end - path) + 8) || !same_text(path, next->spelling, next->spelled) ||
        name[-1] != '/' || !same_text(name, recent.name.text, recent.name.length) || *end)
        return false;
    recent.place = next;
    return true;
}

static uint32_t epoch(void) { return zc_word(ZC_H_EPOCH); }
static void raise_epoch(void) { __atomic_fetch_add(&zc_record[ZC_H_EPOCH], 1, __ATOMIC_RELAXED); }

static uint32_t digest_of_state(const struct stat *st) {
    if (!st)
        return 0;
    uint32_t words[ZC_SIGNATURE_WORDS];
    zc_put_signature(words, st);
    uint64_t h = hash_text((const char *)words, sizeof words, 0);
    return (uint32_t)(h ^ h >> 32);
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

/* In a forked child: tables that grew stay mapped, since whoever was busy with them here may not be done. */
static void forget_all(void) {
    memset(&first, 0, sizeof first);
    knowns = first.known, known_room = FIRST_ROOM, known_count = 0, last_id = 0;
    askeds = first.asked, asked_room = FIRST_ROOM, asked_count = 0;
    forget_places();
    memset(&zc_growing, 0, sizeof zc_growing);
    memset(&zc_ready, 0, sizeof zc_ready); /* a shared mapping's pages are not there in a child */
}

static void learn_cwd(void) {
    for (uint32_t i = 0; i < place_count; i++)
        places[i].spelled = 0; /* from another folder it leads elsewhere now */
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

/*
 * Makes a path absolute by putting its folder in front; nothing is shortened. 0: it could not be done. One that was spelled
 * from the working folder keeps a mark of that (ZC_RELATIVE_MARK), which leads nowhere else.
 */
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
        if (base + length + sizeof ZC_RELATIVE_MARK > PATH_MAX)
            base = 0;
        memcpy(to, me.cwd, base);
        if (base && length) {
            memcpy(to + base, ZC_RELATIVE_MARK, sizeof ZC_RELATIVE_MARK - 1);
            base += sizeof ZC_RELATIVE_MARK - 1;
        }
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

static bool path_ids(int dirfd, const char *path, struct ids *ids) {
    if (searches_on(dirfd, path)) {
        ids->folder = recent.place->known.id, ids->name = recent.name.id;
        return true;
    }
    char full[PATH_MAX];
    size_t length = absolute(dirfd, path, full);
    if (!length)
        return false;
    const char *name;
    size_t folder = zc_split(full, length, &name), base = length - strlen(path);
    size_t name_length = length - (size_t)(name - full);
    bool again = (*path == '/' || dirfd == AT_FDCWD) && folder > base;
    bool same_name = name_length > 0 && is_known(&recent.name, name, name_length);
    ids->folder = id_of_folder(full, folder, again ? folder - base : 0, same_name);
    ids->name = id_of_name(name, name_length);
    return ids->folder != UINT32_MAX && ids->name != UINT32_MAX;
}

#endif
