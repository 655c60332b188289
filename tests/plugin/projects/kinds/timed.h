/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TIMED_H
#define TIMED_H

#include <stdlib.h>

#include "os/lib/stile.h"

/* Calls `function` so often, and says whether every answer was 42. The exit status. */
static inline int time_calls(int (*volatile function)(void), char** argv) {
    int right = 1;
    for (long i = 0, n = atol(argv[1]); i < n; ++i) {
        STILE_MARK(STILE_MARK_CALL_BEGIN, i, 0, 0);
        const int answer = function();
        STILE_MARK(STILE_MARK_CALL_END, i, 0, 0);
        right &= answer == 42;
    }
    STILE_MARK(STILE_MARK_CHECKED, right, 0, 0);
    return !right;
}

#endif
