/*
 * KEEP: the run's outputs into the store's staging folder, as clones or copies, for the decider to hash.
 */
#ifndef ZCCACHE_KEEP_H
#define ZCCACHE_KEEP_H

#include "copy.h"
#include "protocol.h"
#include "record.h"

static bool changed(const struct stat *a, const struct stat *b)
{
    return a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

/*
 * The staging file: mostly one that the decider has made, since a file system may take half a millisecond for that.
 * What holds anything is somebody else's. -1 with errno.
 */
static int open_stage(const char *to)
{
    int file = open(to, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0 && errno == ENOENT) return open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    struct stat is;
    if (file < 0 || (!fstat(file, &is) && S_ISREG(is.st_mode) && is.st_size == 0)) return file;
    close(file);
    errno = EEXIST;
    return -1;
}

/*
 * An errno; `*is` as found. A file that changes under the copy is EBUSY. Only what is whole is 0444: where that cannot be
 * had, no harm is done but that it is taken for half a file after a kill.
 */
static int copy_to_stage(int from, const char *to, struct stat *is)
{
    struct stat after;
    if (fstat(from, is)) return errno;
    if (!S_ISREG(is->st_mode)) return EINVAL;
    int file = open_stage(to);
    if (file < 0) return errno;
    int problem = copy_file(from, file, is->st_size) ? 0 : errno;
    if (!problem && (fstat(from, &after) || changed(is, &after))) problem = EBUSY;
    if (!problem && fchmod(file, 0444)) errno = 0;
    if (close(file) && !problem) problem = errno;
    if (problem) unlink(to);
    return problem;
}

/* `more`: how the output is opened, besides. */
static void stage_one(const struct zc_stage *stage, struct zc_staged *staged, int more)
{
    struct stat is = {0};
    const char *path = zc_terminate(stage->path), *to = zc_terminate(stage->to);
    int from = path && to ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | more) : (errno = EINVAL, -1);
    staged->error = (uint32_t)(from < 0 ? errno : copy_to_stage(from, to, &is));
    staged->mode = is.st_mode;
    staged->size = (uint64_t)is.st_size;
    if (from >= 0) close(from);
}

/* Stages every file of `keep`; the rows of `kept` in the same order. */
static struct zc_items stage_all(struct zc_items keep)
{
    struct zc_reader r = zc_items_reader(keep);
    struct zc_writer rows = {.most = ZC_MAX_FRAME_BYTES};
    uint32_t count = 0;
    struct zc_stage stage;
    for (; count < keep.count && zc_get_stage(&r, &stage) && !rows.failed; count++) {
        struct zc_staged staged;
        stage_one(&stage, &staged, 0);
        zc_put_staged(&rows, &staged);
    }
    return (struct zc_items){count, {rows.at, rows.size}};
}

/*
 * Stages what was foreseen of a run's outputs, if each is there as a plain file, and says so in the record too, by which
 * it is known even should the decider be killed before it hears of it.
 */
static bool stage_foreseen(struct zc_items foreseen, uint64_t wall_us, struct zc_items *files)
{
    struct zc_reader r = zc_items_reader(foreseen);
    struct zc_writer rows = {.most = ZC_MAX_FRAME_BYTES};
    uint32_t modes[ZC_MOST_FORESEEN] = {0};
    if (!zc_record || foreseen.count > ZC_MOST_FORESEEN) return false;
    for (uint32_t i = 0; i < foreseen.count; i++) {
        struct zc_stage stage;
        struct zc_staged staged;
        if (!zc_get_stage(&r, &stage)) return false;
        stage_one(&stage, &staged, O_NOFOLLOW);
        if (staged.error) return false;
        modes[i] = staged.mode;
        zc_put_staged(&rows, &staged);
    }
    if (rows.failed) return false;
    *files = (struct zc_items){foreseen.count, {rows.at, rows.size}};
    memcpy(&zc_record[ZC_H_WALL], &wall_us, sizeof wall_us);
    memcpy(&zc_record[ZC_H_MODES], modes, sizeof modes);
    __atomic_store_n(&zc_record[ZC_H_LEFT], 1, __ATOMIC_RELEASE);
    return true;
}

#endif
