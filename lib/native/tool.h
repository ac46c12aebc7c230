/*
 * Which file a tool's name means: the walk over PATH, stepping over ourselves.
 *
 * We may lie on PATH under a compiler's name, as a copy, a link or a second installation; then the tool is the
 * next one. Known by a note in the file. The folders in which we met ourselves leave
 * PATH for the tool: gcc looks for itself there, takes our folder as its prefix and finds no cc1.
 */
#ifndef ZCCACHE_TOOL_H
#define ZCCACHE_TOOL_H

#include "become.h"
#include "elf_gate.h"
#include "traced.h"
#include <limits.h>
#include <sys/stat.h>

/* The note by which other launchers and the tracer's gate (elf_gate.h) know us. */
enum { NOTE_TYPE = 1, MOST_HEADERS = 64 };
__attribute__((section(".note.zccache"), used, aligned(4))) static const struct {
    uint32_t owner_size, text_size, type;
    char owner[sizeof ZC_NOTE_OWNER];
} note = {sizeof ZC_NOTE_OWNER, 0, NOTE_TYPE, ZC_NOTE_OWNER};

/* Whether the open file is a launcher by its note, which stands in its first page like the table that leads there. */
static bool has_note(int fd)
{
    static char page[4096] __attribute__((aligned(16)));
    const Elf64_Ehdr *file = (const Elf64_Ehdr *)(const void *)page;
    ssize_t got = pread(fd, page, sizeof page, 0);
    if (got < (ssize_t)sizeof *file || memcmp(page, ELFMAG, SELFMAG) || file->e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    if (file->e_phentsize != sizeof(Elf64_Phdr) || file->e_phoff % 8 || file->e_phnum > MOST_HEADERS) return false;
    if (file->e_phoff + file->e_phnum * sizeof(Elf64_Phdr) > (size_t)got) return false;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(const void *)(page + file->e_phoff);
    for (int i = 0; i < file->e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type != PT_NOTE || s->p_offset >= (size_t)got) continue;
        size_t left = (size_t)got - s->p_offset;
        if (zc_notes_name(page + s->p_offset, s->p_filesz < left ? s->p_filesz : left, ZC_NOTE_OWNER, sizeof ZC_NOTE_OWNER))
            return true;
    }
    return false;
}

/* A copy, a link or another build of ours: all have the note. */
static bool is_ourselves(const char *path)
{
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
        if (problem) note_candidate(path, problem);
        if (problem == 0 && is_ourselves(path)) {
            note_candidate(path, 0);
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
    if (!is_ourselves(name)) return;
    /* We under the name of a tool, by a path of its own: the tool is the next one of that name. */
    origin.argv[0] = strrchr(name, '/') + 1;
    find_tool();
    origin.argv[0] = (char *)origin.tool;
}

#endif
