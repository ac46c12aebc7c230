/*
 * Asks the decider what one run of a tool needs, then does it: HIT puts files in place and says the texts, RUN
 * runs the tool and reports, PASS becomes it.
 *
 *     launcher --socket PATH [--build HEX16] [--one-shot PID] -- TOOL ARGS...   as the engine starts it
 *     zccache [wrap] [--] TOOL ARGS...                                          called by its path
 *     TOOL ARGS...                                                              called by a tool's name
 *
 * With an empty PATH nobody is asked: the engine's way to run a tool without the cache.
 *
 * Every doubt is PASS too: no decider, another version, a short or mad frame, an unknown id, silence. pass() may be
 * called until the first rename or the first byte of output; so a HIT is read whole and every file of it is ready
 * under a temporary name before. Called by its path, it hands to the engine whatever is not a compile, and a compile
 * for which there is no daemon and none can be started.
 *
 * The conversation is lib/protocol/spec.ts. Functions stand in the order they run; what they do with files and
 * processes is in the headers of this folder.
 */
#define _GNU_SOURCE
#ifdef ZC_OWN_LIBC
#include "libc_start.h"
#endif
#include "asker.h"
#include "become.h"
#include "commands.h"
#include "deliver.h"
#include "engine.h"
#include "input.h"
#include "keep.h"
#include "places.h"
#include "protocol.h"
#include "run.h"
#include "sources.h"
#include "start.h"
#include "tool.h"
#include "traced.h"
#include <sys/socket.h>
#include <sys/un.h>

/* From connecting to the answer. A decision takes a millisecond, after a pause of the daemon's up to hundreds. */
#ifndef ZC_ANSWER_DEADLINE_MS
#define ZC_ANSWER_DEADLINE_MS 5000
#endif
/* Waiting for an equal run, or for a place to run; a decider that says "wait" for ever is none. */
#ifndef ZC_WAIT_LIMIT_MS
#define ZC_WAIT_LIMIT_MS 900000
#endif
/* From the report to the end: hashing a toolchain's first unit took 0.3 s; past this a build waits for nothing. */
#ifndef ZC_REPORT_DEADLINE_MS
#define ZC_REPORT_DEADLINE_MS 60000
#endif
/* All is staged and the record says so: whoever hears of it later than that loses nothing. */
#ifndef ZC_LEFT_DEADLINE_MS
#define ZC_LEFT_DEADLINE_MS 200
#endif

static struct {
    const char *socket;
    uint64_t build;
    bool by_path;
    bool by_tools_path; /* under a tool's name, by somebody who looked for it: without us that would have found the tool */
    pid_t engine; /* that decides for us alone, and is our parent; 0: a daemon decides */
    int decider;
    uint32_t ask_flags;
} self = {.decider = -1};

static int64_t in_ms(int64_t ms) { return zc_now_us() + ms * 1000; }

/* Not a compile: the engine's business. */
static _Noreturn void other_command(char **args)
{
    become_engine((char *[]){NULL}, args);
    dprintf(2, "zccache: Cannot start the engine: %s\n", engine.problem ? strerror(engine.problem)
        : "the file \"engine-path\" beside the launcher does not name it");
    _exit(EXIT_USAGE);
}

/* Whether a program of this name is ours by its name; by any other we stand for the tool that is called so. */
static bool is_our_name(const char *name) { return !strncmp(name, "zccache", 7) || !strcmp(name, "launcher"); }

static bool is_among(const char *word, const char *const *words, size_t count)
{
    while (count > 0)
        if (!strcmp(word, words[--count])) return true;
    return false;
}
#define IS_AMONG(word, words) is_among(word, words, sizeof words / sizeof *words)

/* As the engine calls us: our own options, then the tool. */
static char **own_options(char **at)
{
    for (; *at && strcmp(*at, "--"); at++) {
        if (!strcmp(*at, "--one-shot") && at[1]) self.engine = (pid_t)strtoull(*++at, NULL, 10);
        else if (!strcmp(*at, "--socket") && at[1]) self.socket = *++at;
        else if (!strcmp(*at, "--build") && at[1]) self.build = strtoull(*++at, NULL, 16);
    }
    return *at ? at + 1 : at;
}

