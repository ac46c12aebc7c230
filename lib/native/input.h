/*
 * A source on standard input: read to its end, sent to the decider, and kept for the tool.
 *
 * What was read is in a file in memory, which becomes the tool's standard input. A compiler reads a file there as it
 * reads a pipe, to its end; and a file needs nobody who goes on writing, also where we become the tool ourselves.
 */
#ifndef ZCCACHE_INPUT_H
#define ZCCACHE_INPUT_H

#include "become.h"
#include "copy.h"
#include "protocol.h"
#include <sys/mman.h>
#include <sys/syscall.h>

/* Reads all there is, of which `most` bytes are kept for the decider; false with nothing read: then the tool can still read it itself. */
static bool hold_input(uint32_t most, struct zc_input *m, struct zc_writer *bytes)
{
    static char piece[1 << 16];
    int file = (int)syscall(SYS_memfd_create, "zccache input", MFD_CLOEXEC);
    if (file < 0) return false;
    origin.holds_input = true;
    origin.input = file;
    *bytes = (struct zc_writer){.most = most};
    for (;;) {
        ssize_t got = read(0, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break; /* an error ends what the tool would have read, too */
        if (!write_all(file, piece, (size_t)got)) refuse(origin.argv[0], "no memory for its standard input", EXIT_NOT_EXECUTABLE);
        zc_put(bytes, piece, (size_t)got);
    }
    m->flags = bytes->failed ? ZC_INPUT_TOO_LONG : 0;
    if (!bytes->failed) m->bytes = (struct zc_bytes){bytes->at, bytes->size};
    return true;
}

#endif
