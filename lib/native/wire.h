/*
 * Frames: bounded reading and writing of fields, and moving whole frames over a socket before a deadline.
 *
 * A reader never leaves its frame: past the end it gives zeros and remembers it (`beyond`), so a caller asks
 * once. A writer that runs out of memory or room gives up (`failed`) and is then never sent. Texts point into
 * the frame; terminate() makes a C string of one, once, in place.
 *
 * Only little-endian machines are served: fields are copied as they lie.
 */
#ifndef ZCCACHE_WIRE_H
#define ZCCACHE_WIRE_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the protocol's integers are copied, which is right on little-endian machines only"
#endif

struct zc_bytes {
    char *at;
    size_t size;
};
/* A list or rows field: `encoded` holds `count` items one after another. */
struct zc_items {
    uint32_t count;
    struct zc_bytes encoded;
};
struct zc_reader {
    char *at, *end;
    bool beyond;
};
struct zc_writer {
    char *at;
    size_t size, room, most;
    bool failed;
};

static inline void zc_take(struct zc_reader *r, void *to, size_t size)
{
    if (r->beyond || size > (size_t)(r->end - r->at)) {
        r->beyond = true;
        memset(to, 0, size);
        return;
    }
    memcpy(to, r->at, size);
    r->at += size;
}
static inline uint8_t zc_get_u8(struct zc_reader *r) { uint8_t v; zc_take(r, &v, sizeof v); return v; }
static inline uint16_t zc_get_u16(struct zc_reader *r) { uint16_t v; zc_take(r, &v, sizeof v); return v; }
static inline uint32_t zc_get_u32(struct zc_reader *r) { uint32_t v; zc_take(r, &v, sizeof v); return v; }
static inline uint64_t zc_get_u64(struct zc_reader *r) { uint64_t v; zc_take(r, &v, sizeof v); return v; }
static inline int32_t zc_get_i32(struct zc_reader *r) { int32_t v; zc_take(r, &v, sizeof v); return v; }
static inline struct zc_bytes zc_get_bytes(struct zc_reader *r)
{
    size_t size = zc_get_u32(r);
    if (r->beyond || size > (size_t)(r->end - r->at)) {
        r->beyond = true;
        return (struct zc_bytes){NULL, 0};
    }
    r->at += size;
    return (struct zc_bytes){r->at - size, size};
}

/* A reader over the items of a field. */
static inline struct zc_reader zc_items_reader(struct zc_items items)
{
    return (struct zc_reader){items.encoded.at, items.encoded.at + items.encoded.size, false};
}

/*
 * The text as a C string, or NULL where it holds a NUL. The bytes move one place to the front, over the length
 * that stood before them, and so make room for the terminator; a second call would not find them again.
 */
static inline char *zc_terminate(struct zc_bytes text)
{
    if (!text.at || memchr(text.at, 0, text.size)) return NULL;
    char *to = text.at - 1;
    memmove(to, text.at, text.size);
    to[text.size] = 0;
    return to;
}

static inline void zc_put(struct zc_writer *w, const void *from, size_t size)
{
    if (w->failed || size > w->most - w->size) {
        w->failed = true;
        return;
    }
    if (w->size + size > w->room) {
        size_t room = (w->size + size) * 2;
        char *larger = realloc(w->at, room);
        if (!larger) {
            w->failed = true;
            return;
        }
        w->at = larger;
        w->room = room;
    }
    if (size) memcpy(w->at + w->size, from, size);
    w->size += size;
}
static inline void zc_put_u8(struct zc_writer *w, uint8_t v) { zc_put(w, &v, sizeof v); }
static inline void zc_put_u16(struct zc_writer *w, uint16_t v) { zc_put(w, &v, sizeof v); }
static inline void zc_put_u32(struct zc_writer *w, uint32_t v) { zc_put(w, &v, sizeof v); }
static inline void zc_put_u64(struct zc_writer *w, uint64_t v) { zc_put(w, &v, sizeof v); }
static inline void zc_put_i32(struct zc_writer *w, int32_t v) { zc_put(w, &v, sizeof v); }
static inline void zc_put_bytes(struct zc_writer *w, struct zc_bytes v)
{
    zc_put_u32(w, (uint32_t)v.size);
    zc_put(w, v.at, v.size);
}
static inline void zc_put_items(struct zc_writer *w, struct zc_items v)
{
    zc_put_u32(w, v.count);
    zc_put(w, v.encoded.at, v.encoded.size);
}
/* The bytes of a C string; they are only read. */
static inline struct zc_bytes zc_text(const char *text) { return (struct zc_bytes){(char *)text, strlen(text)}; }

/* size:u32 version:u16 id:u16 build:u64 */
enum { ZC_HEAD_BYTES = 16 };

/* A writer with a frame's head in place; zc_finish() fills in the size. */
static inline struct zc_writer zc_frame(uint16_t version, uint16_t id, uint64_t build, size_t most)
{
    struct zc_writer w = {NULL, 0, 0, most, false};
    zc_put_u32(&w, 0);
    zc_put_u16(&w, version);
    zc_put_u16(&w, id);
    zc_put_u64(&w, build);
    return w;
}
static inline bool zc_finish(struct zc_writer *w)
{
    if (w->failed) return false;
    uint32_t size = (uint32_t)(w->size - sizeof size);
    memcpy(w->at, &size, sizeof size);
    return true;
}

static inline int64_t zc_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Waits until `fd` is ready for `events`; false: the deadline (zc_now_us) has passed. */
static inline bool zc_wait(int fd, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - zc_now_us();
        if (left <= 0) return false;
        struct pollfd one = {fd, events, 0};
        int ready = poll(&one, 1, (int)((left + 999) / 1000));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

/* false: the peer is gone, or did not take it all in time. Raises no SIGPIPE. */
static inline bool zc_send(int fd, const char *from, size_t size, int64_t deadline)
{
    while (size) {
        ssize_t sent = send(fd, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            from += sent;
            size -= (size_t)sent;
        } else if (sent < 0 && errno == EAGAIN) {
            if (!zc_wait(fd, POLLOUT, deadline)) return false;
        } else if (sent == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

static inline bool zc_receive_all(int fd, char *to, size_t size, int64_t deadline)
{
    while (size) {
        ssize_t got = recv(fd, to, size, MSG_DONTWAIT);
        if (got > 0) {
            to += got;
            size -= (size_t)got;
        } else if (got < 0 && errno == EAGAIN) {
            if (!zc_wait(fd, POLLIN, deadline)) return false;
        } else if (got == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

/*
 * The next frame as a reader over its fields; its id, or 0 for anything odd: silence past the deadline, a closed
 * connection, a size out of bounds, another version, no memory. The frame stays in memory until we end.
 */
static inline uint16_t zc_receive(int fd, uint16_t version, size_t most, int64_t deadline, struct zc_reader *r)
{
    uint32_t size;
    if (!zc_receive_all(fd, (char *)&size, sizeof size, deadline)) return 0;
    if (size > most || size < ZC_HEAD_BYTES - sizeof size) return 0;
    char *frame = malloc(size);
    if (!frame) return 0;
    if (!zc_receive_all(fd, frame, size, deadline)) {
        free(frame);
        return 0;
    }
    *r = (struct zc_reader){frame, frame + size, false};
    bool known = zc_get_u16(r) == version;
    uint16_t id = zc_get_u16(r);
    zc_get_u64(r);
    return known ? id : 0;
}

#endif
