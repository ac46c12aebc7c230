/*
 * Strings, numbers, memory and formatted text as the C functions that the launcher uses, for a launcher without libc
 * (libc_start.h says why).
 *
 * Each does what the standard says of it, in the C locale, as far as the launcher asks: formats are those that
 * `put_format` knows, memory that is given back is used again only where it was the last that was given out.
 * tests/native/libc_test.ts compares all of it with the system's own.
 */
#ifndef ZCCACHE_LIBC_TEXT_H
#define ZCCACHE_LIBC_TEXT_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What stands under this name in a loop keeps a compiler from seeing strlen and the like in it, which it would call. */
#define NOT_AN_IDIOM(pointer) __asm__("" : "+r"(pointer))

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size) return memcpy(to, from, size);
    char *last = (char *)to + size - 1;
    const char *source = (const char *)from + size - 1;
    __asm__ volatile("std\n\trep movsb\n\tcld" : "+D"(last), "+S"(source), "+c"(size) : : "memory");
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;
    for (; size; size--, x++, y++) {
        NOT_AN_IDIOM(x);
        if (*x != *y) return *x - *y;
    }
    return 0;
}

/* What clang makes of a memcmp() that only asks whether. */
int bcmp(const void *a, const void *b, size_t size) { return memcmp(a, b, size); }

void *memchr(const void *in, int byte, size_t size)
{
    const unsigned char *at = in;
    for (; size; size--, at++) {
        NOT_AN_IDIOM(at);
        if (*at == (unsigned char)byte) return (void *)at;
    }
    return NULL;
}

size_t strlen(const char *text)
{
    const char *at = text;
    for (; *at; at++) NOT_AN_IDIOM(at);
    return (size_t)(at - text);
}

char *strcpy(char *restrict to, const char *restrict from)
{
    return memcpy(to, from, strlen(from) + 1);
}

char *strchr(const char *text, int byte)
{
    for (;; text++) {
        NOT_AN_IDIOM(text);
        if (*text == (char)byte) return (char *)text;
        if (!*text) return NULL;
    }
}

char *strrchr(const char *text, int byte)
{
    char *last = NULL;
    for (;; text++) {
        NOT_AN_IDIOM(text);
        if (*text == (char)byte) last = (char *)text;
        if (!*text) return last;
    }
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size; size--, a++, b++) {
        NOT_AN_IDIOM(a);
        if (*a != *b || !*a) return (unsigned char)*a - (unsigned char)*b;
    }
    return 0;
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, PTRDIFF_MAX); }

static int lower(char byte) { return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : (unsigned char)byte; }

int strcasecmp(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) a++, b++;
    return lower(*a) - lower(*b);
}

/* How many bytes of `text` are (or are not) among `set`. */
static size_t span(const char *text, const char *set, bool among)
{
    size_t length = 0;
    while (text[length] && !!strchr(set, text[length]) == among) length++;
    return length;
}

size_t strspn(const char *text, const char *set) { return span(text, set, true); }
size_t strcspn(const char *text, const char *set) { return span(text, set, false); }

/* Base 10 or 16, no blanks and no sign before, no more than 64 bits: as we write such numbers. */
unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    unsigned long long value = 0;
    for (;; text++) {
        int digit = lower(*text);
        digit = digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'z' ? digit - 'a' + 10 : base;
        if (digit >= base) break;
        value = value * (unsigned)base + (unsigned)digit;
    }
    if (end) *end = (char *)text;
    return value;
}

/* The environment. */

extern char **environ;

char *getenv(const char *name)
{
    size_t length = strlen(name);
    for (char **at = environ; *at; at++)
        if (!strncmp(*at, name, length) && (*at)[length] == '=') return *at + length + 1;
    return NULL;
}

/*
 * Memory: from a fixed piece while that lasts, then pages of their own. In front of each block stands its size; only
 * the last block of the fixed piece, and blocks of pages, can grow where they are or be given back.
 */
enum { FIXED_BYTES = 1 << 18, BLOCK_HEAD = 16 };
static char fixed[FIXED_BYTES] __attribute__((aligned(16)));
static size_t fixed_used;

static size_t *size_of(void *block) { return (size_t *)(void *)((char *)block - BLOCK_HEAD); }
static bool is_fixed(void *block) { return (char *)block > fixed && (char *)block < fixed + sizeof fixed; }
static size_t rounded(size_t size) { return (size + 15) & ~(size_t)15; }
static bool is_last(void *block) { return is_fixed(block) && (char *)block + rounded(*size_of(block)) == fixed + fixed_used; }

