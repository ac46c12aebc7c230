/*
 * The launcher and the trace record: as the one who starts a traced tool, and as a program inside somebody
 * else's trace.
 *
 * We are static, so no tracer can enter us. Inside a trace we therefore write down ourselves what it would have:
 * hello, the walk over PATH, and the program we become. There is no caching inside caching.
 */
#ifndef ZCCACHE_TRACED_H
#define ZCCACHE_TRACED_H

#include "become.h"
#include "elf_gate.h"
#include <limits.h>

/* Whether the tracer may be loaded into `tool`; maps the record that it will write. */
static bool may_trace(const char *tool, const char *record)
{
    static struct zc_gate gate;
    if (!zc_map(record)) return false;
    zc_gate_check(tool, &gate);
    return !gate.reason && !gate.errno_;
}

/* Tells the tracer which pipes stand for 1 and 2, so that it answers for the user's terminal there only. */
static void name_captures(const int *ends)
{
    for (int i = 0; i < 2; i++) {
        struct stat is;
        uint64_t inode = ends[i] >= 0 && !fstat(ends[i], &is) ? is.st_ino : 0;
        memcpy(&zc_record[ZC_H_CAPTURES + 2 * i], &inode, sizeof inode);
    }
}

/* What follows is for a launcher inside a trace; `inside.image` is 0 in any other. */
static struct {
    uint32_t image, ids;
    char cwd[PATH_MAX];
} inside;

static bool make_absolute(const char *path, char *absolute, size_t room)
{
    const char *before = *path == '/' ? "" : inside.cwd, *slash = *path == '/' ? "" : "/";
    return (*path == '/' || *before) && snprintf(absolute, room, "%s%s%s", before, slash, path) < (int)room;
}

/* An event whose payload holds a path at `payload[before]`, with new ids for it; NULL: it could not be written. */
static uint32_t *path_event(unsigned kind, unsigned answer, const char *path, size_t before, size_t after)
{
    char absolute[2 * PATH_MAX];
    const char *name;
    if (!make_absolute(path, absolute, sizeof absolute)) {
        zc_doubt(ZC_DOUBT_LOST_PATH);
        return NULL;
    }
    size_t length = strlen(absolute), folder = zc_split(absolute, length, &name);
    uint32_t id = ++inside.ids;
    if (!zc_define(ZC_E_DEFINE_FOLDER, inside.image, id, absolute, folder)) return NULL;
    if (!zc_define(ZC_E_DEFINE_NAME, inside.image, id, name, strlen(name))) return NULL;
    uint32_t *payload = zc_event(kind, answer, inside.image, 2 + before + 2 + after);
    if (payload) payload[before] = payload[before + 1] = id;
    return payload;
}

/* A name tried on PATH: absent, refused, or there and stepped over (0). */
static void note_candidate(const char *path, int problem)
{
    if (!inside.image) return;
    bool absent = problem == ENOENT || problem == ENOTDIR;
    path_event(absent ? ZC_E_ABSENT : problem ? ZC_E_REFUSED : ZC_E_PROBE, (unsigned)problem, path, 0, 0);
}

/* Joins the trace that ZCCACHE_TRACE_RECORD names. */
static void say_hello(const char *record)
{
    char own[PATH_MAX];
    if (!zc_map(record)) return; /* nobody hears of us: the run is incomplete, as it has to be */
    inside.image = zc_new_image();
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length > 0 ? length : 0] = 0;
    if (!getcwd(inside.cwd, sizeof inside.cwd)) inside.cwd[0] = 0;
    size_t cwd = strlen(inside.cwd);
    uint32_t *hello = path_event(ZC_E_HELLO, 0, own, 2, zc_text_words(cwd));
    if (!hello) return;
    hello[0] = (uint32_t)getpid();
    hello[1] = (uint32_t)getppid();
    zc_put_text(hello + 4, inside.cwd, cwd);
}

static void note_program(unsigned kind, unsigned answer, const char *path)
{
    uint32_t *payload = path_event(kind, answer, path, 1, 0);
    if (payload) payload[0] = (uint32_t)getpid();
}

/* Takes the tracer, the last of LD_PRELOAD, and the record out of the environment of what it cannot enter. */
static void leave_trace(void)
{
    char **to = environ;
    for (char **from = environ; *from; from++) {
        char *colon = strncmp(*from, "LD_PRELOAD=", 11) ? NULL : strrchr(*from, ':');
        if (colon) *colon = 0;
        else if (!strncmp(*from, "LD_PRELOAD=", 11)) continue;
        if (strncmp(*from, ZC_TRACE_VARIABLE "=", sizeof ZC_TRACE_VARIABLE)) *to++ = *from;
    }
    *to = NULL;
}

/* Writes down that we become the tool, as the tracer's exec hook does. */
static void note_becoming(void)
{
    static struct zc_gate gate;
    if (!inside.image) return;
    zc_gate_check(origin.tool, &gate);
    for (int i = 0; i < gate.scripts; i++) {
        uint32_t *payload = path_event(ZC_E_SCRIPT, 0, gate.script[i], 0, ZC_SIGNATURE_WORDS);
        if (payload) zc_put_signature(payload + 2, &gate.script_state[i]);
    }
    size_t length = strlen(gate.physical);
    if (length && strcmp(gate.physical, origin.tool)) { /* which program a link leads to is an input */
        uint32_t *payload = path_event(ZC_E_REAL_PATH, 0, origin.tool, 0, zc_text_words(length));
        if (payload) zc_put_text(payload + 2, gate.physical, length);
    }
    if (gate.reason) {
        note_program(ZC_E_UNGATED, gate.reason, origin.tool);
        zc_doubt(ZC_DOUBT_UNGATED);
        leave_trace();
        return;
    }
    note_program(ZC_E_EXEC, 0, origin.tool);
}

#endif
