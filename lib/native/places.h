/*
 * Where the daemon listens, for a launcher that is called by its path.
 *
 *     socket    ZCCACHE_ENDPOINT, else <runtime>/<name>.sock
 *     runtime   $XDG_RUNTIME_DIR/zccache where that variable is absolute, names a folder of ours and the socket's
 *               path fits sockaddr_un, else /tmp/zccache-<uid>; 0700, ours, no symbolic link, else it is not used
 *     name      16 hex digits: FNV-1a (64 bits) of "<real path of the cache>\0<protocol version in decimal>"
 *     beside it <runtime>/<name>.start, the lock of whoever starts a daemon, and .log
 *     cache     ZCCACHE_CACHE_DIR, else $HOME/.zccache where HOME is absolute and ours
 *
 * lib/daemon/places.ts derives the same; a test compares the two. Without HOME only the engine can tell where the
 * cache is (a static program has no getpwuid).
 */
#ifndef ZCCACHE_PLACES_H
#define ZCCACHE_PLACES_H

#include "protocol.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST_SOCKET_PATH = sizeof ((struct sockaddr_un *)0)->sun_path - 1 };

/* The value of a variable; NULL where it is unset or empty. */
static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool is_on(const char *name)
{
    static const char *const words[] = {"1", "true", "yes", "on"};
    const char *value = setting(name);
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(value, words[i])) return true;
    return false;
}

static uint64_t fnv1a(const char *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3;
    return hash;
}

static bool is_our_folder(const struct stat *is) { return S_ISDIR(is->st_mode) && is->st_uid == geteuid(); }

/* The real path of the cache folder, made where `make` says so; false: there is none, or only the engine can tell. */
static bool find_cache(char *path, bool make)
{
    char named[PATH_MAX];
    const char *chosen = setting("ZCCACHE_CACHE_DIR"), *home = setting("HOME");
    struct stat is;
    if (chosen) {
        if (make) mkdir(chosen, 0700);
        return realpath(chosen, path);
    }
    if (!home || *home != '/' || stat(home, &is) || !is_our_folder(&is)) return false;
    if (snprintf(named, sizeof named, "%s/.zccache", home) >= (int)sizeof named) return false;
    if (make) mkdir(named, 0700);
    return realpath(named, path);
}

/*
 * "<runtime>/<name>" into `path` of PATH_MAX bytes, and the folders made where `make` says so, but not their parents;
 * false: no daemon can be there.
 */
static bool find_base(char *path, bool make)
{
    const char *offered = setting("XDG_RUNTIME_DIR");
    char cache[PATH_MAX + 16], folder[PATH_MAX];
    if (!find_cache(cache, make)) return false;
    size_t size = strlen(cache) + 1;
    size += (size_t)snprintf(cache + size, sizeof cache - size, "%d", ZC_PROTOCOL_VERSION);
    unsigned long long name = fnv1a(cache, size);
    struct stat is;
    bool fits = offered && *offered == '/' && !stat(offered, &is) && is_our_folder(&is) &&
        snprintf(path, PATH_MAX, "%s/zccache/%016llx.sock", offered, name) <= MOST_SOCKET_PATH;
    if (fits) snprintf(folder, sizeof folder, "%s/zccache", offered);
    else snprintf(folder, sizeof folder, "/tmp/zccache-%u", (unsigned)geteuid());
    if (make) mkdir(folder, 0700);
    if (lstat(folder, &is) || !is_our_folder(&is) || is.st_mode & 077) return false;
    return snprintf(path, PATH_MAX, "%s/%016llx", folder, name) < PATH_MAX;
}

/* The socket's path into `path` of MOST_SOCKET_PATH + 1 bytes; false: no daemon can be there. */
static bool find_socket(char *path)
{
    enum { ROOM = MOST_SOCKET_PATH + 1 };
    char base[PATH_MAX];
    const char *endpoint = setting("ZCCACHE_ENDPOINT");
    if (endpoint) return snprintf(path, ROOM, "%s", endpoint) < ROOM;
    return find_base(base, false) && snprintf(path, ROOM, "%s.sock", base) < ROOM;
}

#endif
