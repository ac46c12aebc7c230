/*
 * Generated from lib/protocol/spec.ts by scripts/generate.ts; a test tells when it is not current.
 *
 * zc_get_* reads the fields of a frame in order; false: they are not all there. zc_put_* writes them.
 */
#ifndef ZCCACHE_PROTOCOL_H
#define ZCCACHE_PROTOCOL_H

#include "wire.h"

enum zc_limit {
    ZC_PROTOCOL_VERSION = 4,
    ZC_MAX_FRAME_BYTES = 67108864,
    ZC_MAX_TEXT_BYTES = 16777216,
    ZC_HELD_STYLE = 16,
};

enum zc_message {
    ZC_ASK = 1,
    ZC_HIT = 2,
    ZC_CANNOT = 3,
    ZC_RUN = 4,
    ZC_PASS = 5,
    ZC_PARTS = 15,
    ZC_REPORT = 6,
    ZC_KEEP = 7,
    ZC_KEPT = 8,
    ZC_LEFT = 16,
    ZC_DONE = 9,
    ZC_WAIT = 12,
    ZC_READ = 13,
    ZC_INPUT = 14,
    ZC_ADMIN = 10,
    ZC_ANSWER = 11,
};

enum zc_ask_flag {
    ZC_ASK_TTY0 = 1,
    ZC_ASK_TTY1 = 2,
    ZC_ASK_TTY2 = 4,
    ZC_ASK_ONE_OUTPUT = 8,
    ZC_ASK_STDIN_NULL = 16,
    ZC_ASK_STDIN_CLOSED = 32,
    ZC_ASK_STDOUT_CLOSED = 64,
    ZC_ASK_STDERR_CLOSED = 128,
};

enum zc_input_flag {
    ZC_INPUT_TOO_LONG = 1,
};

enum zc_hit_flag {
    ZC_HIT_ONE_OUTPUT = 1,
};

enum zc_report_flag {
    ZC_REPORT_LEFT_BEHIND = 1,
    ZC_REPORT_LOST_TEXT = 2,
    ZC_REPORT_UNSURE_CHILDREN = 4,
    ZC_REPORT_RERUN = 8,
    ZC_REPORT_DEPLOY_FAILED = 16,
};

enum zc_priority {
    ZC_PRIORITY_NORMAL = 0,
    ZC_PRIORITY_LOW = 1,
    ZC_PRIORITY_IDLE = 2,
    ZC_PRIORITY_HIGH = 3,
};

enum zc_style {
    ZC_STYLE_REPLACE = 1,
    ZC_STYLE_WRITE_THROUGH = 2,
    ZC_STYLE_UNKNOWN = 3,
    ZC_STYLE_FOLDER = 4,
    ZC_STYLE_LINK = 5,
};

