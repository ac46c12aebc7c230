/*
 * Starting a daemon where none listens, as lib/daemon/start.ts does it, by the same lock, note and names. An engine
 * that is started only to start another takes 80 ms of each client that comes while there is none, and of a processor.
 *
 * Only the usual case is here. Whatever else is found (a cache that is not ours alone, one that has an owner, a daemon
 * that did not come a moment ago, or that ends again) is left to the engine, which knows them all and says which it is.
 *
 * The daemon gets nothing of us: a session, an environment, a folder and descriptors of its own. It is nobody's child,
 * because the tool that we run, or become, must not meet a child that it never started.
 */
#ifndef ZCCACHE_START_H
#define ZCCACHE_START_H

#include "commands.h"
#include "engine.h"
#include "places.h"
#include "wire.h"
#include <sys/socket.h>

enum { START_LOOK_MS = 2, MOST_LOG_BYTES = 1 << 20 };

/* What became of it: somebody listens, nobody does after as long a wait as a client may have, or it is the engine's. */
enum started { LISTENS, LATE, LEFT };

/* The descriptor of a connection to `path`, or -1 and errno. */
static int connection_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) > MOST_SOCKET_PATH) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !connect(fd, (struct sockaddr *)&address, sizeof address)) return fd;
    int problem = errno;
    close(fd);
    errno = problem;
    return -1;
}

/* A full backlog has somebody behind it. */
static bool answers(const char *path)
{
    int fd = connection_to(path);
    if (fd < 0) return errno == EAGAIN;
    close(fd);
    return true;
}

/* Whether a daemon may have this cache: it is ours alone, and nobody owns it, who would be one that listens elsewhere. */
static bool is_ownerless(void)
{
    char cache[PATH_MAX], path[PATH_MAX + 16];
    struct stat is;
    if (!find_cache(cache, false) || stat(cache, &is) || !is_our_folder(&is) || is.st_mode & 022) return false;
    snprintf(path, sizeof path, "%s/daemon.lock", cache);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool owned = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
    if (fd >= 0) close(fd);
    return !owned;
}

/* A folder's or socket's name in a variable, as it means the same in the daemon's folder. */
static char *from_anywhere(char *variable)
{
    static const char *const names[] = {"ZCCACHE_CACHE_DIR=", "ZCCACHE_ENDPOINT="};
    char cwd[PATH_MAX], *made;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (strncmp(variable, names[i], size) || variable[size] == '/' || !variable[size]) continue;
        if (getcwd(cwd, sizeof cwd) && asprintf(&made, "%s%s/%s", names[i], cwd, variable + size) >= 0) return made;
    }
    return variable;
}

/* What a daemon may know of our environment; NULL: no memory. */
static char **kept_environment(void)
{
    size_t count = 0;
    while (environ[count]) count++;
    char **made = calloc(count + 1, sizeof *made), **end = made;
    for (char **at = environ; made && *at; at++)
        for (size_t i = 0; i < sizeof zc_kept_variables / sizeof *zc_kept_variables; i++)
            if (!strncmp(*at, zc_kept_variables[i], strlen(zc_kept_variables[i]))) *end++ = from_anywhere(*at);
    return made;
}

