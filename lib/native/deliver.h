/*
 * HIT: puts files in place of a tool that would have written them, and says its texts.
 *
 *     prepare    every target is looked at, every temporary file written beside it; nothing shows yet
 *     replay     stdout and stderr; one that cannot be written makes us the tool, which says so itself
 *     commit     renames, in the order given: side files first, the object last
 *
 * A target is treated as the tool was seen to treat it (style), and where the recorded run did not show what it
 * does to such a target, the answer is "cannot" and the tool runs: devices, fifos, folders, dangling links, files
 * that their owner may not write. Whatever stops us before the first byte of output leaves nothing behind: temporary
 * files and new folders go again, also by a signal.
 */
#ifndef ZCCACHE_DELIVER_H
#define ZCCACHE_DELIVER_H

#include "become.h"
#include "copy.h"
#include "protocol.h"
#include <limits.h>
#include <stdio.h>
#include <sys/time.h>

enum { LARGE_BYTES = 4 << 20 }; /* copied in some milliseconds */
enum { TEMP_TRIES = 16 }; /* names that another process may hold: one of an equal pid, in another pid namespace */

enum way { NOTHING, RENAME, IN_PLACE, NEW_FOLDER };
struct target {
    enum way way;
    uint32_t style, mode;
    char *path, *source;
    char *temp; /* to be renamed or removed; for NEW_FOLDER the folder itself */
    int blob, file; /* IN_PLACE: open, `file` not yet truncated */
    bool held; /* `source` is what the file holds, not the blob's path */
    off_t size;
    bool replaces;
};
static struct {
    struct target *targets;
    volatile sig_atomic_t count; /* prepared so far */
    mode_t umask;
} delivery;

/* Removes what prepare() made, last first. Async-signal-safe. */
static void undo(void)
{
    while (delivery.count > 0) {
        struct target *t = &delivery.targets[--delivery.count];
        if (t->temp && t->way == NEW_FOLDER) rmdir(t->temp);
        else if (t->temp) unlink(t->temp);
    }
}

static void undo_and_die(int signal_number)
{
    int saved = errno;
    undo();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    errno = saved;
}

static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/*
 * Size limits answer by errno here, and what would end us waits: a small delivery is over before anybody notices.
 * Whatever may take long says so (become_interruptible).
 */
static void guard_delivery(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) sigaddset(&held, ends[i]);
    change_mask(SIG_BLOCK, &held);
    on_signal(SIGXFSZ, &ignore);
    origin.cleanup = undo;
}

/* From now on what would end us does, and takes our temporary files along; texts answer by errno. */
static void become_interruptible(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, die = {.sa_handler = undo_and_die};
    on_signal(SIGPIPE, &ignore);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) on_signal_unless_ignored(ends[i], &die);
    sigprocmask(SIG_SETMASK, &origin.mask, NULL);
}

/* A new name in the target's own folder, so that group, labels and default ACL come out as for the tool. */
static char *temp_name(const char *path)
{
    static unsigned counter;
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    char *name = NULL;
    unsigned long salt = (unsigned long)zc_now_us() & 0xffffff;
    if (asprintf(&name, "%.*s.zc-%d-%u-%lx.tmp", folder, path, (int)getpid(), ++counter, salt) < 0) return NULL;
    return name;
}

static bool is_plain(const struct stat *is) { return S_ISREG(is->st_mode) && is->st_nlink == 1; }

/* In a sticky folder only a file's or the folder's owner may rename over it; then nobody's tool does either. */
static bool sticky_refuses(const char *path, const struct stat *is)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 0;
    struct stat in;
    if (!geteuid() || is->st_uid == geteuid()) return false;
    if (snprintf(folder, sizeof folder, "%.*s.", length, path) >= (int)sizeof folder) return true;
    if (stat(folder, &in)) return true;
    return in.st_mode & S_ISVTX && in.st_uid != geteuid();
}

/*
 * How an existing target is to be written, by what the tool does to such files; errno where that is unknown.
 * The names are those of lib/protocol/spec.ts `styles`.
 */
