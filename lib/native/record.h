/*
 * Writing the trace record (trace_format.h): the part that the tracer and a launcher inside a trace share.
 *
 * A shared mapping without a descriptor: nothing that a tool closes, inherits or kills can lose or misplace an event.
 * Room is taken by one atomic add; an event that does not fit raises `overflow` and is dropped.
 */
#ifndef ZC_RECORD_H
#define ZC_RECORD_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace_format.h"

/* The mapping of this process, or null where it is not traced. */
static uint32_t *zc_record;

static inline uint32_t zc_word(unsigned index) {
    return __atomic_load_n(&zc_record[index], __ATOMIC_RELAXED);
}

static inline void zc_doubt(uint32_t bit) {
    if (zc_record)
        __atomic_fetch_or(&zc_record[ZC_H_DOUBTS], bit, __ATOMIC_RELAXED);
}

/* Maps the record at `path`; false: not there, or none of ours. Raw calls: hooks must not see them. */
static bool zc_map(const char *path) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct stat st;
    uint32_t *map = MAP_FAILED;
    if (syscall(SYS_fstat, fd, &st) == 0 && st.st_size >= (off_t)(ZC_HEADER_WORDS * 4))
        map = (uint32_t *)syscall(SYS_mmap, NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (map == MAP_FAILED)
        return false;
    if (map[ZC_H_MAGIC] != ZC_TRACE_MAGIC || map[ZC_H_VERSION] != ZC_TRACE_VERSION ||
        map[ZC_H_CAPACITY] > (uint64_t)st.st_size) {
        syscall(SYS_munmap, map, (size_t)st.st_size);
        return false;
    }
    zc_record = map;
    return true;
}

static inline uint32_t zc_new_image(void) {
    return __atomic_add_fetch(&zc_record[ZC_H_IMAGES], 1, __ATOMIC_RELAXED);
}

/*
 * Pages of the record are asked for several at a time, for each by itself costs some 2 us when it is first written. Where
 * the kernel cannot do that (before 5.14) each comes when it is written.
 */
#define ZC_PAGE 4096u
#define ZC_MOST_PAGES 64u
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
static struct {
    uint32_t end;   /* up to which byte they are there */
    uint32_t pages; /* how many came last */
} zc_ready;

static void zc_make_ready(uint32_t at, uint32_t end) {
    uint32_t from = (at > zc_ready.end ? at : zc_ready.end) & ~(ZC_PAGE - 1);
    zc_ready.pages = zc_ready.pages == 0 ? 4 : zc_ready.pages < ZC_MOST_PAGES ? zc_ready.pages * 2 : ZC_MOST_PAGES;
    uint32_t to = (end + ZC_PAGE - 1) & ~(ZC_PAGE - 1), wanted = from + zc_ready.pages * ZC_PAGE;
    uint32_t capacity = zc_record[ZC_H_CAPACITY] & ~(ZC_PAGE - 1);
    zc_ready.end = wanted > capacity ? capacity : wanted;
    if (zc_ready.end < to)
        zc_ready.end = to;
    if (zc_ready.end <= capacity)
        syscall(SYS_madvise, (char *)zc_record + from, (size_t)(zc_ready.end - from), MADV_POPULATE_WRITE, 0, 0, 0);
}

/* So many bytes at the end stay free: texts are read by pieces of that size, and so a little of what is behind them. */
#define ZC_BEHIND 16u