/* Has the kernel close all but 0 to 2 when we become the daemon. */
static bool keep_no_descriptor(void)
{
    DIR *listing = opendir("/proc/self/fd");
    struct dirent *entry;
    while (listing && (entry = readdir(listing))) {
        int fd = (int)strtoull(entry->d_name, NULL, 10);
        if (fd > 2) fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return listing && !closedir(listing);
}

/* /dev/null and the log as 0 to 2. A log that has grown long begins anew. */
static bool take_streams(const char *log)
{
    struct stat is;
    int input = open("/dev/null", O_RDWR | O_CLOEXEC);
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (input < 0 || output < 0) return false;
    if (!fstat(output, &is) && is.st_size > MOST_LOG_BYTES) (void)!ftruncate(output, 0);
    return dup2(input, 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2;
}

/* Becomes the daemon, and tells its pid before; a byte more says that it could not. */
static _Noreturn void be_daemon(const char *log, int told)
{
    char *words[sizeof zc_daemon_words / sizeof *zc_daemon_words + 1] = {NULL};
    for (size_t i = 0; i < sizeof zc_daemon_words / sizeof *zc_daemon_words; i++) words[i] = (char *)zc_daemon_words[i];
    pid_t pid = getpid();
    sigset_t none;
    sigemptyset(&none);
    environ = kept_environment();
    bool ready = environ && !chdir("/") && take_streams(log) && keep_no_descriptor();
    setsid();
    umask(077);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (write(told, &pid, sizeof pid) == sizeof pid && ready) become_engine(words, (char *[]){NULL});
    (void)!write(told, "", 1);
    _exit(EXIT_NOT_EXECUTABLE);
}

/* The pid of a daemon that was started, or 0. */
static pid_t spawn_daemon(const char *log)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return 0;
    pid_t between = fork();
    if (between == 0) {
        if (fork() == 0) be_daemon(log, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    while (between > 0 && waitpid(between, NULL, 0) < 0 && errno == EINTR) continue;
    char text[sizeof(pid_t) + 1];
    size_t size = 0;
    for (ssize_t got; size < sizeof text;) {
        got = read(ends[0], text + size, sizeof text - size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size += (size_t)got;
    }
    close(ends[0]);
    pid_t pid = 0;
    if (size == sizeof pid) memcpy(&pid, text, sizeof pid);
    return pid;
}

/*
 * What is noted about a daemon that did not come: else each compile of a build would wait for one, or start one. That
 * it was late holds for engines, too. That it ended is ours alone: an engine may know better, and wait for another.
 */
static const char LATE_NOTE[] = "late", END_NOTE[] = "ended";

static void put_note(const char *base, const char *what)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s.start-%s", base, what);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return;
    (void)!write(fd, "", 1); /* also renews the time of an old note */
    close(fd);
}

/* Whether that was a moment ago. */
static bool is_noted(const char *base, const char *what)
{
    char path[PATH_MAX + 16];
    struct stat is;
    struct timespec now;
    snprintf(path, sizeof path, "%s.start-%s", base, what);
    if (stat(path, &is) || clock_gettime(CLOCK_REALTIME, &now)) return false;
    int64_t age = (now.tv_sec - is.st_mtim.tv_sec) * 1000 + (now.tv_nsec - is.st_mtim.tv_nsec) / 1000000;
    return age >= 0 && age < ZC_START_NOTE_MS;
}

/* Whether a process runs. One that has ended and that nobody has heard of, as under many a first process, has a pid. */
static bool is_running(pid_t pid)
{
    char name[32], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/%d/exe", (int)pid);
    return readlink(name, path, sizeof path) >= 0 || errno != ENOENT;
}

/* Waits for the daemon `pid`, or for one that another starts as long as that one holds the lock. */
static enum started wait_for(const char *socket, pid_t pid, int lock)
{
    int64_t until = zc_now_us() + ZC_START_WAIT_MS * 1000;
    do {
        bool over = pid ? !is_running(pid) : !flock(lock, LOCK_EX | LOCK_NB);
        if (answers(socket)) return LISTENS;
        if (over) return LEFT;
        poll(NULL, 0, START_LOOK_MS);
    } while (zc_now_us() < until);
    return LATE;
}

/* With the lock: another may have started a daemon meanwhile. */
static enum started start_with_lock(const char *socket, const char *base, int lock)
{
    char log[PATH_MAX + 16];
    snprintf(log, sizeof log, "%s.log", base);
    if (answers(socket)) return LISTENS;
    if (is_noted(base, LATE_NOTE) || is_noted(base, END_NOTE) || !is_ownerless()) return LEFT;
    if (!ftruncate(lock, 0)) dprintf(lock, "%d\n", (int)getpid());
    pid_t pid = spawn_daemon(log);
    enum started started = pid ? wait_for(socket, pid, lock) : LEFT;
    if (pid && started != LISTENS) put_note(base, started == LATE ? LATE_NOTE : END_NOTE);
    return started;
}

/* Starts a daemon, or waits for another's, at `socket` of MOST_SOCKET_PATH + 1 bytes. */
static enum started start_daemon(char *socket)
{
    char base[PATH_MAX], path[PATH_MAX + 16];
    if (!find_base(base, true) || !find_socket(socket)) return LEFT;
    snprintf(path, sizeof path, "%s.start", base);
    unpack_first();
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) return LEFT;
    bool ours = !flock(lock, LOCK_EX | LOCK_NB), held = !ours && errno == EWOULDBLOCK;
    enum started started = ours ? start_with_lock(socket, base, lock) : held ? wait_for(socket, 0, lock) : LEFT;
    close(lock);
    return started;
}

#endif
