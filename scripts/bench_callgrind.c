/*
 * Starts callgrind as valgrind's own launcher does, but as a static program: a library that is preloaded into the
 * program under callgrind, and into its children, is then not loaded into the launcher first. $BENCH_CALLGRIND is the tool.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char own[PATH_MAX];
    const char *tool = getenv("BENCH_CALLGRIND");
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    (void)argc;
    if (length < 0 || !tool) return 1;
    own[length] = 0;
    setenv("VALGRIND_LAUNCHER", own, 1); /* by this name it starts the children */
    execv(tool, argv);
    return 127;
}
