/*
 * Hooks on programs: fork, exec and spawn, with the gate before each start.
 *
 * Whatever environment a tool passes on, the child gets our two variables back if it can be entered, and is rid of them if
 * not: so the loader never prints, no program fails to start, and a program that escapes is known by name.
 */
#ifndef ZC_TRACE_PROCESS_H
#define ZC_TRACE_PROCESS_H

#include <pthread.h>
#include <spawn.h>

#include "trace_changes.h"

extern char **environ;

static bool is_child_by_vfork(void) { return (pid_t)zc_raw(SYS_getpid) != me.pid; }

/* --- hello and goodbye ------------------------------------------------------------------------------------------ */

static unsigned long long loaded_before; /* the loader's count of libraries when we last looked */

static int note_library(struct dl_phdr_info *info, size_t size, void *loaded) {
    (void)size;
    struct stat st;
    if (info->dlpi_adds == loaded_before)
        return 1;
    *(unsigned long long *)loaded = info->dlpi_adds;
    const char *name = info->dlpi_name; /* the program and the kernel's own have no folder in theirs */
    if (name && strchr(name, '/') && strcmp(name, me.library) != 0 && raw_stat(AT_FDCWD, name, &st, 0) == 0)
        note_signed(ZC_E_LIBRARY, AT_FDCWD, name, &st);
    return 0;
}

/* The libraries of this process, if there are new ones. dlopen itself is not hooked: it looks at its caller. */
static void note_libraries(void) {
    unsigned long long loaded = loaded_before;
    if (me.loader_unsafe)
        return;
    dl_iterate_phdr(note_library, &loaded);
    loaded_before = loaded;
}