/* As people call us: `wrap`, a bare tool, a build that no engine can attend, or something for the engine. */
static char **words_of_people(char **argv)
{
    char **at = argv + 1;
    bool is_tool = *at && (!strcmp(*at, "wrap") || (!strcmp(*at, "run") && !engine_can_start()));
    if (is_tool) at++;
    for (; *at && IS_AMONG(*at, zc_idle_words); at++) is_tool = true;
    bool is_ours = !*at || ((**at == '-' || IS_AMONG(*at, zc_commands)) && strcmp(*at, "--"));
    if (is_ours && !is_tool) other_command(argv + 1);
    if (*at && !strcmp(*at, "--")) return at + 1;
    if (*at && **at == '-') other_command(argv + 1);
    return at;
}

static void parse(char **argv)
{
    const char *slash = argv[0] ? strrchr(argv[0], '/') : NULL, *name = slash ? slash + 1 : argv[0];
    bool called_as_tool = name && !is_our_name(name);
    self.by_path = called_as_tool || !argv[0] || !argv[1] || strcmp(argv[1], "--socket");
    if (self.by_path) {
        know_engine();
        self.build = engine.build;
    }
    if (called_as_tool) argv[0] = (char *)name;
    self.by_tools_path = called_as_tool && slash;
    origin.argv = called_as_tool ? argv : self.by_path ? words_of_people(argv) : own_options(argv + 1);
    if (*origin.argv) return;
    dprintf(2, "zccache: Cannot wrap: no tool is named\n");
    _exit(EXIT_USAGE);
}

/* The engine knows what strict paths are; where it cannot start, the tool runs unchecked. */
static void check_paths(void)
{
    const char *mode = setting("ZCCACHE_STRICT_PATHS");
    if (!self.by_path || !mode || !strcasecmp(mode, "off") || !strcmp(mode, "0")) return;
    if (engine_can_take(origin.argv)) become_engine((char *[]){"wrap", "--", NULL}, origin.argv);
}

/* The engine decides in the daemon's place, or knows why there is none; `how` is a word for it. Else we pass. */
static _Noreturn void hand_to_engine(char *how)
{
    if (!self.by_path || !engine_can_take(origin.argv)) pass();
    if (how) become_engine((char *[]){"wrap", how, "--", NULL}, origin.argv);
    else become_engine((char *[]){"wrap", "--", NULL}, origin.argv);
    pass();
}

/* Nobody listens: has self.socket be where somebody does now. */
static void need_daemon(void)
{
    static char path[MOST_SOCKET_PATH + 1];
    const char *mode = setting("ZCCACHE_DAEMON");
    if (!self.by_path || !engine_can_take(origin.argv)) pass();
    if (is_on("ZCCACHE_NO_SPAWN") || (mode && !strcasecmp(mode, "off"))) hand_to_engine("--no-daemon");
    enum started started = start_daemon(path);
    if (started != LISTENS) hand_to_engine(started == LATE ? "--waited" : NULL);
    self.socket = path;
}

/* Whether somebody listens. A full backlog counts as doubt. */
static bool is_connected(void)
{
    self.decider = self.socket ? connection_to(self.socket) : -1;
    if (self.decider < 0 && self.socket && errno != ENOENT && errno != ECONNREFUSED) pass();
    return self.decider >= 0;
}

/* Connects, or passes; a peer of another user counts as doubt, too. */
static void dial(void)
{
    if (!is_connected()) {
        need_daemon();
        if (!is_connected()) hand_to_engine(NULL);
    }
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(self.decider, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != geteuid()) pass();
}

static struct zc_writer frame(uint16_t id)
{
    return zc_frame(ZC_PROTOCOL_VERSION, id, self.build, ZC_MAX_FRAME_BYTES + 4);
}

static bool send_frame(struct zc_writer *w, int64_t deadline)
{
    return zc_finish(w) && zc_send(self.decider, w->at, w->size, deadline);
}