struct zc_file {
    uint8_t style;
    uint32_t mode;
    struct zc_bytes path;
    struct zc_bytes source;
};
static inline bool zc_get_file(struct zc_reader *r, struct zc_file *m)
{
    m->style = zc_get_u8(r);
    m->mode = zc_get_u32(r);
    m->path = zc_get_bytes(r);
    m->source = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_file(struct zc_writer *w, const struct zc_file *m)
{
    zc_put_u8(w, m->style);
    zc_put_u32(w, m->mode);
    zc_put_bytes(w, m->path);
    zc_put_bytes(w, m->source);
}

struct zc_stage {
    struct zc_bytes path;
    struct zc_bytes to;
};
static inline bool zc_get_stage(struct zc_reader *r, struct zc_stage *m)
{
    m->path = zc_get_bytes(r);
    m->to = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_stage(struct zc_writer *w, const struct zc_stage *m)
{
    zc_put_bytes(w, m->path);
    zc_put_bytes(w, m->to);
}

struct zc_staged {
    uint32_t error;
    uint32_t mode;
    uint64_t size;
};
static inline bool zc_get_staged(struct zc_reader *r, struct zc_staged *m)
{
    m->error = zc_get_u32(r);
    m->mode = zc_get_u32(r);
    m->size = zc_get_u64(r);
    return !r->beyond;
}
static inline void zc_put_staged(struct zc_writer *w, const struct zc_staged *m)
{
    zc_put_u32(w, m->error);
    zc_put_u32(w, m->mode);
    zc_put_u64(w, m->size);
}

struct zc_ask {
    uint32_t pid;
    uint32_t flags;
    uint32_t umask;
    uint32_t window;
    uint64_t namespace;
    uint64_t root;
    struct zc_bytes cwd;
    struct zc_bytes tool;
    struct zc_items argv;
    struct zc_bytes env;
};
static inline bool zc_get_ask(struct zc_reader *r, struct zc_ask *m)
{
    m->pid = zc_get_u32(r);
    m->flags = zc_get_u32(r);
    m->umask = zc_get_u32(r);
    m->window = zc_get_u32(r);
    m->namespace = zc_get_u64(r);
    m->root = zc_get_u64(r);
    m->cwd = zc_get_bytes(r);
    m->tool = zc_get_bytes(r);
    m->argv.count = zc_get_u32(r);
    m->argv.encoded.at = r->at;
    for (uint32_t i = 0; i < m->argv.count && !r->beyond; i++) zc_get_bytes(r);
    m->argv.encoded.size = (size_t)(r->at - m->argv.encoded.at);
    m->env = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_ask(struct zc_writer *w, const struct zc_ask *m)
{
    zc_put_u32(w, m->pid);
    zc_put_u32(w, m->flags);
    zc_put_u32(w, m->umask);
    zc_put_u32(w, m->window);
    zc_put_u64(w, m->namespace);
    zc_put_u64(w, m->root);
    zc_put_bytes(w, m->cwd);
    zc_put_bytes(w, m->tool);
    zc_put_items(w, m->argv);
    zc_put_bytes(w, m->env);
}

struct zc_hit {
    uint32_t status;
    uint32_t flags;
    struct zc_bytes out;
    struct zc_bytes err;
    struct zc_items files;
};
static inline bool zc_get_hit(struct zc_reader *r, struct zc_hit *m)
{
    m->status = zc_get_u32(r);
    m->flags = zc_get_u32(r);
    m->out = zc_get_bytes(r);
    m->err = zc_get_bytes(r);
    m->files.count = zc_get_u32(r);
    m->files.encoded.at = r->at;
    for (uint32_t i = 0; i < m->files.count && !r->beyond; i++) { struct zc_file row; zc_get_file(r, &row); }
    m->files.encoded.size = (size_t)(r->at - m->files.encoded.at);
    return !r->beyond;
}
static inline void zc_put_hit(struct zc_writer *w, const struct zc_hit *m)
{
    zc_put_u32(w, m->status);
    zc_put_u32(w, m->flags);
    zc_put_bytes(w, m->out);
    zc_put_bytes(w, m->err);
    zc_put_items(w, m->files);
}

struct zc_cannot {
    uint32_t error;
    struct zc_bytes path;
};
static inline bool zc_get_cannot(struct zc_reader *r, struct zc_cannot *m)
{
    m->error = zc_get_u32(r);
    m->path = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_cannot(struct zc_writer *w, const struct zc_cannot *m)
{
    zc_put_u32(w, m->error);
    zc_put_bytes(w, m->path);
}

struct zc_run {
    struct zc_bytes tracer;
    struct zc_bytes record;
    struct zc_items extra;
    uint32_t priority;
    struct zc_items deploy;
    struct zc_items foreseen;
};
static inline bool zc_get_run(struct zc_reader *r, struct zc_run *m)
{
    m->tracer = zc_get_bytes(r);
    m->record = zc_get_bytes(r);
    m->extra.count = zc_get_u32(r);
    m->extra.encoded.at = r->at;
    for (uint32_t i = 0; i < m->extra.count && !r->beyond; i++) zc_get_bytes(r);
    m->extra.encoded.size = (size_t)(r->at - m->extra.encoded.at);
    m->priority = zc_get_u32(r);
    m->deploy.count = zc_get_u32(r);
    m->deploy.encoded.at = r->at;
    for (uint32_t i = 0; i < m->deploy.count && !r->beyond; i++) zc_get_bytes(r);
    m->deploy.encoded.size = (size_t)(r->at - m->deploy.encoded.at);
    m->foreseen.count = zc_get_u32(r);
    m->foreseen.encoded.at = r->at;
    for (uint32_t i = 0; i < m->foreseen.count && !r->beyond; i++) { struct zc_stage row; zc_get_stage(r, &row); }
    m->foreseen.encoded.size = (size_t)(r->at - m->foreseen.encoded.at);
    return !r->beyond;
}
static inline void zc_put_run(struct zc_writer *w, const struct zc_run *m)
{
    zc_put_bytes(w, m->tracer);
    zc_put_bytes(w, m->record);
    zc_put_items(w, m->extra);
    zc_put_u32(w, m->priority);
    zc_put_items(w, m->deploy);
    zc_put_items(w, m->foreseen);
}

struct zc_pass {
    struct zc_bytes outcome;
};
static inline bool zc_get_pass(struct zc_reader *r, struct zc_pass *m)
{
    m->outcome = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_pass(struct zc_writer *w, const struct zc_pass *m)
{
    zc_put_bytes(w, m->outcome);
}

struct zc_parts {
    struct zc_items sources;
};
static inline bool zc_get_parts(struct zc_reader *r, struct zc_parts *m)
{
    m->sources.count = zc_get_u32(r);
    m->sources.encoded.at = r->at;
    for (uint32_t i = 0; i < m->sources.count && !r->beyond; i++) zc_get_bytes(r);
    m->sources.encoded.size = (size_t)(r->at - m->sources.encoded.at);
    return !r->beyond;
}
static inline void zc_put_parts(struct zc_writer *w, const struct zc_parts *m)
{
    zc_put_items(w, m->sources);
}

struct zc_report {
    uint32_t status;
    uint32_t flags;
    uint64_t wall_us;
    struct zc_bytes out;
    struct zc_bytes err;
};
static inline bool zc_get_report(struct zc_reader *r, struct zc_report *m)
{
    m->status = zc_get_u32(r);
    m->flags = zc_get_u32(r);
    m->wall_us = zc_get_u64(r);
    m->out = zc_get_bytes(r);
    m->err = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_report(struct zc_writer *w, const struct zc_report *m)
{
    zc_put_u32(w, m->status);
    zc_put_u32(w, m->flags);
    zc_put_u64(w, m->wall_us);
    zc_put_bytes(w, m->out);
    zc_put_bytes(w, m->err);
}

struct zc_keep {
    uint32_t wait;
    struct zc_items files;
};
static inline bool zc_get_keep(struct zc_reader *r, struct zc_keep *m)
{
    m->wait = zc_get_u32(r);
    m->files.count = zc_get_u32(r);
    m->files.encoded.at = r->at;
    for (uint32_t i = 0; i < m->files.count && !r->beyond; i++) { struct zc_stage row; zc_get_stage(r, &row); }
    m->files.encoded.size = (size_t)(r->at - m->files.encoded.at);
    return !r->beyond;
}
static inline void zc_put_keep(struct zc_writer *w, const struct zc_keep *m)
{
    zc_put_u32(w, m->wait);
    zc_put_items(w, m->files);
}

struct zc_kept {
    struct zc_items files;
};
static inline bool zc_get_kept(struct zc_reader *r, struct zc_kept *m)
{
    m->files.count = zc_get_u32(r);
    m->files.encoded.at = r->at;
    for (uint32_t i = 0; i < m->files.count && !r->beyond; i++) { struct zc_staged row; zc_get_staged(r, &row); }
    m->files.encoded.size = (size_t)(r->at - m->files.encoded.at);
    return !r->beyond;
}
static inline void zc_put_kept(struct zc_writer *w, const struct zc_kept *m)
{
    zc_put_items(w, m->files);
}

struct zc_left {
    uint64_t wall_us;
    struct zc_items files;
};
static inline bool zc_get_left(struct zc_reader *r, struct zc_left *m)
{
    m->wall_us = zc_get_u64(r);
    m->files.count = zc_get_u32(r);
    m->files.encoded.at = r->at;
    for (uint32_t i = 0; i < m->files.count && !r->beyond; i++) { struct zc_staged row; zc_get_staged(r, &row); }
    m->files.encoded.size = (size_t)(r->at - m->files.encoded.at);
    return !r->beyond;
}
static inline void zc_put_left(struct zc_writer *w, const struct zc_left *m)
{
    zc_put_u64(w, m->wall_us);
    zc_put_items(w, m->files);
}

struct zc_done {
    struct zc_bytes outcome;
};
static inline bool zc_get_done(struct zc_reader *r, struct zc_done *m)
{
    m->outcome = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_done(struct zc_writer *w, const struct zc_done *m)
{
    zc_put_bytes(w, m->outcome);
}

struct zc_wait {
    uint32_t ms;
};
static inline bool zc_get_wait(struct zc_reader *r, struct zc_wait *m)
{
    m->ms = zc_get_u32(r);
    return !r->beyond;
}
static inline void zc_put_wait(struct zc_writer *w, const struct zc_wait *m)
{
    zc_put_u32(w, m->ms);
}

struct zc_read {
    uint32_t most;
};
static inline bool zc_get_read(struct zc_reader *r, struct zc_read *m)
{
    m->most = zc_get_u32(r);
    return !r->beyond;
}
static inline void zc_put_read(struct zc_writer *w, const struct zc_read *m)
{
    zc_put_u32(w, m->most);
}

struct zc_input {
    uint32_t flags;
    struct zc_bytes bytes;
};
static inline bool zc_get_input(struct zc_reader *r, struct zc_input *m)
{
    m->flags = zc_get_u32(r);
    m->bytes = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_input(struct zc_writer *w, const struct zc_input *m)
{
    zc_put_u32(w, m->flags);
    zc_put_bytes(w, m->bytes);
}

struct zc_admin {
    struct zc_bytes verb;
    struct zc_items args;
};
static inline bool zc_get_admin(struct zc_reader *r, struct zc_admin *m)
{
    m->verb = zc_get_bytes(r);
    m->args.count = zc_get_u32(r);
    m->args.encoded.at = r->at;
    for (uint32_t i = 0; i < m->args.count && !r->beyond; i++) zc_get_bytes(r);
    m->args.encoded.size = (size_t)(r->at - m->args.encoded.at);
    return !r->beyond;
}
static inline void zc_put_admin(struct zc_writer *w, const struct zc_admin *m)
{
    zc_put_bytes(w, m->verb);
    zc_put_items(w, m->args);
}

struct zc_answer {
    struct zc_bytes json;
};
static inline bool zc_get_answer(struct zc_reader *r, struct zc_answer *m)
{
    m->json = zc_get_bytes(r);
    return !r->beyond;
}
static inline void zc_put_answer(struct zc_writer *w, const struct zc_answer *m)
{
    zc_put_bytes(w, m->json);
}

#endif
