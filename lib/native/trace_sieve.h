/*
 * Folders whose names are known, so that the kernel need not be asked for what is in none of them.
 *
 * A compiler looks for each header in one folder after another: with 1,000 headers in 40 folders the kernel says 20,000
 * times that nothing is there, which takes a quarter of the compile. So a folder that has said so often is listed, and of
 * its names a sieve is made: what it holds back is not there. What passes is asked for, as ever.
 *
 * That is the kernel's answer, of a moment ago. A sieve counts for some ms and as long as nobody of the run has changed the
 * file system; then the folder is looked at again. A search for one name is answered as of its begin, if that was within a
 * ms. So a header that a stranger makes while the compiler runs may be found so much later; at a path that a compiler has
 * asked for once, it itself never finds it. Nothing is stored of such a run: the record says "absent", and the decider finds
 * it there.
 *
 * Always true: a folder is listed only where names are just what they are spelled as, and where its times tell of each
 * change.
 */
#ifndef ZC_TRACE_SIEVE_H
#define ZC_TRACE_SIEVE_H

#include "trace_core.h"

#include <dirent.h>
#include <emmintrin.h>
#include <sys/vfs.h>
#include <time.h>
#include <x86intrin.h>

#define HOT __attribute__((always_inline)) static inline

/* Two bits of one word for each name. */
struct sieve {
    uint64_t *words;     /* null: there is no sieve */
    uint32_t last, room; /* the index of the last word, a power of two less one; and how many may lie there */
    uint64_t until;      /* a moment (`moment_of`) up to which it counts; 0: it does not */
    uint32_t asked, list_at; /* how often the kernel said "absent", and how often before the folder is listed */
    uint64_t dev, ino;
    int64_t mtime, ctime; /* ns */
};

/* With the clock's own step at most 50. A compile of 100 ms looks at each folder twice more. */
#define SIEVE_MS 40
/* A folder is listed after so many absences if it has at most so many names for each; if not, after more of them. */
#define FIRST_LISTING 16u
#define NAMES_AN_ABSENCE 16u
#define MOST_NAMES 4096u
/* What changed just now may change again under the same time. */
#define YOUNG_NS 50000000
/* The kernel refuses longer names, on some file systems before others. */
#define LONGEST_SOUGHT 128u
/* Of the processor's clock, which costs least to read: 0.4 to 2 ms. */
#define SEARCH_TICKS (1u << 21)
/* So many ms are 34 years. After 16 million changes of the file system nothing is listed any more. */
#define EPOCH_SHIFT 40
#define MOST_EPOCHS (1u << 24)

/* For all folders, four names a word. A folder for which nothing is left is not listed. */
static uint64_t sieve_words[8192];
static uint32_t sieve_used;

/* libc's own; null: nothing is listed. */
static int (*sieve_clock)(clockid_t, struct timespec *);

/* ZC_BEHIND bytes, of which some may lie behind a text: no sanitizer need know of those. */
HOT __m128i piece_at(const char *text) {
    __m128i piece;
    __asm__("movdqu %1, %0" : "=x"(piece) : "m"(*(const char(*)[ZC_BEHIND])(const void *)text));
    return piece;
}

/* What a path has to begin with: `all` has a bit for each byte, or more than there are where it does not fit. */
struct prefix {
    char text[ZC_BEHIND];
    uint32_t all;
};

/* `text` stands in the record. */
static void set_prefix(struct prefix *s, const char *text, size_t length, char end) {
    s->all = UINT32_MAX;
    if (length >= ZC_BEHIND)
        return;
    _mm_storeu_si128((__m128i *)(void *)s->text, piece_at(text)); /* what is behind it is not looked at */
    s->text[length] = end;
    s->all = (2u << length) - 1;
}

/* The name that is sought, and when that began. */
#define NOTHING UINT32_MAX
static struct {
    struct prefix text; /* with the NUL behind it */
    uint32_t id;
    uint64_t hash, bits, at, ticks;
} sought = {.id = NOTHING};

static void forget_sieves(void) {
    sieve_used = 0;
    sought.id = NOTHING;
}

static uint64_t hash_of_name(const char *name, size_t length) { return hash_text(name, length, 1); }
static uint64_t bits_of(uint64_t hash) { return 1ull << (hash >> 58) | 1ull << (hash >> 52 & 63); }
static int64_t ns_of(const struct timespec *t) { return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec; }

