/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/syscall.h>

#include "os/lib/stile.h"

long stile_run_on(unsigned core) {
    enum { WORD = 8 * sizeof(unsigned long) };
    unsigned long mask[1024 / WORD] = {0};
    if (core >= 1024) return -22; /* EINVAL */
    mask[core / WORD] = 1ul << core % WORD;
    return stile_syscall3(SYS_sched_setaffinity, 0, sizeof mask, (long)mask);
}
