/*
 * The tracer: a library preloaded into a tool and its children that writes down what they ask of the system.
 *
 * It changes nothing that the tool can see: errno, descriptors, environment and output stay as they are without it.
 * What it writes stands in trace_format.h; how, in trace_core.h. The hooks are in the other headers, by subject.
 *
 * Built as one unit so that nothing but the hooks is visible: cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden.
 */
#define _GNU_SOURCE

/* glibc 2.34 moved dlsym; under its old version the library also loads where libc is older. */
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");

/* clang-format off: the order matters, each builds on the one before */
#include "trace_core.h"
#include "trace_files.h"
#include "trace_changes.h"
#include "trace_process.h"
#include "trace_facts.h"

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

__attribute__((constructor)) static void begin(void) {
    char **preload = NULL;
    for (char **entry = environ; entry && *entry;) {
        if (is_preload(*entry))
            preload = entry;
        if (is_record(*entry) && strlen(*entry) < sizeof me.record_entry) {
            strcpy(me.record_entry, *entry);
            take_out(entry);
        } else {
            entry++;
        }
    }
    if (!me.record_entry[0])
        return;
    for (char **entry = environ; entry && *entry; entry++)
        if (is_preload(*entry))
            preload = entry;
    if (preload)
        hide_preload(preload);
    int kept = errno;
    if (zc_map(me.record_entry + sizeof ZC_TRACE_VARIABLE)) {
        me.pid = (pid_t)zc_raw(SYS_getpid);
        me.image = zc_new_image();
        learn_cwd();
        say_hello();
        dl_iterate_phdr(note_library, NULL);
    }
    errno = kept;
}

__attribute__((destructor)) static void end(void) {
    KEEP_ERRNO(say_goodbye());
}