/* Milliseconds of the clock below the run's epoch: with another epoch nothing counts that was made before. */
static uint64_t moment_of(uint32_t epoch) {
    struct timespec now = {0, 0};
    sieve_clock(CLOCK_MONOTONIC_COARSE, &now);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    return (uint64_t)epoch << EPOCH_SHIFT | (ms & ((1ull << EPOCH_SHIFT) - 1));
}
static bool is_of_epoch(uint64_t moment) { return moment >> EPOCH_SHIFT == epoch(); }

/* --- listing ------------------------------------------------------------------------------------------------------ */

/* Where names are bytes, and a folder's times tell of each change. */
static bool is_plain_file_system(int fd) {
    static const long types[] = {0xef53 /* ext4 */, 0x58465342 /* xfs */, 0x9123683e /* btrfs */, 0x01021994 /* tmpfs */,
                                 0x794c7630 /* overlay */};
    struct statfs fs;
    if (zc_ask_kernel(SYS_fstatfs, fd, &fs, 0) != 0)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((long)fs.f_type == types[i])
            return true;
    return false;
}

enum cases { APART, ALIKE, UNTOLD };

/* Whether the name of something in the folder means something else in another case: on those file systems, too, a folder
 * may have been told to take both for one. Where both are there it counts as one, which is rare. */
static enum cases cases_of(int fd, const char *name) {
    char other[NAME_MAX + 1];
    struct stat st;
    size_t length = strlen(name), at = 0;
    while (at < length && ((name[at] | 32) < 'a' || (name[at] | 32) > 'z'))
        at++;
    if (at == length || length > NAME_MAX)
        return UNTOLD;
    memcpy(other, name, length + 1);
    other[at] ^= 32;
    return zc_raw(SYS_newfstatat, fd, other, &st, AT_SYMLINK_NOFOLLOW) ? APART : ALIKE;
}

/* Hashes of all names, "." and ".." among them; -1: they are more than `most`, or not just what they are spelled as. */
static long read_names(int fd, uint64_t *hashes, uint32_t most) {
    static char entries[1 << 15] __attribute__((aligned(8)));
    uint32_t count = 0;
    enum cases cases = UNTOLD;
    for (;;) {
        long got = zc_ask_kernel(SYS_getdents64, fd, entries, sizeof entries);
        if (got < 0)
            return -1;
        if (got == 0)
            return cases == APART || count <= 2 ? (long)count : -1;
        for (char *at = entries; at < entries + got; at += ((struct dirent64 *)(void *)at)->d_reclen) {
            const char *name = ((struct dirent64 *)(void *)at)->d_name;
            if (cases == UNTOLD)
                cases = cases_of(fd, name);
            if (count == most || cases == ALIKE)
                return -1;
            hashes[count++] = hash_of_name(name, strlen(name));
        }
    }
}

static bool fill_sieve(struct sieve *s, const uint64_t *hashes, uint32_t count) {
    uint32_t words = 4;
    while (words * 4 < count)
        words *= 2;
    if (words > s->room) {
        if (sieve_used + words > sizeof sieve_words / sizeof *sieve_words)
            return false;
        s->words = sieve_words + sieve_used;
        s->room = words;
        sieve_used += words;
    }
    s->last = words - 1;
    memset(s->words, 0, words * sizeof *s->words);
    for (uint32_t i = 0; i < count; i++)
        s->words[hashes[i] & s->last] |= bits_of(hashes[i]);
    return true;
}

static void note_state(struct sieve *s, const struct stat *st) {
    s->dev = st->st_dev, s->ino = st->st_ino;
    s->mtime = ns_of(&st->st_mtim), s->ctime = ns_of(&st->st_ctim);
}
static bool is_as_noted(const struct sieve *s, const struct stat *st) {
    return st->st_dev == s->dev && st->st_ino == s->ino && ns_of(&st->st_mtim) == s->mtime && ns_of(&st->st_ctim) == s->ctime;
}

/* Whether it has changed a moment ago. */
static bool is_young(const struct sieve *s) {
    struct timespec now;
    int64_t changed = s->mtime > s->ctime ? s->mtime : s->ctime;
    return zc_ask_kernel(SYS_clock_gettime, CLOCK_REALTIME, &now, 0) != 0 || ns_of(&now) - changed < YOUNG_NS;
}

