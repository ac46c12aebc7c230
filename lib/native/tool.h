/*
 * Which file a tool's name means: the walk over PATH, stepping over ourselves.
 *
 * We may lie on PATH under a compiler's name, as a copy, a link or a second installation; then the tool is the
 * next one. Known by device and inode, and by a note in the file. The folders in which we met ourselves leave
 * PATH for the tool: gcc looks for itself there, takes our folder as its prefix and finds no cc1.
 */
#ifndef ZCCACHE_TOOL_H
#define ZCCACHE_TOOL_H

#include "become.h"
#include <elf.h>
#include <limits.h>
#include <sys/stat.h>

/* The note by which other launchers and the tracer's gate know us: owner "zccache", type 1. */
#define NOTE_OWNER "zccache"
enum { NOTE_TYPE = 1, MOST_HEADERS = 64, MOST_NOTE_BYTES = 4096 };
__attribute__((section(".note.zccache"), used, aligned(4))) static const struct {
    uint32_t owner_size, text_size, type;
    char owner[8];
} note = {sizeof NOTE_OWNER, 0, NOTE_TYPE, NOTE_OWNER};

static bool note_in(const char *notes, size_t size)
{
    while (size >= 12) {
        uint32_t head[3];
        memcpy(head, notes, sizeof head);
        size_t owner = ((size_t)head[0] + 3) & ~(size_t)3, text = ((size_t)head[1] + 3) & ~(size_t)3;
        if (owner > size - 12 || text > size - 12 - owner) return false;
        if (head[0] == sizeof NOTE_OWNER && head[2] == NOTE_TYPE && !memcmp(notes + 12, NOTE_OWNER, head[0]))
            return true;
        notes += 12 + owner + text;
        size -= 12 + owner + text;
    }
    return false;
}

static bool segment_has_note(int fd, const Elf64_Phdr *segment)
{
    char notes[MOST_NOTE_BYTES];
    size_t size = segment->p_filesz < sizeof notes ? segment->p_filesz : sizeof notes;
    ssize_t got = pread(fd, notes, size, (off_t)segment->p_offset);
    return got > 0 && note_in(notes, (size_t)got);
}

/* Whether the open file is a launcher by its note. */
static bool has_note(int fd)
{
    Elf64_Ehdr file;
    if (pread(fd, &file, sizeof file, 0) != sizeof file || memcmp(file.e_ident, ELFMAG, SELFMAG)) return false;
    if (file.e_ident[EI_CLASS] != ELFCLASS64 || file.e_phentsize != sizeof(Elf64_Phdr)) return false;
    for (int i = 0; i < file.e_phnum && i < MOST_HEADERS; i++) {
        Elf64_Phdr segment;
        off_t at = (off_t)file.e_phoff + i * (off_t)sizeof segment;
        if (pread(fd, &segment, sizeof segment, at) != sizeof segment) return false;
        if (segment.p_type == PT_NOTE && segment_has_note(fd, &segment)) return true;
    }
    return false;
}

static bool is_ourselves(const char *path, const struct stat *candidate)
{
    struct stat own;
    if (!stat("/proc/self/exe", &own) && own.st_dev == candidate->st_dev && own.st_ino == candidate->st_ino)
        return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false; /* executable but not readable: certainly not built by us */
    bool found = has_note(fd);
    close(fd);
    return found;
}

/* Takes `length` bytes at `entry`, and one colon, out of PATH for whoever comes after us. */
static void leave_path(const char *entry, size_t length)
{
    for (char **at = environ; *at; at++) {
        if (strncmp(*at, "PATH=", 5)) continue;
        char *shorter = strdup(*at);
        if (!shorter) return;
        char *hole = shorter + (entry - *at), *rest = hole + length;
        if (*rest == ':') rest++;
        else if (hole > shorter + 5) hole--;
        memmove(hole, rest, strlen(rest) + 1);
        *at = shorter;
        return;
    }
}

/* Why a path cannot be executed: 0, or the errno. */
static int executable(const char *path, struct stat *found)
{
    if (stat(path, found)) return errno;
    if (!S_ISREG(found->st_mode)) return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}

/* The path of `name` in PATH, or NULL with errno ENOENT or EACCES. */
static const char *walk(const char *name)
{
    static char path[PATH_MAX];
    struct stat found;
    bool refused = false;
    const char *entry = getenv("PATH");
    if (!entry) entry = "/bin:/usr/bin"; /* what execvp does */
    while (entry) {
        size_t length = strcspn(entry, ":");
        const char *next = entry[length] ? entry + length + 1 : NULL;
        int size = snprintf(path, sizeof path, "%.*s%s%s", (int)length, entry, length ? "/" : "", name);
        int problem = size < (int)sizeof path ? executable(path, &found) : ENAMETOOLONG;
        if (problem == 0 && is_ourselves(path, &found)) {
            size_t left = next ? strlen(next) : 0;
            leave_path(entry, length);
            if (!next) break;
            const char *now = getenv("PATH");
            entry = now ? now + strlen(now) - left : NULL;
            continue;
        }
        if (problem == 0) return path;
        if (problem == EACCES) refused = true;
        entry = next;
    }
    errno = refused ? EACCES : ENOENT;
    return NULL;
}

/* Finds the tool of origin.argv, or ends with the line and status that a shell's users know. */
static void find_tool(void)
{
    const char *name = origin.argv[0];
    struct stat found;
    if (!strchr(name, '/')) {
        origin.tool = *name ? walk(name) : (errno = ENOENT, NULL);
        if (!origin.tool && errno == ENOENT) refuse(name, "not found on PATH", EXIT_NOT_FOUND);
        if (!origin.tool) refuse(name, "not executable", EXIT_NOT_EXECUTABLE);
        return;
    }
    int problem = executable(name, &found);
    if (problem == ENOENT || problem == ENOTDIR) refuse(name, "no such file", EXIT_NOT_FOUND);
    if (problem) refuse(name, "not executable", EXIT_NOT_EXECUTABLE);
    origin.tool = name;
}

#endif
