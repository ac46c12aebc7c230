/*
 * What we were started with, and the ways to end as somebody else: pass() becomes the tool, end_as() ends as
 * the tool ended.
 *
 * Until something of ours shows (a rename, a byte of output), every doubt may end in pass(). For it to be exact
 * we change nothing of what a program inherits, or put it back: signal dispositions and mask, environment,
 * descriptors (ours are all close-on-exec, also those that plug a closed 0, 1 or 2).
 */
#ifndef ZCCACHE_BECOME_H
#define ZCCACHE_BECOME_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { EXIT_USAGE = 2, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

/* Signals whose disposition or delivery we touch at any time. */
static const int touched[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ, SIGCHLD};
enum { TOUCHED = sizeof touched / sizeof *touched };

static struct {
    struct sigaction actions[TOUCHED]; /* of the signals that we have changed */
    bool changed[TOUCHED], changed_mask;
    sigset_t mask;
    bool closed[3]; /* descriptor n was closed when we started, and is plugged */
    struct stat streams[3]; /* of the others */
    bool holds_input; /* standard input was read, and `input` holds what came */
    int input;
    const char *tool; /* as found; not NULL once pass() may be called */
    char **argv; /* the tool's, argv[0] as typed */
    void (*cleanup)(void); /* removes what must not stay behind when we stop in the middle */
} origin;

/* A socket or temporary file must never become somebody's stdout: each closed one of 0 to 2 gets /dev/null. */
static void plug(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (!fstat(fd, &origin.streams[fd])) continue;
        origin.closed[fd] = true;
        if (open("/dev/null", O_RDWR | O_CLOEXEC) < 0) (void)!open("/", O_PATH | O_CLOEXEC);
    }
}

/* The only way to change what a signal does, so that restore_signals() knows what it did. */
static void on_signal(int number, const struct sigaction *to)
{
    for (int i = 0; i < TOUCHED; i++) {
        if (touched[i] != number) continue;
        sigaction(number, to, origin.changed[i] ? NULL : &origin.actions[i]);
        origin.changed[i] = true;
    }
}

/* The same, where it was not ignored when we started: that stays. */
static void on_signal_unless_ignored(int number, const struct sigaction *to)
{
    on_signal(number, to);
    for (int i = 0; i < TOUCHED; i++)
        if (touched[i] == number && origin.actions[i].sa_handler == SIG_IGN)
            sigaction(number, &origin.actions[i], NULL);
}

static void change_mask(int how, const sigset_t *to)
{
    sigprocmask(how, to, origin.changed_mask ? NULL : &origin.mask);
    origin.changed_mask = true;
}

/* A child that shares our memory calls this too: nothing is forgotten here. */
static void restore_signals(void)
{
    for (int i = 0; i < TOUCHED; i++)
        if (origin.changed[i]) sigaction(touched[i], &origin.actions[i], NULL);
    if (origin.changed_mask) sigprocmask(SIG_SETMASK, &origin.mask, NULL);
}

/* One line on stderr, in the shape of all our errors, and the end. Only for tools that cannot be run. */
static _Noreturn void refuse(const char *name, const char *found, int status)
{
    dprintf(2, "zccache: Cannot run \"%s\": %s\n", name, found);
    _exit(status);
}

/* execve, and what every shell does with a script that has no #! line. Returns only where that failed. */
static void exec_tool(char **argv, char **environment)
{
    if (origin.holds_input) {
        lseek(origin.input, 0, SEEK_SET);
        dup2(origin.input, 0);
    }
    execve(origin.tool, argv, environment);
    if (errno != ENOEXEC) return;
    size_t count = 0;
    while (argv[count]) count++;
    char **shell = calloc(count + 2, sizeof *shell);
    if (!shell) return;
    shell[0] = "/bin/sh";
    shell[1] = (char *)origin.tool;
    for (size_t i = 1; i < count; i++) shell[i + 1] = argv[i];
    execve(shell[0], shell, environment);
    errno = ENOEXEC;
}

static _Noreturn void refuse_exec(void)
{
    refuse(origin.argv[0], strerror(errno), errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Has us die when `parent` dies, which it may have done already: who started us then waits for nobody any more. */
static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(EXIT_NOT_EXECUTABLE);
}

/* Becomes the tool. The one way out of every doubt; see the top of the file for when it is closed. */
static _Noreturn void pass(void)
{
    if (origin.cleanup) origin.cleanup();
    restore_signals();
    exec_tool(origin.argv, environ);
    refuse_exec();
}

/* Ends with the exit status or by the signal of a wait status, leaving no core of our own. */
static _Noreturn void end_as(int status)
{
    if (WIFSIGNALED(status)) {
        int signal = WTERMSIG(status);
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(signal, &standard, NULL);
        sigset_t only;
        sigemptyset(&only);
        sigaddset(&only, signal);
        sigprocmask(SIG_UNBLOCK, &only, NULL);
        kill(getpid(), signal);
        _exit(128 + signal);
    }
    _exit(WEXITSTATUS(status));
}

#endif