/* The question, ready to be sent: a decider that hears of us shall not wait for it. */
static struct zc_writer question(void)
{
    char cwd[PATH_MAX];
    if (!getcwd(cwd, sizeof cwd) || cwd[0] != '/') pass(); /* removed, or out of reach of our root */
    struct zc_ask m = {.pid = (uint32_t)getpid(), .cwd = zc_text(cwd), .tool = zc_text(origin.tool)};
    delivery.umask = umask(0);
    umask(delivery.umask);
    m.umask = delivery.umask;
    m.flags = self.ask_flags = descriptor_facts(&m.window);
    know_root(&m);
    struct zc_writer words = {.most = ZC_MAX_FRAME_BYTES}, environment = {.most = ZC_MAX_FRAME_BYTES};
    for (char **at = origin.argv; *at; at++, m.argv.count++) zc_put_bytes(&words, zc_text(*at));
    for (char **at = environ; *at; at++) zc_put(&environment, *at, strlen(*at) + 1);
    m.argv.encoded = (struct zc_bytes){words.at, words.size};
    m.env = (struct zc_bytes){environment.at, environment.size};
    struct zc_writer w = frame(ZC_ASK);
    zc_put_ask(&w, &m);
    w.failed |= words.failed || environment.failed;
    free(words.at);
    free(environment.at);
    return w;
}

static uint16_t receive(struct zc_reader *r, int64_t deadline)
{
    return zc_receive(self.decider, ZC_PROTOCOL_VERSION, ZC_MAX_FRAME_BYTES, deadline, r);
}

/* The answer to our question. Meanwhile an equal run may be under way, whose result is worth waiting for. */
static uint16_t answer(struct zc_reader *r, int64_t deadline)
{
    int64_t most = in_ms(ZC_WAIT_LIMIT_MS);
    uint16_t id;
    while ((id = receive(r, deadline)) == ZC_WAIT) {
        struct zc_wait m;
        if (!zc_get_wait(r, &m)) pass();
        deadline = in_ms(m.ms);
        if (deadline > most) deadline = most;
    }
    return id;
}

/* Whether the decider does not decide for us because it sees other files by our names. */
static bool is_sent_away(struct zc_reader *r)
{
    static const char why[] = "pass_other_file_tree";
    struct zc_pass m;
    return zc_get_pass(r, &m) && m.outcome.size == sizeof why - 1 && !memcmp(m.outcome.at, why, sizeof why - 1);
}

/* Answers `read`, and takes the answer to that. */
static uint16_t answer_with_input(struct zc_reader *r)
{
    struct zc_read wanted;
    struct zc_input m = {0};
    struct zc_writer bytes;
    if (!zc_get_read(r, &wanted) || r->at != r->end || !hold_input(wanted.most, &m, &bytes)) pass();
    int64_t deadline = in_ms(ZC_ANSWER_DEADLINE_MS);
    struct zc_writer w = frame(ZC_INPUT);
    zc_put_input(&w, &m);
    free(bytes.at);
    if (!send_frame(&w, deadline)) pass();
    return answer(r, deadline);
}

/* Has the outputs staged where the decider wants them. Whatever goes wrong now only costs the result. */
static void report(const struct outcome *o)
{
    int64_t deadline = in_ms(ZC_REPORT_DEADLINE_MS);
    struct zc_report m = {.status = (uint32_t)o->status, .flags = o->flags, .wall_us = (uint64_t)o->wall_us};
    if (!(o->flags & ZC_REPORT_LOST_TEXT)) {
        m.out = (struct zc_bytes){o->texts[0].text.at, o->texts[0].text.size};
        m.err = (struct zc_bytes){o->texts[1].text.at, o->texts[1].text.size};
    }
    struct zc_writer w = frame(ZC_REPORT);
    struct zc_reader r;
    struct zc_keep keep;
    zc_put_report(&w, &m);
    if (!send_frame(&w, deadline) || receive(&r, deadline) != ZC_KEEP || !zc_get_keep(&r, &keep)) return;
    struct zc_kept kept = {stage_all(keep.files)};
    w = frame(ZC_KEPT);
    zc_put_kept(&w, &kept);
    if (send_frame(&w, deadline) && keep.wait) receive(&r, deadline);
}

