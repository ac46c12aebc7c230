/*
 * Events of each shape, written under the lock. A question is written once for each answer and epoch; a change of the file
 * system always, and it raises the epoch so that every process of the run asks anew.
 */
#ifndef ZC_TRACE_NOTE_H
#define ZC_TRACE_NOTE_H

#include "trace_paths.h"

/* Runs what follows and leaves errno as the tool has to find it; `kept_` holds it meanwhile. */
#define KEEP_ERRNO(...)       \
    do {                      \
        int kept_ = errno;    \
        __VA_ARGS__;          \
        errno = kept_;        \
    } while (0)

static void put_path(unsigned kind, int answer, struct ids ids) {
    uint32_t *to = zc_event(kind, (unsigned)answer, me.image, 4);
    if (to)
        to[0] = ids.folder, to[1] = ids.name;
}

/* An event of a path alone; asked once. */
static void note_path(unsigned kind, int answer, int dirfd, const char *path) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids) && first_time(kind, (unsigned)answer, ids, NULL))
        put_path(kind, answer, ids);
    leave();
}

static void put_signed(unsigned kind, struct ids ids, const struct stat *st) {
    uint32_t *to = zc_event(kind, 0, me.image, 4 + ZC_SIGNATURE_WORDS);
    if (to) {
        to[0] = ids.folder, to[1] = ids.name;
        zc_put_signature(to + 2, st);
    }
}

/* An event of a path with a signature; asked once while the signature is the same. */
static void note_signed(unsigned kind, int dirfd, const char *path, const struct stat *st) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids) && first_time(kind, 0, ids, st)) {
        put_signed(kind, ids, st);
        if (kind == ZC_E_OPEN_READ)
            remember_opened(ids, path);
    }
    leave();
}

/* A path was changed: removed, made as a folder, given another mode (`answer`: what). */
static void note_answered_change(unsigned kind, unsigned answer, int dirfd, const char *path) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids))
        put_path(kind, (int)answer, ids);
    raise_epoch();
    leave();
}
static void note_change(unsigned kind, int dirfd, const char *path) { note_answered_change(kind, 0, dirfd, path); }
static void note_change_of(unsigned what, int dirfd, const char *path) {
    note_answered_change(ZC_E_CHANGE, what, dirfd, path);
}

/* A file was opened for writing; `before`: its state just before, null where nothing was. */
static void note_written(unsigned kind, int dirfd, const char *path, const struct stat *before) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids)) {
        uint32_t *to = zc_event(kind, 0, me.image, 4 + ZC_SIGNATURE_WORDS);
        if (to) {
            to[0] = ids.folder, to[1] = ids.name;
            zc_put_signature(to + 2, before);
        }
    }
    raise_epoch();
    leave();
}

/* An event of a path and a text: readlink, realpath, symlink. */
static void note_text(unsigned kind, int dirfd, const char *path, const char *text, size_t length) {
    if (!zc_record || !path || !enter())
        return;
    struct ids ids;
    if (path_ids(dirfd, path, &ids) && (kind == ZC_E_SYMLINK || first_time(kind, 0, ids, NULL))) {
        uint32_t *to = zc_event(kind, 0, me.image, 4 + zc_text_words(length));
        if (to) {
            to[0] = ids.folder, to[1] = ids.name;
            zc_put_text(to + 2, text, length);
        }
    }
    if (kind == ZC_E_SYMLINK)
        raise_epoch();
    leave();
}

/* Two paths: rename (with the target's state before) and link. */
static void note_two(unsigned kind, int from_fd, const char *from, int to_fd, const char *to, const struct stat *before) {
    if (!zc_record || !from || !to || !enter())
        return;
    struct ids a, b;
    if (path_ids(from_fd, from, &a) && path_ids(to_fd, to, &b)) {
        uint32_t *event = zc_event(kind, 0, me.image, 6u + (kind == ZC_E_RENAME ? ZC_SIGNATURE_WORDS : 0u));
        if (event) {
            event[0] = a.folder, event[1] = a.name, event[2] = b.folder, event[3] = b.name;
            if (kind == ZC_E_RENAME)
                zc_put_signature(event + 4, before);
        }
    }
    raise_epoch();
    leave();
}

/* A fact without a path, noted once in each epoch. */
static void note_fact(unsigned kind, unsigned answer) {
    if (!zc_record || !enter())
        return;
    if (first_time(kind, answer, (struct ids){0, 0}, NULL))
        zc_event(kind, answer, me.image, 2);
    leave();
}

static void note_variable(const char *name) {
    if (!zc_record || !name || !enter())
        return;
    struct ids ids = {0, id_of_name(name, strlen(name))};
    if (ids.name != UINT32_MAX && ids.name != 0 && first_time(ZC_E_ENVIRONMENT, 0, ids, NULL)) {
        uint32_t *to = zc_event(ZC_E_ENVIRONMENT, 0, me.image, 3);
        if (to)
            to[0] = ids.name;
    }
    leave();
}

/* Something the model has no place for: the run will not be stored, and this text says why. */
static void note_odd(const char *what) {
    if (!zc_record || !enter())
        return;
    size_t length = strlen(what);
    uint32_t *to = zc_event(ZC_E_ODD, 0, me.image, 2 + zc_text_words(length));
    if (to)
        zc_put_text(to, what, length);
    leave();
}