static int way_of_existing(struct target *t, const struct stat *is)
{
    struct stat meant = *is;
    if (S_ISLNK(is->st_mode) && stat(t->path, &meant)) return errno;
    if (S_ISDIR(meant.st_mode)) return EISDIR;
    if (!S_ISREG(meant.st_mode)) return ENODEV;
    if (!(meant.st_mode & S_IWUSR)) return EACCES;
    int file = open(t->path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    bool busy = file < 0 && errno == ETXTBSY; /* a running program: may be replaced, not written */
    if (file < 0 && !busy) return errno;
    bool sticky = sticky_refuses(t->path, is);
    mode_t standard = t->mode & 0777 & ~delivery.umask;
    if (t->style == ZC_STYLE_UNKNOWN && (!is_plain(is) || (is->st_mode & 07777) != standard || sticky || busy)) {
        if (file >= 0) close(file);
        return EEXIST;
    }
    bool in_place = sticky;
    if (t->style == ZC_STYLE_WRITE_THROUGH) in_place |= !is_plain(is) || is->st_uid != geteuid();
    if (in_place && busy) return ETXTBSY;
    t->way = in_place ? IN_PLACE : RENAME;
    if (t->style == ZC_STYLE_WRITE_THROUGH) t->mode = is->st_mode & 07777;
    t->file = file;
    return 0;
}

/* Forgets the temporary file; a signal's handler may look in between. */
static void drop_temp(struct target *t)
{
    char *temp = t->temp;
    t->temp = NULL;
    if (temp) unlink(temp);
    free(temp);
}

/* Writes what the target is to hold into the empty file `to`; false with errno. */
static bool fill(const struct target *t, int to)
{
    return t->held ? write_all(to, t->source, (size_t)t->size) : copy_file(t->blob, to, t->size);
}

/* Writes the temporary file; an errno. `keep_mode`: an existing file's mode and group, not the umask's. */
static int write_temp(struct target *t, bool keep_mode, gid_t group)
{
    int file = -1;
    for (int tries = 0;; tries++) {
        char *other = temp_name(t->path);
        if (!other) return ENOMEM;
        t->temp = other; /* a name that was taken is not ours to remove */
        file = open(t->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, keep_mode ? 0600 : t->mode & 0777);
        if (file >= 0) break;
        int problem = errno;
        t->temp = NULL;
        free(other);
        if (problem != EEXIST || tries == TEMP_TRIES) return problem;
    }
    int problem = 0;
    struct stat made;
    if (!fill(t, file)) problem = errno;
    if (!problem && keep_mode && fchmod(file, t->mode)) problem = errno;
    if (!problem && keep_mode && (fstat(file, &made) || made.st_gid != group)) problem = EPERM;
    if (close(file) && !problem) problem = errno;
    if (problem) drop_temp(t);
    return problem;
}

static int prepare_file(struct target *t)
{
    struct stat is = {0}, blob;
    t->size = (off_t)strlen(t->source);
    if (!t->held) {
        t->blob = open(t->source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (t->blob < 0 || fstat(t->blob, &blob)) return errno;
        if (!S_ISREG(blob.st_mode)) return EINVAL;
        t->size = blob.st_size;
    }
    if (t->size > LARGE_BYTES) become_interruptible();
    bool there = !lstat(t->path, &is);
    if (!there && errno != ENOENT) return errno;
    int problem = there ? way_of_existing(t, &is) : 0;
    if (problem) return problem;
    t->replaces = there;
    if (!there) t->way = RENAME;
    if (t->way == RENAME) {
        problem = write_temp(t, there && t->style == ZC_STYLE_WRITE_THROUGH, is.st_gid);
        bool refused = problem == EACCES || problem == EPERM || problem == EROFS;
        if (refused && there && t->file >= 0 && t->style != ZC_STYLE_UNKNOWN && !S_ISLNK(is.st_mode)) {
            t->way = IN_PLACE;
            problem = 0;
        }
    }
    if (t->way == IN_PLACE) return problem; /* both stay open until commit */
    if (t->blob >= 0) close(t->blob);
    if (t->file >= 0) close(t->file);
    t->file = -1;
    return problem;
}

static int prepare_link(struct target *t)
{
    struct stat is;
    if (!lstat(t->path, &is) && !S_ISREG(is.st_mode) && !S_ISLNK(is.st_mode)) return EEXIST;
    t->way = RENAME;
    if (!(t->temp = temp_name(t->path))) return ENOMEM;
    if (!symlink(t->source, t->temp)) return 0;
    int problem = errno;
    free(t->temp);
    t->temp = NULL;
    return problem;
}

static int prepare_folder(struct target *t)
{
    struct stat is;
    t->way = NOTHING;
    if (!stat(t->path, &is)) return S_ISDIR(is.st_mode) ? 0 : EEXIST;
    if (mkdir(t->path, t->mode & 07777)) return errno;
    t->way = NEW_FOLDER;
    t->temp = t->path;
    return 0;
}

/* Makes all temporary files; 0, or an errno with `*where` set to the path that refused (all is undone then). */
static int prepare(struct zc_items files, const char **where)
{
    struct zc_reader r = zc_items_reader(files);
    struct zc_file file;
    delivery.targets = calloc(files.count + 1, sizeof *delivery.targets);
    *where = "";
    if (!delivery.targets) return ENOMEM;
    for (uint32_t i = 0; i < files.count; i++) {
        struct target *t = &delivery.targets[i];
        if (!zc_get_file(&r, &file)) return EBADMSG;
        *t = (struct target){.style = file.style & ~(uint32_t)ZC_HELD_STYLE, .mode = file.mode, .blob = -1, .file = -1};
        t->path = zc_terminate(file.path);
        t->source = zc_terminate(file.source);
        t->held = file.style & ZC_HELD_STYLE;
        if (!t->path || !t->source || !*t->path) return EBADMSG;
        if (t->held && t->style > ZC_STYLE_UNKNOWN) return EBADMSG;
        if (t->style < ZC_STYLE_REPLACE || t->style > ZC_STYLE_LINK) return EBADMSG;
        delivery.count = (int)i + 1;
        int problem = t->style == ZC_STYLE_FOLDER ? prepare_folder(t)
            : t->style == ZC_STYLE_LINK           ? prepare_link(t)
                                                  : prepare_file(t);
        if (problem) {
            *where = t->path;
            undo();
            return problem;
        }
    }
    return 0;
}

static bool replay(int fd, struct zc_bytes text)
{
    return text.size == 0 || (!origin.closed[fd] && write_all(fd, text.at, text.size));
}

/* The texts; false: they could not be said. */
static bool replay_texts(const struct zc_hit *hit)
{
    if (hit->out.size || hit->err.size) become_interruptible(); /* who reads them may take his time */
    return replay(1, hit->out) && replay(hit->flags & ZC_HIT_ONE_OUTPUT ? 1 : 2, hit->err);
}

/*
 * Gives the temporary file its name; false with errno. The old file and the new one change places first: ext4 writes
 * a file's blocks to the disk before a rename over another, which is three quarters of what such a rename costs, and
 * no tool that writes the same object waits for the disk.
 */
static bool put_in_place(const struct target *t)
{
    if (!t->replaces || renameat2(AT_FDCWD, t->temp, AT_FDCWD, t->path, RENAME_EXCHANGE))
        return !rename(t->temp, t->path);
    if (!unlink(t->temp)) return true;
    int problem = errno; /* a folder has taken the name since we looked: it gets it back */
    renameat2(AT_FDCWD, t->temp, AT_FDCWD, t->path, RENAME_EXCHANGE);
    errno = problem;
    return false;
}

/* Puts everything in place; false: a target refused after all, and whoever comes next must write it. */
static bool commit(void)
{
    bool all = true;
    int count = delivery.count;
    for (int i = 0; i < count && all; i++) {
        struct target *t = &delivery.targets[i];
        if (t->way == RENAME) all = put_in_place(t);
        if (t->way == IN_PLACE) all = !ftruncate(t->file, 0) && fill(t, t->file) && !close(t->file);
        if (all) t->temp = NULL; /* nothing to undo here any more */
    }
    return all;
}

#endif
