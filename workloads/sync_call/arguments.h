/* SPDX-License-Identifier: Apache-2.0
 *
 * MECHANISM SIZE TOUCH POLICY, the arguments that client and server have in common. The server that is
 * started by the client gets the handover as a fifth one; the client has WARMUP REPETITIONS [SERVER-PATH]
 * after them.
 */
#ifndef STILE_WORKLOADS_SYNC_CALL_ARGUMENTS_H
#define STILE_WORKLOADS_SYNC_CALL_ARGUMENTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/syscall.h"
#include "os/lib/stile.h"

struct arguments {
    const char* mechanism;
    size_t size;
    enum stile_touch touch;
    unsigned policy;
};

static inline int number_argument(const char* text, long* value) {
    char* end;
    *value = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && *value >= 0;
}

static inline int read_arguments(char** argv, struct arguments* a) {
    long size;
    const int touch = stile_touch_named(argv[3]);
    a->mechanism = argv[1];
    a->policy = strcmp(argv[4], "high") == 0 ? STILE_POLICY_HIGH : STILE_POLICY_LOW;
    if (!number_argument(argv[2], &size) || touch < 0 ||
        (a->policy == STILE_POLICY_LOW && strcmp(argv[4], "low") != 0 && strcmp(argv[4], "-") != 0)) {
        fprintf(stderr, "%s: SIZE is a number, TOUCH none, read or write, POLICY low, high or -\n", argv[0]);
        return 0;
    }
    a->size = (size_t)size;
    a->touch = (enum stile_touch)touch;
    return 1;
}

#endif
