/*
 * RUN: the tool as our child, everything inherited, its texts copied on while it runs and kept for the report.
 *
 * We wait for the child, never for the end of its texts: something it left behind may hold them open for hours.
 * Then a relay of ours goes on copying, so that nobody is killed by a dead pipe. The child shares our process
 * group and terminal; what is sent to us alone is passed on; when we die it is told.
 */
#ifndef ZCCACHE_RUN_H
#define ZCCACHE_RUN_H

#include "become.h"
#include "copy.h"
#include "deploy.h"
#include "priority.h"
#include "protocol.h"
#include "traced.h"
#include <sys/prctl.h>

struct capture {
    int real, pipe; /* where the text belongs; our end, or -1 */
    bool gone, unwritable; /* the reader has left; an error that the tool itself has to meet: ENOSPC and the like */
    struct zc_writer text;
};
struct outcome {
    int status;
    uint32_t flags;
    int64_t wall_us;
    struct capture texts[2];
};
static volatile sig_atomic_t child;

/* The terminal's signals reach the child by themselves, what a process sends to our pid does not. */
static void forward(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    if (child > 0 && info->si_code <= 0) kill((pid_t)child, signal_number);
    errno = saved;
}

static void wake(int signal_number) { (void)signal_number; }

/* While the tool runs: pass on, live on, hear of its end; writing to a reader who left answers EPIPE. */
static void guard_run(void)
{
    static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    struct sigaction pass_on = {.sa_sigaction = forward, .sa_flags = SA_RESTART | SA_SIGINFO};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, wakes = {.sa_handler = wake};
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        on_signal_unless_ignored(passed_on[i], &pass_on);
    on_signal(SIGPIPE, &ignore);
    on_signal(SIGCHLD, &wakes);
}

/* environ with the tracer behind the user's own preloads and the record's name; NULL: no memory. */
static char **traced_environment(const char *tracer, const char *record)
{
    static const char preload[] = "LD_PRELOAD=";
    size_t count = 0;
    bool placed = false;
    while (environ[count]) count++;
    char **made = calloc(count + 3, sizeof *made), **end = made;
    if (!made) return NULL;
    for (char **at = environ; *at; at++) {
        *end = *at;
        if (!strncmp(*at, preload, sizeof preload - 1) && (placed = true))
            if (asprintf(end, "%s%s%s", *at, (*at)[sizeof preload - 1] ? ":" : "", tracer) < 0) return NULL;
        end++;
    }
    if (!placed && asprintf(end++, "%s%s", preload, tracer) < 0) return NULL;
    if (asprintf(end++, ZC_TRACE_VARIABLE "=%s", record) < 0) return NULL;
    return made;
}

/* What is to be run, and how. */
struct start {
    pid_t parent;
    const int *ends; /* the pipes' ends for 1 and 2, -1 = as it is; NULL: both are */
    char **argv, **environment;
    uint32_t priority;
};

static _Noreturn void be_child(const struct start *s)
{
    const int *ends = s->ends;
    die_with(s->parent);
    for (int i = 0; ends && i < 2; i++)
        if (ends[i] >= 0) dup2(ends[i], i + 1);
    restore_signals();
    take_priority(s->priority);
    exec_tool(s->argv, s->environment);
    if (errno == E2BIG) exec_tool(s->argv, environ); /* untraced, which the record shows by its silence */
    refuse_exec();
}

#ifndef ZC_OWN_LIBC
/* As libc_start.h does it without copying our memory. */
static pid_t start_process(void (*body)(const void *), const void *argument)
{
    pid_t pid = fork();
    if (pid == 0) body(argument);
    return pid;
}
#endif

static void be_started(const void *argument) { be_child(argument); }

/* Starts a child that is `body`. SIGCHLD stays blocked outside of waits. */
static bool start(void (*body)(const void *), const void *argument)
{
    sigset_t all;
    sigfillset(&all);
    change_mask(SIG_SETMASK, &all);
    sigset_t mine = origin.mask;
    pid_t pid = start_process(body, argument);
    child = pid;
    sigaddset(&mine, SIGCHLD);
    sigprocmask(SIG_SETMASK, &mine, NULL);
    return pid > 0;
}

/* Copies on what one read gives and keeps it; false: nothing there now, or the end (`pipe` is -1 then). */
static bool take(struct capture *c)
{
    static char piece[1 << 16];
    ssize_t got = read(c->pipe, piece, sizeof piece);
    if (got < 0 && errno == EINTR) return true;
    if (got < 0 && errno == EAGAIN) return false;
    bool write_on = got > 0 && !c->unwritable;
    if (got > 0) zc_put(&c->text, piece, (size_t)got);
    if (write_on && !write_all(c->real, piece, (size_t)got)) {
        if (errno == EPIPE) c->gone = true;
        else c->unwritable = true;
    }
    if (got > 0 && !c->gone) return true;
    close(c->pipe); /* with the reader gone, the tool's next write meets what it would have met */
    c->pipe = -1;
    return false;
}