/* Room for an event of `words` words (head included), its head written; null: full. */
static uint32_t *zc_event(unsigned kind, unsigned answer, uint32_t image, size_t words) {
    uint32_t size = (uint32_t)(words * 4);
    if (words > 0xffff) {
        __atomic_store_n(&zc_record[ZC_H_OVERFLOW], 1, __ATOMIC_RELAXED);
        return NULL;
    }
    uint32_t at = __atomic_load_n(&zc_record[ZC_H_CURSOR], __ATOMIC_RELAXED);
    do {
        if (at + size + ZC_BEHIND > zc_record[ZC_H_CAPACITY]) {
            __atomic_store_n(&zc_record[ZC_H_OVERFLOW], 1, __ATOMIC_RELAXED);
            return NULL;
        }
    } while (!__atomic_compare_exchange_n(&zc_record[ZC_H_CURSOR], &at, at + size, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    if (at + size > zc_ready.end)
        zc_make_ready(at, at + size);
    uint32_t *event = zc_record + at / 4;
    event[0] = (uint32_t)(kind | (answer & 0xff) << 8 | (uint32_t)words << 16);
    event[1] = image;
    return event + 2;
}

/*
 * The last event that may become longer by a word at a time, as long as nobody has written behind it. Its room is taken by
 * pieces, of the length that the last one came to; what is not used stays zero.
 */
#define ZC_SMALL_PIECE 8u
#define ZC_LARGE_PIECE 64u
static struct {
    uint32_t *head;
    uint32_t end, limit; /* of its words, and of its room */
    uint32_t name, begun; /* `begun`: where the words are that it has grown by */
} zc_growing;
static uint32_t zc_piece = ZC_SMALL_PIECE; /* in words */

/* Begins an event of a name and a folder that may grow, with room for as many words more as the last one came to. */
static inline void zc_begin_growing(unsigned kind, unsigned answer, uint32_t image, uint32_t name, uint32_t folder) {
    uint32_t grown = (zc_growing.end - zc_growing.begun) / 4, wanted = grown + 2; /* with some to spare */
    zc_piece = wanted < ZC_SMALL_PIECE ? ZC_SMALL_PIECE : wanted > ZC_LARGE_PIECE ? ZC_LARGE_PIECE : wanted;
    uint32_t room = grown ? zc_piece : 0;
    uint32_t *to = zc_event(kind, answer, image, 4 + room);
    if (!to) {
        zc_growing.head = NULL;
        return;
    }
    to[0] = name, to[1] = folder;
    zc_growing.head = to - 2;
    zc_growing.end = zc_growing.begun = (uint32_t)((char *)(to + 2) - (char *)zc_record);
    zc_growing.limit = zc_growing.end + room * 4;
    zc_growing.name = name;
}

/* Another piece for it; false: it cannot grow. */
static __attribute__((noinline)) bool zc_take_piece(void) {
    uint32_t at = zc_growing.limit, size = zc_piece * 4;
    if (!zc_growing.head || zc_growing.head[0] >> 16 > 0xffff - zc_piece ||
        at + size + ZC_BEHIND > zc_record[ZC_H_CAPACITY])
        return false;
    if (!__atomic_compare_exchange_n(&zc_record[ZC_H_CURSOR], &at, at + size, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return false;
    if (at + size > zc_ready.end)
        zc_make_ready(at, at + size);
    zc_growing.head[0] += zc_piece << 16;
    zc_growing.limit = at + size;
    return true;
}

/* Whether a word more has room in its last piece, and nobody has written behind that. */
static inline bool zc_has_room(void) {
    return zc_growing.end != zc_growing.limit && zc_word(ZC_H_CURSOR) == zc_growing.limit;
}

/* What has grown so far will not grow on. */
static inline void zc_stop_growing(void) { zc_growing.limit = zc_growing.end; }

/* One more word, for which there is room; it is not 0. */
__attribute__((always_inline)) static inline void zc_put_word(uint32_t word) {
    zc_record[zc_growing.end / 4] = word;
    zc_growing.end += 4;
}

/* One more word; false: it cannot grow. */
static inline bool zc_grow(uint32_t word) {
    if (!zc_has_room() && !zc_take_piece())
        return false;
    zc_put_word(word);
    return true;
}

static inline size_t zc_text_words(size_t length) { return 1 + (length + 3) / 4; }

static inline uint32_t *zc_put_text(uint32_t *to, const char *text, size_t length) {
    *to = (uint32_t)length;
    memcpy(to + 1, text, length); /* the padding is zero already */
    return to + zc_text_words(length);
}

/* Defines a string under an id of the caller's choice. Returns where its bytes stand, null when full. */
static const char *zc_define(unsigned kind, uint32_t image, uint32_t id, const char *text, size_t length) {
    uint32_t *to = zc_event(kind, 0, image, 3 + zc_text_words(length));
    if (!to)
        return NULL;
    to[0] = id;
    zc_put_text(to + 1, text, length);
    return (const char *)(to + 2);
}

/* Splits an absolute path: the folder's length (without slash); *name points behind it. */
static inline size_t zc_split(const char *path, size_t length, const char **name) {
    size_t cut = length;
    while (cut > 0 && path[cut - 1] != '/')
        cut--;
    *name = path + cut;
    return cut ? cut - 1 : 0;
}

/* The eleven words of a signature; null state: all zero. */
static inline void zc_put_signature(uint32_t *to, const struct stat *st) {
    if (!st) {
        memset(to, 0, ZC_SIGNATURE_WORDS * 4);
        return;
    }
    uint64_t fields[5] = {
        (uint64_t)st->st_dev,
        (uint64_t)st->st_ino,
        (uint64_t)st->st_size,
        (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec,
        (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec,
    };
    memcpy(to, fields, sizeof fields);
    to[10] = st->st_mode;
}

#endif
