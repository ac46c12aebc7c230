/*
 * The engine: where it lies, and how to become it.
 *
 *     beside us    the file `engine-path` in our folder: first line its path, second line the build id
 *     behind us    dist/zccache is this launcher, then the engine; the stamp says where, so that nothing is read for it
 *
 * One that lies behind us is unpacked once for each build, whole or not at all, into the first of these folders
 * that lets it be executed; each is 0755 and ours, so that nobody else can put an engine there:
 *
 *     /tmp/zccache-<uid>-native   /var/tmp/zccache-<uid>-native   the folder of this executable
 */
#ifndef ZCCACHE_ENGINE_H
#define ZCCACHE_ENGINE_H

#include "become.h"
#include "copy.h"
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <sys/file.h>
#include <time.h>

/* Copying an engine takes tenths of a second; one who copies for longer than we wait is stopped or has a slow disk. */
enum { OLD_ENGINES_S = 14 * 24 * 3600, UNPACK_WAIT_MS = 5000, UNPACK_LOOK_MS = 10 };

/* Filled in by lib/native/compose.ts, in the file; what the compiler sees here says nothing. */
static const volatile struct {
    char mark[16], id[16];
    uint64_t offset, size;
} stamp = {.mark = "zccache engine"};

static struct {
    char self[PATH_MAX]; /* our own executable */
    char path[PATH_MAX]; /* of an engine beside us; empty: it is behind us, or there is none */
    char id[17]; /* build id */
    uint64_t build;
    off_t offset, size; /* of an engine behind us */
    int problem; /* errno of the first attempt that failed */
} engine;

/* Learns the name of our own file; false: the system does not tell. */
static bool learn_self(void)
{
    ssize_t length = readlink("/proc/self/exe", engine.self, sizeof engine.self - 1);
    engine.self[length > 0 ? length : 0] = 0;
    return engine.self[0] == '/';
}

static bool read_engine_path(void)
{
    char file[PATH_MAX + 16];
    if (!learn_self()) return false;
    char *slash = strrchr(engine.self, '/');
    snprintf(file, sizeof file, "%.*s/engine-path", (int)(slash - engine.self), engine.self);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    char text[PATH_MAX + 64];
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) close(fd);
    if (got <= 0) return false;
    text[got] = 0;
    char *second = text + strcspn(text, "\n");
    if (*second) {
        *second = 0;
        snprintf(engine.id, sizeof engine.id, "%.16s", second + 1);
    }
    if (text[0] != '/' || strlen(text) >= sizeof engine.path) return false;
    strcpy(engine.path, text);
    return true;
}

/* Learns where the engine is and which build it is; nothing is unpacked yet. */
static void know_engine(void)
{
    engine.offset = (off_t)stamp.offset;
    engine.size = (off_t)stamp.size;
    for (size_t i = 0; i < sizeof stamp.id; i++) engine.id[i] = stamp.id[i];
    if (engine.size || read_engine_path()) engine.build = strtoull(engine.id, NULL, 16);
}

/* Whether `path` is an engine that only we can have put there. */
static bool is_unpacked(const char *path)
{
    struct stat is;
    return !lstat(path, &is) && S_ISREG(is.st_mode) && is.st_uid == geteuid() && (is.st_mode & 07777) == 0755 &&
        is.st_size == engine.size;
}

static bool copy_engine(int to)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    off_t at = engine.offset, left = engine.size;
    while (from >= 0 && left > 0) {
        ssize_t done = copy_file_range(from, &at, to, NULL, (size_t)left, 0);
        if (done <= 0) break;
        left -= done;
    }
    static char piece[1 << 16];
    while (from >= 0 && left > 0) {
        ssize_t got = pread(from, piece, left < (off_t)sizeof piece ? (size_t)left : sizeof piece, at);
        if (got <= 0 || !write_all(to, piece, (size_t)got)) break;
        at += got, left -= got;
    }
    if (from >= 0) close(from);
    return left == 0 && !fchmod(to, 0755);
}