/* Copies while the child runs; its wait status. */
static int attend(struct capture *texts)
{
    sigset_t waiting = origin.mask;
    sigdelset(&waiting, SIGCHLD);
    for (;;) {
        int status;
        pid_t got = waitpid((pid_t)child, &status, WNOHANG);
        if (got > 0) return status;
        if (got < 0 && errno != EINTR) return 1 << 8; /* cannot happen: the child is ours and SIGCHLD not ignored */
        struct pollfd fds[2] = {{texts[0].pipe, POLLIN, 0}, {texts[1].pipe, POLLIN, 0}};
        if (ppoll(fds, 2, NULL, &waiting) <= 0) continue;
        for (int i = 0; i < 2; i++)
            if (fds[i].revents) take(&texts[i]);
    }
}

/* Goes on copying for those who still write, as a process of its own. */
static void relay(struct capture *texts, int decider)
{
    if (fork() != 0) return;
    restore_signals();
    signal(SIGPIPE, SIG_IGN);
    close(decider);
    for (int i = 0; i < 2; i++)
        if (texts[i].pipe < 0) close(texts[i].real); /* whoever waits for its end shall not wait for us */
    close(0);
    while (texts[0].pipe >= 0 || texts[1].pipe >= 0) {
        struct pollfd fds[2] = {{texts[0].pipe, POLLIN, 0}, {texts[1].pipe, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR) break;
        for (int i = 0; i < 2; i++) {
            texts[i].text.size = 0; /* nobody keeps it any more */
            if (fds[i].revents && !take(&texts[i]) && texts[i].pipe < 0) close(texts[i].real);
        }
    }
    _exit(0);
}

/* Whether processes of the run live on. We are their reaper, so they are our children now. */
static bool left_behind(void)
{
    for (;;) {
        pid_t got = waitpid(-1, NULL, WNOHANG);
        if (got == 0) return true;
        if (got < 0 && errno != EINTR) return false;
    }
}

static bool has_children(void)
{
    siginfo_t info;
    return !waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG);
}

/* Pipes for 1 and 2; `ends` are the tool's. One pipe where both are one file; none where it was closed. */
static bool open_captures(struct capture *texts, int *ends, bool one)
{
    for (int i = 0; i < 2; i++) {
        texts[i] = (struct capture){.real = i + 1, .pipe = -1, .text = {.most = ZC_MAX_TEXT_BYTES}};
        ends[i] = -1;
        if (i == 1 && one) ends[1] = ends[0];
        if (origin.closed[i + 1] || (i == 1 && one)) continue;
        int both[2];
        if (pipe2(both, O_CLOEXEC)) return false;
        fcntl(both[0], F_SETFL, O_NONBLOCK);
        texts[i].pipe = both[0];
        ends[i] = both[1];
    }
    return true;
}

/* The tool met no error that it should have met: once more, with the user's own descriptors. */
static void run_again(char **argv, struct outcome *o)
{
    struct capture none[2] = {{.pipe = -1}, {.pipe = -1}};
    const struct start with = {.parent = getpid(), .argv = argv, .environment = environ};
    if (!start(be_started, &with)) return;
    o->status = attend(none);
    o->flags |= ZC_REPORT_RERUN;
    child = 0;
}

/* Runs what comes after the tool, if that succeeded and left the file. */
static void run_deploy(const struct deploy *d, struct outcome *o)
{
    struct capture none[2] = {{.pipe = -1}, {.pipe = -1}};
    if (!d->argv[0] || o->status || faccessat(AT_FDCWD, d->argv[1], F_OK, 0)) return;
    bool seen = is_seen(d);
    if (!start(be_deployer, d) || attend(none) || !seen) o->flags |= ZC_REPORT_DEPLOY_FAILED;
}

/* Whether the tool succeeded and said nothing, and there is nothing else to be told. */
static bool is_silent(const struct outcome *o)
{
    return !o->status && !o->flags && !o->texts[0].text.size && !o->texts[1].text.size;
}

struct orders {
    bool one_output;
    int decider;
    uint32_t priority;
    struct deploy deploy;
};

/* false: the tool could not be started, and nothing has happened. */
static bool run(char **argv, char **environment, const struct orders *orders, struct outcome *o)
{
    bool one_output = orders->one_output;
    int ends[2];
    bool unsure = has_children();
    if (!open_captures(o->texts, ends, one_output)) return false;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (zc_record) name_captures(ends);
    guard_run();
    int64_t started = zc_now_us();
    const struct start with = {getpid(), ends, argv, environment, orders->priority};
    if (!start(be_started, &with)) {
        prctl(PR_SET_CHILD_SUBREAPER, 0); /* outlives exec */
        return false;
    }
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0 && !(i == 1 && one_output)) close(ends[i]);
    o->status = attend(o->texts);
    run_deploy(&orders->deploy, o);
    child = 0; /* its number may soon be another's */
    o->wall_us = zc_now_us() - started;
    o->flags |= unsure ? ZC_REPORT_UNSURE_CHILDREN : left_behind() ? ZC_REPORT_LEFT_BEHIND : 0;
    bool again = false;
    for (int i = 0; i < 2; i++) {
        struct capture *c = &o->texts[i];
        while (c->pipe >= 0 && take(c)) continue;
        if (c->pipe >= 0) o->flags |= ZC_REPORT_LEFT_BEHIND;
        if (c->gone || c->unwritable || c->text.failed) o->flags |= ZC_REPORT_LOST_TEXT;
        again |= c->unwritable;
    }
    if (o->texts[0].pipe >= 0 || o->texts[1].pipe >= 0) relay(o->texts, orders->decider);
    if (again) run_again(argv, o);
    restore_signals();
    return true;
}

#endif