/* Programs that look at what they have opened before they read it (trace_open.h): gcc's own. */
static bool looks_itself(const char *program) {
    static const char *const names[] = {"/cc1", "/cc1plus", "/cc1obj", "/cc1objplus"};
    const char *name = strrchr(program, '/');
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Compilers that search for headers, and keep the answer for a path as long as they run. */
static bool searches(const char *program) {
    const char *name = strrchr(program, '/');
    return looks_itself(program) || (name && strncmp(name, "/clang", 6) == 0);
}

static void say_hello(void) {
    char program[PATH_MAX];
    long got = zc_raw(SYS_readlink, "/proc/self/exe", program, sizeof program - 1);
    program[got > 0 ? got : 0] = 0;
    if (got <= 0)
        zc_doubt(ZC_DOUBT_LOST_PATH);
    me.looks_itself = looks_itself(program);
    me.searches = searches(program);
    if (!enter())
        return;
    struct ids ids;
    if (path_ids(AT_FDCWD, program, &ids)) {
        uint32_t *to = zc_event(ZC_E_HELLO, 0, me.image, 6 + zc_text_words(me.cwd_length));
        if (to) {
            to[0] = (uint32_t)me.pid, to[1] = (uint32_t)zc_raw(SYS_getppid);
            to[2] = ids.folder, to[3] = ids.name;
            zc_put_text(to + 4, me.cwd, me.cwd_length);
        }
    }
    leave();
}

static bool said_goodbye;

static void say_goodbye(void) {
    if (!zc_record || said_goodbye || is_child_by_vfork())
        return;
    said_goodbye = true;
    note_libraries();
    note_pid(ZC_E_GOODBYE, me.pid);
}

/*
 * Forks go through libc's handlers, which forkpty and daemon run too. Ours are registered first, so the lock is taken last
 * and given back first: no other handler runs under it. A child is another image with none of its parent's ids.
 */
static uintptr_t forking; /* the thread that forks under the lock */
static bool were_threads;

static void before_fork(void) {
    int kept = errno;
    struct stat st;
    if (zc_record && enter()) {
        /* The folder has a link for each thread, beside two. */
        were_threads = raw_stat(AT_FDCWD, "/proc/self/task", &st, 0) != 0 || st.st_nlink > 3;
        forking = lock_holder;
    }
    errno = kept;
}
static void after_fork(void) {
    if (forking && forking == this_thread()) {
        forking = 0;
        leave();
    }
}
static void begin_child(void) {
    if (!forking) /* a fork inside a question: a doubt is noted */
        return;
    int kept = errno;
    me.loader_unsafe = were_threads;
    forking = 0;
    me.pid = (pid_t)zc_raw(SYS_getpid);
    me.image = zc_new_image();
    said_goodbye = false;
    forget_all();
    leave();
    say_hello();
    note_pid(ZC_E_FORKED, me.pid);
    errno = kept;
}
/* Forks that run no handlers. */
UNMODELLED(pid_t, _Fork, (void), ())
HOOK int clone(int (*function)(void *), void *stack, int flags, void *argument, ...) {
    REAL(int (*)(int (*)(void *), void *, int, void *, ...), "clone")
    va_list list;
    va_start(list, argument);
    void *parent = va_arg(list, void *), *local = va_arg(list, void *), *child = va_arg(list, void *);
    va_end(list);
    if (flags & CLONE_VM)
        alone = asks_kernel = &never; /* libc does not know of it */
    if (!(flags & CLONE_THREAD))
        KEEP_ERRNO(note_odd("clone"));
    return real(function, stack, flags, argument, parent, local, child);
}
UNMODELLED(int, daemon, (int no_chdir, int no_close), (no_chdir, no_close))

/* --- the environment of a child --------------------------------------------------------------------------------- */

static bool is_preload(const char *entry) { return strncmp(entry, "LD_PRELOAD=", 11) == 0; }
static bool is_record(const char *entry) { return strncmp(entry, ZC_TRACE_VARIABLE "=", sizeof ZC_TRACE_VARIABLE) == 0; }

static size_t count_strings(char *const *list) {
    size_t count = 0;
    while (list && list[count])
        count++;
    return count;
}

/*
 * `from` with our variables (`inside`) or without them, into `to`, which has room for two more and the end. `preload`
 * has room for the user's value and ours.
 */
static void child_environment(char *const *from, bool inside, char **to, char *preload, size_t room) {
    const char *users = "";
    size_t n = 0;
    for (size_t i = 0; from && from[i]; i++) {
        if (is_preload(from[i]))
            users = from[i] + 11;
        else if (!is_record(from[i]))
            to[n++] = from[i];
    }
    /* Ours may stand at the end already, where a tool copied it from somewhere. */
    size_t length = strlen(users), own = strlen(me.library);
    if (length >= own && strcmp(users + length - own, me.library) == 0) {
        length -= own;
        while (length && users[length - 1] == ':')
            length--;
    }
    const char *colon = length ? ":" : "";
    if (inside && snprintf(preload, room, "LD_PRELOAD=%.*s%s%s", (int)length, users, colon, me.library) < (int)room) {
        to[n++] = preload;
        to[n++] = me.record_entry;
    } else if (length && snprintf(preload, room, "LD_PRELOAD=%.*s", (int)length, users) < (int)room) {
        to[n++] = preload;
    }
    to[n] = NULL;
}

/* --- before a program starts ------------------------------------------------------------------------------------ */

/* What execvp and posix_spawnp look for inside libc, noted; the program found, or false. */
static bool walk_path(const char *file, char *found) {
    const char *path = NULL;
    for (char **entry = environ; entry && *entry; entry++)
        if (strncmp(*entry, "PATH=", 5) == 0) {
            path = *entry + 5;
            break;
        }
    note_variable("PATH");
    if (!path)
        path = "/bin:/usr/bin";
    for (;;) {
        size_t length = strcspn(path, ":");
        int size = snprintf(found, PATH_MAX, "%.*s%s%s", (int)length, path, length ? "/" : "", file);
        if (size > 0 && size < PATH_MAX) {
            bool there = zc_raw(SYS_access, found, X_OK) == 0;
            note_answer(ZC_E_PROBE, AT_FDCWD, found, there);
            if (there)
                return true;
        }
        if (!path[length])
            return false;
        path += length + 1;
    }
}

/* Passes `program` through the gate and notes what came of it. Returns whether the tracer goes along. */
static bool may_enter(const char *program, pid_t pid) {
    struct zc_gate gate;
    zc_gate_check(program, &gate);
    for (int i = 0; i < gate.scripts; i++)
        note_signed(ZC_E_SCRIPT, AT_FDCWD, gate.script[i], &gate.script_state[i]);
    if (gate.physical[0] && strcmp(gate.physical, program) != 0) /* which program a link leads to is an input */
        note_text(ZC_E_REAL_PATH, AT_FDCWD, program, gate.physical, strlen(gate.physical));
    if (gate.errno_)
        return true; /* it will not start, which the caller sees */
    if (gate.reason) {
        zc_doubt(ZC_DOUBT_UNGATED);
        note_program(ZC_E_UNGATED, (int)gate.reason, pid, program);
    }
    return gate.reason == 0;
}

enum where { BY_PATH, ON_PATH };

/* What `file` starts, into `program`; false: nothing of that name is on PATH. */
static bool find_program(const char *file, enum where where, char *program) {
    if (where == ON_PATH && !strchr(file, '/'))
        return walk_path(file, program);
    strcpy(program, file);
    return true;
}

/* Room for the user's value and ours. */
#define PRELOAD_ROOM (3 * PATH_MAX)

typedef int (*execve_fn)(const char *, char *const[], char *const[]);

/* Every exec ends here. `where`: whether libc itself would look the name up on PATH. */
static int start_program(execve_fn real, const char *file, char *const argv[], char *const envp[], enum where where) {
    char program[PATH_MAX], *list[count_strings(envp) + 3], preload[PRELOAD_ROOM];
    int kept = errno;
    if (!zc_record || !file || !*file || strlen(file) >= sizeof program || !find_program(file, where, program)) {
        errno = kept;
        return real(file, argv, envp); /* fails */
    }
    pid_t pid = (pid_t)zc_raw(SYS_getpid);
    child_environment(envp, may_enter(program, pid), list, preload, sizeof preload);
    note_libraries();
    note_program(ZC_E_EXEC, 0, pid, program);
    errno = kept;
    int result = real(program, argv, list);
    KEEP_ERRNO(note_program(ZC_E_EXEC_FAILED, kept_, pid, program));
    if (where == ON_PATH && !strchr(file, '/') && errno != ENOEXEC && errno != E2BIG) {
        note_odd("a program on PATH that does not start"); /* libc may go on to the next folder */
        result = real(file, argv, envp);
    }
    return result;
}

HOOK int execve(const char *path, char *const argv[], char *const envp[]) {
    REAL(execve_fn, "execve")
    return start_program(real, path, argv, envp, BY_PATH);
}
HOOK int execv(const char *path, char *const argv[]) {
    REAL(execve_fn, "execve")
    return start_program(real, path, argv, environ, BY_PATH);
}
HOOK int execvpe(const char *file, char *const argv[], char *const envp[]) {
    REAL(execve_fn, "execvpe")
    return start_program(real, file, argv, envp, ON_PATH);
}
HOOK int execvp(const char *file, char *const argv[]) {
    REAL(execve_fn, "execvpe")
    return start_program(real, file, argv, environ, ON_PATH);
}
UNMODELLED(int, fexecve, (int fd, char *const argv[], char *const envp[]), (fd, argv, envp))
UNMODELLED(int, execveat, (int fd, const char *path, char *const argv[], char *const envp[], int flags),
           (fd, path, argv, envp, flags))

/* The words of execl and friends as a list on the stack. */
#define COLLECT(list, first)                                                                                           \
    va_list list##_args;                                                                                               \
    size_t list##_count = 1;                                                                                           \
    va_start(list##_args, first);                                                                                      \
    while (va_arg(list##_args, char *))                                                                                \
        list##_count++;                                                                                                \
    va_end(list##_args);                                                                                               \
    char *list[list##_count + 1];                                                                                      \
    memcpy(&list[0], &first, sizeof first);                                                                            \
    va_start(list##_args, first);                                                                                      \
    for (size_t i = 1; i <= list##_count; i++)                                                                         \
        list[i] = va_arg(list##_args, char *);

HOOK int execl(const char *path, const char *first, ...) {
    COLLECT(argv, first)
    va_end(argv_args);
    return execv(path, argv);
}
HOOK int execlp(const char *file, const char *first, ...) {
    COLLECT(argv, first)
    va_end(argv_args);
    return execvp(file, argv);
}
HOOK int execle(const char *path, const char *first, ...) {
    COLLECT(argv, first)
    char **envp = va_arg(argv_args, char **);
    va_end(argv_args);
    return execve(path, argv, envp);
}

typedef int (*spawn_fn)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                        char *const[], char *const[]);

static int spawn_program(spawn_fn real, pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                         const posix_spawnattr_t *attributes, char *const argv[], char *const envp[], enum where where) {
    char program[PATH_MAX], *list[count_strings(envp) + 3], preload[PRELOAD_ROOM];
    int kept = errno;
    if (!zc_record || !*file || strlen(file) >= sizeof program || !find_program(file, where, program)) {
        errno = kept;
        return real(pid, file, actions, attributes, argv, envp);
    }
    child_environment(envp, may_enter(program, 0), list, preload, sizeof preload);
    note_path(ZC_E_SPAWN, 0, AT_FDCWD, program);
    errno = kept;
    pid_t child = 0;
    int result = real(&child, program, actions, attributes, argv, list);
    if (result == 0) {
        KEEP_ERRNO(note_pid(ZC_E_SPAWNED, child));
        if (pid)
            *pid = child;
    } else {
        KEEP_ERRNO(errno = result; note_failure(AT_FDCWD, program));
    }
    return result;
}

#define SPAWN(name, where)                                                                                             \
    HOOK int name(pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *restrict actions,  \
                  const posix_spawnattr_t *restrict attributes, char *const argv[restrict],                            \
                  char *const envp[restrict]) {                                                                        \
        REAL(spawn_fn, #name)                                                                                          \
        return spawn_program(real, pid, file, actions, attributes, argv, envp, where);                                 \
    }
SPAWN(posix_spawn, BY_PATH)
SPAWN(posix_spawnp, ON_PATH)

/* Opens that libc makes in the child, before the program runs. */
HOOK int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd, const char *restrict path,
                                          int flags, mode_t mode) {
    REAL(int (*)(posix_spawn_file_actions_t *, int, const char *, int, mode_t), "posix_spawn_file_actions_addopen")
    int result = real(actions, fd, path, flags, mode);
    struct stat st;
    const struct stat *before = look_before(AT_FDCWD, path, &st);
    int kept = errno;
    if (zc_record && writes(flags))
        note_written(kind_of_write(flags, before), AT_FDCWD, path, before);
    else if (zc_record && raw_stat(AT_FDCWD, path, &st, 0) == 0)
        note_signed(ZC_E_OPEN_READ, AT_FDCWD, path, &st);
    else
        note_failure(AT_FDCWD, path);
    errno = kept;
    return result;
}
UNMODELLED(int, posix_spawn_file_actions_addchdir, (posix_spawn_file_actions_t * a, const char *path), (a, path))
UNMODELLED(int, posix_spawn_file_actions_addfchdir, (posix_spawn_file_actions_t * a, int fd), (a, fd))
UNMODELLED(int, posix_spawn_file_actions_addchdir_np, (posix_spawn_file_actions_t * a, const char *path), (a, path))
UNMODELLED(int, posix_spawn_file_actions_addfchdir_np, (posix_spawn_file_actions_t * a, int fd), (a, fd))
UNMODELLED(int, system, (const char *command), (command))
UNMODELLED(FILE *, popen, (const char *command, const char *mode), (command, mode))

/* Another view of the file system: paths mean something else from here on. */
UNMODELLED(int, chroot, (const char *path), (path))
UNMODELLED(int, unshare, (int flags), (flags))
UNMODELLED(int, setns, (int fd, int type), (fd, type))
UNMODELLED(int, mount, (const char *from, const char *to, const char *type, unsigned long flags, const void *data),
           (from, to, type, flags, data))
UNMODELLED(int, umount, (const char *path), (path))
UNMODELLED(int, umount2, (const char *path, int flags), (path, flags))
UNMODELLED(int, open_by_handle_at, (int fd, struct file_handle *handle, int flags), (fd, handle, flags))

HOOK void _exit(int status) {
    say_goodbye();
    for (;;)
        zc_raw(SYS_exit_group, status);
}
HOOK void _Exit(int status) { _exit(status); }
HOOK void quick_exit(int status) {
    REAL(void (*)(int), "quick_exit")
    say_goodbye();
    real(status);
    _exit(status);
}

#endif