/* The same where the run went as was foreseen: all is staged already. false: it did not. */
static bool report_foreseen(struct zc_items foreseen, const struct outcome *o)
{
    int64_t deadline = in_ms(ZC_LEFT_DEADLINE_MS);
    struct zc_left m = {.wall_us = (uint64_t)o->wall_us};
    struct zc_reader r;
    if (!foreseen.count || !is_silent(o) || !stage_foreseen(foreseen, m.wall_us, &m.files)) return false;
    struct zc_writer w = frame(ZC_LEFT);
    zc_put_left(&w, &m);
    if (send_frame(&w, deadline)) receive(&r, deadline);
    return true;
}

static _Noreturn void obey_run(struct zc_reader *r)
{
    struct zc_run m;
    struct outcome o = {0};
    if (!zc_get_run(r, &m) || r->at != r->end) pass();
    char **argv = extended_argv(m.extra), **environment = environ;
    const char *tracer = zc_terminate(m.tracer), *record = zc_terminate(m.record);
    if (!argv || !tracer || !record) pass();
    if (*tracer && !may_trace(origin.tool, record)) pass();
    if (*tracer && !(environment = traced_environment(tracer, record))) pass();
    struct orders orders = {self.ask_flags & ZC_ASK_ONE_OUTPUT, self.decider, m.priority, {{NULL}, NULL}};
    find_deploy(m.deploy, environment, &orders.deploy);
    if (!run(argv, environment, &orders, &o)) pass();
    if (!report_foreseen(m.foreseen, &o)) report(&o);
    end_as(o.status);
}

/* Says which target refuses; what the decider then wants is obeyed, if it is not another HIT. */
static _Noreturn void cannot(int problem, const char *path)
{
    int64_t deadline = in_ms(ZC_ANSWER_DEADLINE_MS);
    struct zc_cannot m = {(uint32_t)problem, zc_text(path)};
    struct zc_writer w = frame(ZC_CANNOT);
    struct zc_reader r;
    origin.cleanup = NULL;
    restore_signals();
    zc_put_cannot(&w, &m);
    if (!send_frame(&w, deadline) || receive(&r, deadline) != ZC_RUN) pass();
    obey_run(&r);
}

static _Noreturn void obey_hit(struct zc_reader *r)
{
    struct zc_hit m;
    const char *where;
    if (!zc_get_hit(r, &m) || r->at != r->end) pass();
    guard_delivery();
    int problem = prepare(m.files, &where);
    if (problem == EBADMSG) pass();
    if (problem) cannot(problem, where);
    if (!replay_texts(&m) || !commit()) pass();
    _exit((int)(m.status & 0xff));
}

static _Noreturn void ask_and_obey(void);

static _Noreturn void obey_parts(struct zc_reader *r)
{
    struct zc_parts m;
    if (!zc_get_parts(r, &m) || r->at != r->end) pass();
    close(self.decider);
    attend_each(m.sources, ask_and_obey);
}

/* Asks about origin.argv, and does what it is told. */
static _Noreturn void ask_and_obey(void)
{
    struct zc_reader r;
    struct zc_writer ask = question();
    dial();
    int64_t deadline = in_ms(ZC_ANSWER_DEADLINE_MS);
    if (!send_frame(&ask, deadline)) pass();
    uint16_t id = answer(&r, deadline);
    if (id == ZC_READ) id = answer_with_input(&r);
    if (id == ZC_HIT) obey_hit(&r);
    if (id == ZC_RUN) obey_run(&r);
    if (id == ZC_PARTS) obey_parts(&r);
    if (id == ZC_PASS && is_sent_away(&r)) hand_to_engine("--elsewhere");
    pass();
}

int main(int argc, char **argv)
{
    char path[MOST_SOCKET_PATH + 1];
    (void)argc;
    plug();
    parse(argv);
    if (self.engine) die_with(self.engine);
    const char *record = setting(ZC_TRACE_VARIABLE);
    if (record) say_hello(record);
    find_tool();
    if (self.by_tools_path) origin.argv[0] = (char *)origin.tool;
    if (record) note_becoming();
    if (record || is_on("ZCCACHE_DISABLE")) pass();
    check_paths();
    if (self.by_path && find_socket(path)) self.socket = path;
    if (!self.by_path && (!self.socket || !*self.socket)) pass();
    ask_and_obey();
}