void *malloc(size_t size)
{
    if (size > PTRDIFF_MAX / 2) return errno = ENOMEM, NULL;
    size_t whole = rounded(size) + BLOCK_HEAD;
    char *block = fixed + fixed_used;
    if (whole <= sizeof fixed - fixed_used) fixed_used += whole;
    else block = (char *)syscall(SYS_mmap, NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
    if (block == MAP_FAILED) return NULL;
    *size_of(block + BLOCK_HEAD) = size;
    return block + BLOCK_HEAD;
}

void free(void *block)
{
    if (!block) return;
    if (is_last(block)) fixed_used = (size_t)((char *)block - BLOCK_HEAD - fixed);
    else if (!is_fixed(block)) syscall(SYS_munmap, size_of(block), rounded(*size_of(block)) + BLOCK_HEAD);
}

void *calloc(size_t count, size_t size)
{
    if (size && count > PTRDIFF_MAX / size) return errno = ENOMEM, NULL;
    void *block = malloc(count * size);
    return block ? memset(block, 0, count * size) : NULL; /* the fixed piece may have been in use before */
}

void *realloc(void *block, size_t size)
{
    if (!block) return malloc(size);
    size_t old = *size_of(block);
    if (size <= rounded(old)) return *size_of(block) = size, block;
    if (is_last(block) && rounded(size) - rounded(old) <= sizeof fixed - fixed_used) {
        fixed_used += rounded(size) - rounded(old);
        *size_of(block) = size;
        return block;
    }
    void *larger = malloc(size);
    if (!larger) return NULL;
    memcpy(larger, block, old);
    free(block);
    return larger;
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *made = malloc(size);
    return made ? memcpy(made, text, size) : NULL;
}

/* Formatted text. */

struct sink {
    char *at;
    size_t room, length; /* length: of all that was said, also where it found no room */
};

static void put_bytes(struct sink *to, const char *from, size_t size)
{
    if (to->length < to->room) {
        size_t left = to->room - to->length;
        memcpy(to->at + to->length, from, size < left ? size : left);
    }
    to->length += size;
}

static void put_number(struct sink *to, unsigned long long value, unsigned base, size_t least)
{
    char digits[24];
    size_t count = 0;
    do digits[sizeof digits - ++count] = "0123456789abcdef"[value % base];
    while (value /= base);
    while (count < least && count < sizeof digits) digits[sizeof digits - ++count] = '0';
    put_bytes(to, digits + sizeof digits - count, count);
}

/* %s and %.Ns (N a number or *), %d, %u and %x with l or ll before and 0 and a width before those. */
static void put_format(struct sink *to, const char *format, va_list list)
{
    while (*format) {
        size_t plain = strcspn(format, "%");
        put_bytes(to, format, plain);
        format += plain;
        if (!*format++) return;
        size_t most = SIZE_MAX, least = 0;
        if (*format == '.') {
            if (*++format == '*') most = (size_t)va_arg(list, int), format++;
            else most = (size_t)strtoull(format, (char **)&format, 10);
        } else if (*format == '0') {
            least = (size_t)strtoull(format, (char **)&format, 10);
        }
        int longs = 0;
        for (; *format == 'l'; format++) longs++;
        char kind = *format++;
        if (kind == 's') {
            const char *text = va_arg(list, const char *), *end = memchr(text, 0, most);
            put_bytes(to, text, end ? (size_t)(end - text) : most);
        } else if (kind == 'd') {
            long long value = longs == 2 ? va_arg(list, long long) : longs ? va_arg(list, long) : va_arg(list, int);
            if (value < 0) put_bytes(to, "-", 1);
            put_number(to, value < 0 ? -(unsigned long long)value : (unsigned long long)value, 10, least);
        } else {
            unsigned long long value = longs == 2 ? va_arg(list, unsigned long long)
                : longs                           ? va_arg(list, unsigned long)
                                                  : va_arg(list, unsigned);
            put_number(to, value, kind == 'x' ? 16 : 10, least);
        }
    }
}

static int format_into(char *at, size_t size, const char *format, va_list list)
{
    struct sink to = {at, size ? size - 1 : 0, 0};
    put_format(&to, format, list);
    if (size) at[to.length < to.room ? to.length : to.room] = 0;
    return (int)to.length;
}

int snprintf(char *restrict at, size_t size, const char *restrict format, ...)
{
    va_list list;
    va_start(list, format);
    int length = format_into(at, size, format, list);
    va_end(list);
    return length;
}

int asprintf(char **restrict made, const char *restrict format, ...)
{
    va_list list;
    va_start(list, format);
    int length = format_into(NULL, 0, format, list);
    va_end(list);
    if (!(*made = malloc((size_t)length + 1))) return -1;
    va_start(list, format);
    format_into(*made, (size_t)length + 1, format, list);
    va_end(list);
    return length;
}

int dprintf(int fd, const char *restrict format, ...)
{
    char text[8192];
    va_list list;
    va_start(list, format);
    int length = format_into(text, sizeof text, format, list);
    va_end(list);
    return (int)write(fd, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* Of the errors of execve, and of what we do before it. */
char *strerror(int number)
{
    static const struct {
        int number;
        const char *text;
    } known[] = {
        {EPERM, "Operation not permitted"}, {ENOENT, "No such file or directory"}, {EIO, "Input/output error"},
        {E2BIG, "Argument list too long"}, {ENOEXEC, "Exec format error"}, {EAGAIN, "Resource temporarily unavailable"},
        {ENOMEM, "Cannot allocate memory"}, {EACCES, "Permission denied"}, {ENOTDIR, "Not a directory"},
        {EISDIR, "Is a directory"}, {EINVAL, "Invalid argument"}, {ENFILE, "Too many open files in system"},
        {EMFILE, "Too many open files"}, {ETXTBSY, "Text file busy"}, {EFBIG, "File too large"},
        {ENOSPC, "No space left on device"}, {EROFS, "Read-only file system"}, {ENAMETOOLONG, "File name too long"},
        {ELOOP, "Too many levels of symbolic links"}, {ELIBBAD, "Accessing a corrupted shared library"},
        {EDQUOT, "Disk quota exceeded"},
    };
    static char other[32];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].number == number) return (char *)known[i].text;
    snprintf(other, sizeof other, "Unknown error %d", number);
    return other;
}

#endif
