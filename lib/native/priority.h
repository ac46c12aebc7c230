/*
 * How the tool runs beside others, where its user wants another place than ours: set in the child, so that nothing of
 * ours changes. What the system refuses (only root may go before others) stays as it is: the tool runs all the same.
 */
#ifndef ZCCACHE_PRIORITY_H
#define ZCCACHE_PRIORITY_H

#include "protocol.h"
#include <sys/syscall.h>
#include <unistd.h>

/* Called in the child. `nicer`: added to what was inherited; `storage`: class and level as for ioprio_set, 0: as it is. */
static void take_priority(uint32_t priority)
{
    static const struct { int nicer; unsigned storage; } places[] = {
        [ZC_PRIORITY_NORMAL] = {0, 0},
        [ZC_PRIORITY_LOW] = {10, 2u << 13 | 7}, /* best effort, the last of it */
        [ZC_PRIORITY_IDLE] = {19, 3u << 13},
        [ZC_PRIORITY_HIGH] = {-5, 0},
    };
    enum { OF_PROCESS = 0, SELF = 0, STORAGE_OF_PROCESS = 1, NICEST = 19, KERNEL_COUNTS_FROM = 20 };
    if (priority == ZC_PRIORITY_NORMAL || priority >= sizeof places / sizeof *places) return;
    long nice = KERNEL_COUNTS_FROM - syscall(SYS_getpriority, OF_PROCESS, SELF) + places[priority].nicer;
    syscall(SYS_setpriority, OF_PROCESS, SELF, nice > NICEST ? NICEST : nice);
    if (places[priority].storage) syscall(SYS_ioprio_set, STORAGE_OF_PROCESS, SELF, places[priority].storage);
}

#endif