/* The names of an open folder, nothing having changed meanwhile: else one that was renamed may have been passed over. */
static bool make_sieve(struct sieve *s, int fd) {
    static uint64_t hashes[MOST_NAMES];
    uint32_t wanted = s->asked * NAMES_AN_ABSENCE, most = wanted < MOST_NAMES ? wanted : MOST_NAMES;
    struct stat st;
    uint64_t began = moment_of(epoch());
    if (epoch() >= MOST_EPOCHS)
        return false;
    if (zc_ask_kernel(SYS_fstat, fd, &st, 0) != 0 || !is_plain_file_system(fd))
        return false;
    note_state(s, &st);
    if (is_young(s))
        return false;
    s->list_at = s->asked * NAMES_AN_ABSENCE; /* if these are too many */
    long count = read_names(fd, hashes, most);
    if (count < 0 || zc_ask_kernel(SYS_fstat, fd, &st, 0) != 0 || !is_as_noted(s, &st) ||
        !fill_sieve(s, hashes, (uint32_t)count))
        return false;
    s->until = began + SIEVE_MS;
    return true;
}

/* The folder as the tool spelled it: the first bytes of `path`. */
static bool folder_of(const char *path, size_t length, char *to) {
    if (length >= PATH_MAX)
        return false;
    memcpy(to, path, length);
    to[length] = 0;
    return true;
}

static __attribute__((noinline)) void list_folder(struct sieve *s, const char *path, size_t length) {
    static const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    char folder[PATH_MAX];
    s->list_at = s->asked * 2;
    s->until = 0;
    if (!folder_of(path, length, folder))
        return;
    int fd = (int)zc_ask_kernel(SYS_openat, AT_FDCWD, folder, flags | O_NOATIME);
    if (fd == -EPERM)
        fd = (int)zc_ask_kernel(SYS_openat, AT_FDCWD, folder, flags); /* another's, whose time of access may advance */
    if (fd < 0)
        return;
    make_sieve(s, fd);
    zc_ask_kernel(SYS_close, fd, NULL, 0);
}

/* --- asking -------------------------------------------------------------------------------------------------------- */

/* The kernel has said once more that nothing is there. */
static inline void count_absence(struct sieve *s, const char *path, size_t length) {
    if (++s->asked >= s->list_at && s->asked >= FIRST_LISTING && sieve_clock)
        list_folder(s, path, length);
}

/* A search for another name begins. */
static __attribute__((noinline)) void begin_to_seek(const struct known *name) {
    sought.id = name->id;
    set_prefix(&sought.text, name->text, name->length, 0);
    sought.hash = hash_of_name(name->text, name->length);
    sought.bits = name->length <= LONGEST_SOUGHT ? bits_of(sought.hash) : 0; /* that all hold */
    sought.at = epoch() < MOST_EPOCHS ? moment_of(epoch()) : UINT64_MAX;
    sought.ticks = __rdtsc();
}

/* Whether that name is sought, since a moment ago. */
static inline bool is_sought(const struct known *name) {
    return sought.id == name->id && __rdtsc() - sought.ticks < SEARCH_TICKS;
}

/* Whether the sieve counts on, the folder being as it was when it was listed. */
static __attribute__((noinline)) bool counts_on(struct sieve *s, const char *path, size_t length) {
    char folder[PATH_MAX];
    struct stat st;
    if (s->until == 0 || !folder_of(path, length, folder))
        return false;
    uint64_t now = moment_of(epoch());
    if (is_of_epoch(s->until) && zc_ask_kernel(SYS_newfstatat, AT_FDCWD, folder, (long)&st) == 0 && is_as_noted(s, &st)) {
        s->until = now + SIEVE_MS;
        return true;
    }
    s->until = 0;
    s->asked = s->list_at = 0;
    return false;
}

/* Whether a sieve counts in the search for that name, which it may begin. */
static inline bool counts(struct sieve *s, const struct known *name, const char *path, size_t length) {
    if (!s->words)
        return false;
    if (!is_sought(name))
        begin_to_seek(name);
    return s->until >= sought.at || counts_on(s, path, length);
}

/* Whether what is sought may be in the folder. */
static inline bool passes(const struct sieve *s) {
    return (s->words[sought.hash & s->last] & sought.bits) == sought.bits;
}

#endif