static void note_pid(unsigned kind, pid_t pid) {
    if (!zc_record || !enter())
        return;
    uint32_t *to = zc_event(kind, 0, me.image, 3);
    if (to)
        to[0] = (uint32_t)pid;
    leave();
}

/* exec, exec_failed, ungated: a pid and a path. */
static void note_program(unsigned kind, int answer, pid_t pid, const char *path) {
    if (!zc_record || !enter())
        return;
    struct ids ids;
    if (path_ids(AT_FDCWD, path, &ids)) {
        uint32_t *to = zc_event(kind, (unsigned)answer, me.image, 5);
        if (to)
            to[0] = (uint32_t)pid, to[1] = ids.folder, to[2] = ids.name;
    }
    leave();
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static int raw_stat(int dirfd, const char *path, struct stat *st, int flags) {
    return (int)zc_raw(SYS_newfstatat, dirfd, path, st, flags);
}

/* The name of the last question is absent in its folder: begins an event that may grow. */
static __attribute__((noinline)) void begin_search(uint32_t folder, uint32_t name) {
    zc_begin_growing(ZC_E_ABSENT_IN, ENOENT, me.image, name, folder);
}

/* The same name as before, absent in one folder more. */
static void search_on(struct place *next) {
    recent.place = next;
    if (zc_growing.name != recent.name.id || !zc_grow(next->known.id))
        begin_search(next->known.id, recent.name.id);
}

/* Nothing is at a path with which no search goes on. A name that was never heard before was never asked for either: with it a
 * search may begin. */
static void put_absence(int dirfd, const char *path) {
    struct ids ids;
    uint32_t before = last_id;
    if (!other_ids(dirfd, path, &ids))
        return;
    bool is_new = ids.name / 2 > before;
    if (is_new)
        start = recent.place;
    if (!is_new && !first_time(ZC_E_ABSENT, ENOENT, ids, NULL))
        return; /* it is told already */
    if (ids.folder == 0)
        put_path(ZC_E_ABSENT, ENOENT, ids); /* the root folder's id would look like room that is not used */
    else
        begin_search(ids.folder, ids.name);
}

/* Nothing is at a path. `searches`: it may be that a search goes on. */
static __attribute__((noinline)) void note_absent(int dirfd, const char *path, bool searches) {
    if (!enter())
        return;
    struct place *next = searches ? next_in_search(dirfd, path) : NULL;
    if (next)
        search_on(next);
    else
        put_absence(dirfd, path);
    leave();
}

/*
 * A question answered with a failure: absent, or refused with its errno. The empty name says nothing of any file; ENOTDIR
 * may mean that the path itself is there and no folder.
 */
static void note_failure(int dirfd, const char *path) {
    int answer = errno;
    if (!zc_record || answer == EFAULT || !path || !*path)
        return;
    struct stat st;
    if (answer == ENOENT) {
        note_absent(dirfd, path, true);
    } else {
        bool absent = answer == ENOTDIR && raw_stat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) != 0;
        note_path(absent ? ZC_E_ABSENT : ZC_E_REFUSED, answer, dirfd, path);
    }
    errno = answer;
}

static void note_answer(unsigned kind, int dirfd, const char *path, bool yes) {
    if (!yes)
        note_failure(dirfd, path);
    else
        KEEP_ERRNO(note_path(kind, 0, dirfd, path));
}

/* Whether anything would be written over: a link to nothing does not show what becomes of a link to a file. */
static bool is_there(int dirfd, const char *path, struct stat *st) {
    struct stat end;
    if (raw_stat(dirfd, path, st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return !S_ISLNK(st->st_mode) || raw_stat(dirfd, path, &end, 0) == 0;
}

/* The state of a target just before it is written; null: nothing is there, or nobody asks. */
static const struct stat *look_before(int dirfd, const char *path, struct stat *st) {
    const struct stat *found = NULL;
    if (zc_record && path)
        KEEP_ERRNO(found = is_there(dirfd, path, st) ? st : NULL);
    return found;
}

/* Whether an address lies in a library, as loaded. */
static bool is_in(const struct dl_phdr_info *library, uintptr_t address) {
    for (size_t i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &library->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && address - library->dlpi_addr - part->p_vaddr < part->p_memsz)
            return true;
    }
    return false;
}

/* --- hooks ------------------------------------------------------------------------------------------------------ */

static void begin_once(void);

#define HOOK __attribute__((visibility("default")))
/*
 * libc's own function of that name, as `real`. Constructors of other libraries run before ours: the first call of any
 * hook begins the trace. A data pointer becomes a function pointer through memory, as POSIX has it.
 */
#define REAL(type, name)                                                                                               \
    static __typeof__(type) real;                                                                                      \
    if (!real) {                                                                                                       \
        begin_once();                                                                                                  \
        void *found_ = dlsym(RTLD_NEXT, name);                                                                         \
        memcpy(&real, &found_, sizeof found_);                                                                         \
    }

/* Calls whose questions or effects nobody sees: the run is not stored. */
#define UNMODELLED(result_type, name, parameters, arguments)                                                           \
    result_type name parameters;                                                                                       \
    HOOK result_type name parameters {                                                                                 \
        REAL(result_type(*) parameters, #name)                                                                         \
        KEEP_ERRNO(note_odd(#name));                                                                                   \
        return real arguments;                                                                                         \
    }

#endif
