/*
 * The tracer: a library preloaded into a tool and its children that writes down what they ask of the system.
 *
 * It changes nothing that the tool can see: errno, descriptors, environment and output stay as they are without it. That
 * a header is not in a folder it may hear some ms late (trace_sieve.h).
 * What it writes stands in trace_format.h; how, in trace_core.h and trace_note.h. The hooks are in the other headers, by
 * subject, each of which includes the one before.
 *
 * Built as one unit so that nothing but the hooks is visible: cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden.
 */
#define _GNU_SOURCE

/* glibc 2.34 moved dlsym; under its old version the library also loads where libc is older. */
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");

#include "trace_numbers.h"

/* Takes the entry at `at` out of environ by moving the rest: shells export an unsetenv of their own. */
static void take_out(char **at) {
    do
        at[0] = at[1];
    while (*at++);
}

/* Cuts our library off the end of LD_PRELOAD, in place; an entry that held nothing else goes. */
static void hide_preload(char **entry) {
    char *value = *entry + 11, *last = strrchr(value, ':');
    const char *own = last ? last + 1 : value;
    if (strlen(own) < sizeof me.library)
        strcpy(me.library, own);
    if (last)
        *last = 0;
    else
        take_out(entry);
}

/* Finds our variables and takes them away. */
static void take_variables(void) {
    for (char **entry = environ; *entry;) {
        if (is_record(*entry) && strlen(*entry) < sizeof me.record_entry) {
            strcpy(me.record_entry, *entry);
            take_out(entry);
        } else {
            entry++;
        }
    }
    char **preload = NULL;
    for (char **entry = environ; *entry; entry++)
        if (is_preload(*entry))
            preload = entry;
    if (preload && me.record_entry[0])
        hide_preload(preload);
}

static void begin_once(void) {
    static bool begun;
    if (begun || !environ)
        return;
    begun = true;
    int kept = errno;
    take_variables();
    if (me.record_entry[0] && zc_map(me.record_entry + sizeof ZC_TRACE_VARIABLE)) {
        make_tables_ready();
        learn_alone();
        me.pid = (pid_t)zc_raw(SYS_getpid);
        me.image = zc_new_image();
        learn_cwd();
        say_hello();
        note_libraries();
        pthread_atfork(before_fork, after_fork, begin_child);
    }
    errno = kept;
}

__attribute__((constructor)) static void begin(void) { begin_once(); }

__attribute__((destructor)) static void end(void) { KEEP_ERRNO(say_goodbye()); }