/* Engines of other builds that nobody unpacked lately. One that is in use lives on without its name. */
static void remove_old_engines(const char *folder)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;
    char path[PATH_MAX];
    struct stat is;
    while (listing && (entry = readdir(listing))) {
        if (strncmp(entry->d_name, "engine-", 7)) continue;
        bool fits = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path;
        if (fits && !lstat(path, &is) && is.st_mtime + OLD_ENGINES_S < time(NULL)) unlink(path);
    }
    if (listing) closedir(listing);
}

/*
 * The lock of those who unpack into `folder`: its descriptor, or -1 where the one who holds it takes too long. On a
 * file system without such locks everybody has it.
 */
static int lock_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int waited = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK; waited += UNPACK_LOOK_MS) {
        poll(NULL, 0, UNPACK_LOOK_MS);
        if (waited < UNPACK_WAIT_MS) continue;
        close(fd);
        errno = EAGAIN;
        return -1;
    }
    return fd;
}

/* Writes the engine beside `path` and renames it; false where that cannot be. */
static bool write_engine(const char *folder, const char *path)
{
    char made[PATH_MAX];
    if (snprintf(made, sizeof made, "%s.%d", path, (int)getpid()) >= (int)sizeof made) return false;
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    on_signal(SIGXFSZ, &ignored); /* a limit of file sizes is no reason to die */
    int fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0700);
    bool whole = fd >= 0 && copy_engine(fd);
    if (whole && !close(fd) && !rename(made, path)) {
        remove_old_engines(folder);
        return true;
    }
    if (!engine.problem) engine.problem = errno;
    if (fd >= 0) unlink(made);
    return false;
}

/*
 * Puts the engine at `path` in `folder`; false where that cannot be. Of many at once one writes and the others wait for
 * it: 64 copies filled a disk, and an engine whose file another one has replaced does not find itself while it starts.
 */
static bool unpack(const char *folder, const char *path)
{
    int lock = lock_folder(folder);
    bool there = lock >= 0 && (is_unpacked(path) || write_engine(folder, path));
    if (lock >= 0) close(lock);
    else if (!engine.problem) engine.problem = errno;
    return there;
}

/* A folder for engines, made where it is missing: ours, 0755, no link. */
static bool fit_folder(const char *folder)
{
    struct stat is;
    if (!mkdir(folder, 0755) && chmod(folder, 0755)) return false;
    return !lstat(folder, &is) && S_ISDIR(is.st_mode) && is.st_uid == geteuid() && !(is.st_mode & 022);
}

/* Whether Deno can start with this TMPDIR: it makes a URL of it first, and dies of what is none. */
static bool is_fit_temporary(const char *path)
{
    for (const char *at = path; *at; at++) {
        if (*at & 0x80) return false; /* it may be no UTF-8 */
        if (!strncmp(at, "/..", 3) && (at[3] == '/' || !at[3])) return false;
    }
    return *path == '/';
}

/* environ, or a copy in which an unfit TMPDIR bears a name under which the engine finds it and puts it back. */
static char **engine_environment(void)
{
    static const char name[] = "TMPDIR=";
    size_t count = 0, at = 0;
    while (environ[count]) count++;
    while (environ[at] && strncmp(environ[at], name, sizeof name - 1)) at++;
    if (!environ[at] || is_fit_temporary(environ[at] + sizeof name - 1)) return environ;
    char **made = calloc(count + 2, sizeof *made);
    if (!made) return environ;
    memcpy(made, environ, count * sizeof *made);
    made[at] = (char *)"TMPDIR=/tmp";
    if (asprintf(&made[count], "ZCCACHE_ENGINE_%s", environ[at]) < 0) return environ;
    return made;
}

/*
 * Whether the engine can live where we are, under our limits, which are the tool's and stay as they are: it would die
 * of them with words of its own. V8 reserves address space, its main thread was seen to overflow 256 KB, a record has
 * 8 MiB, some 20 threads start, and a one-shot needs some 20 descriptors beside those that we were given. How many
 * processes a user has nobody tells; only who has a low limit comes near it. Without /proc no engine finds itself.
 */
