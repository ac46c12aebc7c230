/*
 * What is run after a tool that succeeded (ZCCACHE_LINK_DEPLOY_CMD): a program with the linked file's path, inside the
 * same trace, so that what it makes is part of the result and what it reads is an input.
 *
 * Its texts are nobody's: a hit could not say them again. Its failure is told to the decider, never to the build.
 */
#ifndef ZCCACHE_DEPLOY_H
#define ZCCACHE_DEPLOY_H

#include "become.h"
#include "elf_gate.h"
#include "protocol.h"

struct deploy {
    char *argv[3]; /* program, linked file */
    char **environment;
};

static void be_deployer(const void *argument)
{
    const struct deploy *d = argument;
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++) dup2(nothing, fd);
    restore_signals();
    execve(d->argv[0], d->argv, d->environment);
    _exit(EXIT_NOT_FOUND);
}

/* Reads the two words of `run`; false: there is nothing to do. */
static bool find_deploy(struct zc_items words, char **environment, struct deploy *d)
{
    struct zc_reader r = zc_items_reader(words);
    if (words.count != 2) return false;
    *d = (struct deploy){.environment = environment};
    for (int i = 0; i < 2; i++)
        if (!(d->argv[i] = zc_terminate(zc_get_bytes(&r)))) return false;
    return true;
}

/* Whether what it does would be seen: a program that the tracer cannot enter is run, and the result not kept. */
static bool is_seen(const struct deploy *d)
{
    static struct zc_gate gate;
    if (d->environment == environ) return false;
    zc_gate_check(d->argv[0], &gate);
    return !gate.reason && !gate.errno_;
}

#endif
