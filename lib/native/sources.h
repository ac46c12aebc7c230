/*
 * Our words, where they are not the user's: with some that the decider adds before them; or, of a compile of several
 * sources, with one of those, for a child of ours, one child after the other, as compilers go about it.
 *
 * Our words are ours as long as nothing was understood: sources that do not stand there once each are nonsense, and we
 * become the tool.
 */
#ifndef ZCCACHE_SOURCES_H
#define ZCCACHE_SOURCES_H

#include "become.h"
#include "protocol.h"

/* origin.argv with the words of `extra` before the user's own; NULL: they are no words. */
static char **extended_argv(struct zc_items extra)
{
    struct zc_reader r = zc_items_reader(extra);
    size_t count = 0;
    while (origin.argv[count]) count++;
    char **argv = calloc(count + extra.count + 1, sizeof *argv);
    if (!argv) return NULL;
    argv[0] = origin.argv[0];
    for (uint32_t i = 0; i < extra.count; i++)
        if (!(argv[1 + i] = zc_terminate(zc_get_bytes(&r)))) return NULL;
    memcpy(argv + 1 + extra.count, origin.argv + 1, (count - 1) * sizeof *argv);
    return argv;
}

/* Leaves out of our words the sources that are not `own`. */
static void keep_only(char *const *sources, size_t count, const char *own)
{
    char **to = origin.argv + 1;
    for (char **at = to; *at; at++) {
        bool leave = false;
        for (size_t i = 0; i < count; i++) leave |= sources[i] != own && !strcmp(*at, sources[i]);
        if (!leave) *to++ = *at;
    }
    *to = NULL;
}

static bool is_once_in_argv(const char *word)
{
    int times = 0;
    for (char **at = origin.argv + 1; word && *at; at++) times += !strcmp(*at, word);
    return times == 1;
}

/* How the compile of one source ended. Who ignores SIGCHLD would never hear of it, so we do not. */
static int attend_one(char *const *sources, size_t count, const char *own, void (*ask)(void))
{
    int status;
    pid_t us = getpid(), part = fork();
    if (part < 0) pass(); /* whatever was made is made again */
    if (part == 0) {
        die_with(us);
        restore_signals();
        keep_only(sources, count, own);
        ask();
    }
    while (waitpid(part, &status, 0) < 0)
        if (errno != EINTR) _exit(EXIT_NOT_EXECUTABLE);
    return status;
}

/* `ask` attends to origin.argv and does not return. One source that fails does not keep the next from being compiled. */
static _Noreturn void attend_each(struct zc_items items, void (*ask)(void))
{
    static const struct sigaction by_default = {.sa_handler = SIG_DFL};
    size_t count = items.count;
    struct zc_reader r = zc_items_reader(items);
    char **sources = count < 2 ? NULL : calloc(count, sizeof *sources);
    if (!sources) pass();
    for (size_t i = 0; i < count; i++)
        if (!is_once_in_argv(sources[i] = zc_terminate(zc_get_bytes(&r)))) pass();
    on_signal(SIGCHLD, &by_default);
    int worst = 0;
    for (size_t i = 0; i < count; i++) {
        int status = attend_one(sources, count, sources[i], ask);
        if (!WIFEXITED(status)) end_as(status);
        if (WEXITSTATUS(status) > worst) worst = WEXITSTATUS(status);
    }
    _exit(worst);
}

#endif