static bool engine_can_start(void)
{
    static const struct { int resource; rlim_t least; } needs[] = {
        {RLIMIT_AS, RLIM_INFINITY}, {RLIMIT_DATA, RLIM_INFINITY}, {RLIMIT_STACK, 1 << 20}, {RLIMIT_FSIZE, 64 << 20},
        {RLIMIT_NPROC, 1024}};
    /* The loader would print in the engine, too, or load there what prints; with these nothing is kept anyway. */
    static const char *const loud[] = {"LD_AUDIT", "LD_DEBUG", "LD_SHOW_AUXV", "LD_TRACE_LOADED_OBJECTS"};
    enum { DESCRIPTORS = 64 };
    struct rlimit limit;
    for (size_t i = 0; i < sizeof loud / sizeof *loud; i++)
        if (getenv(loud[i])) return false;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (getrlimit(needs[i].resource, &limit) || limit.rlim_cur < needs[i].least) return false;
    if (getrlimit(RLIMIT_NOFILE, &limit) || !learn_self()) return false;
    rlim_t unused = 0;
    for (rlim_t fd = 0; fd < limit.rlim_cur && unused < DESCRIPTORS; fd++)
        if (fcntl((int)fd, F_GETFD) < 0) unused++;
    return unused >= DESCRIPTORS;
}

static bool is_utf8(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        int more = *at < 0x80 ? 0 : *at >= 0xc2 && *at < 0xe0 ? 1 : *at >= 0xe0 && *at < 0xf0 ? 2
            : *at >= 0xf0 && *at < 0xf5 ? 3 : -1;
        if (more < 0) return false;
        for (at++; more > 0; more--, at++)
            if ((*at & 0xc0) != 0x80) return false;
    }
    return true;
}

/* Whether the engine can start and be given these words: it reads UTF-8. */
static bool engine_can_take(char **words)
{
    for (; *words; words++)
        if (!is_utf8(*words)) return false;
    return engine_can_start();
}

static void execute_engine(const char *path, char **argv)
{
    argv[0] = (char *)path;
    restore_signals();
    execve(path, argv, engine_environment());
    if (!engine.problem) engine.problem = errno;
}

/* Has the engine lie in `folder`, and its name in `path` of PATH_MAX bytes. */
static bool unpack_to(const char *folder, char *path)
{
    if (!fit_folder(folder)) return false;
    if (snprintf(path, PATH_MAX, "%s/engine-%s", folder, engine.id) >= PATH_MAX) return false;
    return is_unpacked(path) || unpack(folder, path);
}

static void execute_from(const char *folder, char **argv)
{
    char path[PATH_MAX];
    if (unpack_to(folder, path)) execute_engine(path, argv);
}

/* Temporary folders for engines, the first choice first. */
static const char *temporary_folder(size_t i, char *folder)
{
    static const char *const temporary[] = {"/tmp", "/var/tmp"};
    if (i >= sizeof temporary / sizeof *temporary) return NULL;
    snprintf(folder, PATH_MAX, "%s/zccache-%u-native", temporary[i], (unsigned)geteuid());
    return folder;
}

/* Has an engine that lies behind us be unpacked, which may take as long as it takes, before somebody is waited for. */
static void unpack_first(void)
{
    char folder[PATH_MAX], path[PATH_MAX];
    for (size_t i = 0; engine.size && !*engine.path && temporary_folder(i, folder); i++)
        if (unpack_to(folder, path)) return;
}

/* Becomes the engine with `words` before `args`; returns where there is none, or none that can be executed. */
static void become_engine(char **words, char **args)
{
    size_t count = 0, before = 0;
    while (args[count]) count++;
    while (words[before]) before++;
    char **argv = calloc(count + before + 2, sizeof *argv), folder[PATH_MAX];
    if (!argv) return;
    memcpy(argv + 1, words, before * sizeof *argv);
    memcpy(argv + 1 + before, args, count * sizeof *argv);
    if (*engine.path) execute_engine(engine.path, argv);
    if (!engine.size) return;
    for (size_t i = 0; temporary_folder(i, folder); i++) execute_from(folder, argv);
    if (!learn_self()) return;
    memcpy(folder, engine.self, sizeof folder);
    *strrchr(folder, '/') = 0;
    execute_from(folder, argv);
}

#endif
