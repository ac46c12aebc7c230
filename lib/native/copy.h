/*
 * One file's bytes into another, by the cheapest way that the two file systems know, and bytes to a descriptor.
 */
#ifndef ZCCACHE_COPY_H
#define ZCCACHE_COPY_H

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes all of it, also where the descriptor is non-blocking; false with errno. */
static bool write_all(int fd, const char *from, size_t size)
{
    while (size) {
        ssize_t done = write(fd, from, size);
        if (done >= 0) {
            from += done;
            size -= (size_t)done;
        } else if (errno == EAGAIN) {
            struct pollfd one = {fd, POLLOUT, 0};
            if (poll(&one, 1, -1) < 0 && errno != EINTR) return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static char piece[1 << 16];

static bool copy_by_hand(int from, int to)
{
    for (;;) {
        ssize_t got = read(from, piece, sizeof piece);
        if (got == 0) return true;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 || !write_all(to, piece, (size_t)got)) return false;
    }
}

/*
 * Copies `size` bytes, which is all that `from` holds, into the empty file `to`; false with errno. `to` shares
 * blocks with `from` where the file system can, and no write to one ever shows in the other.
 *
 * copy_file_range() is refused between some file systems (EXDEV, EINVAL, EOPNOTSUPP ...) and comes back short at
 * a file size limit; reading and writing goes on where it stopped and meets a true error itself.
 */
static bool copy_file(int from, int to, off_t size)
{
    if (size == 0) return true;
    if (size < (off_t)sizeof piece) { /* one read, which shows the end too, is the shortest way for a small file */
        if (read(from, piece, sizeof piece) == size) return write_all(to, piece, (size_t)size);
        if (lseek(from, 0, SEEK_SET)) return false;
    }
    if (ioctl(to, FICLONE, from) == 0) return true;
    for (off_t left = size; left > 0;) {
        ssize_t done = copy_file_range(from, NULL, to, NULL, (size_t)left, 0);
        if (done <= 0) break;
        left -= done;
    }
    struct stat now;
    if (!copy_by_hand(from, to) || fstat(to, &now)) return false;
    errno = EIO;
    return now.st_size == size;
}

#endif
