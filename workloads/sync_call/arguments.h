/* SPDX-License-Identifier: Apache-2.0
 *
 * MECHANISM SIZE TOUCH POLICY CLIENT-CORE SERVER-CORE, the arguments that client and server have in common; a
 * core is a number, or - for wherever the kernel puts it. The server that is started by the client gets the
 * handover as the next one; the client has WARMUP REPETITIONS [SERVER-PATH] after them.
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
    long client_core, server_core; /* -1: any */
};

enum { COMMON_ARGUMENTS = 6 };

static inline int number_argument(const char* text, long* value) {
    char* end;
    *value = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && *value >= 0;
}

static inline int core_argument(const char* text, long* core) {
    *core = -1;
    return strcmp(text, "-") == 0 || number_argument(text, core);
}

static inline int policy_argument(const char* text, unsigned* policy) {
    long bits = strcmp(text, "high") == 0 ? STILE_POLICY_HIGH : STILE_POLICY_LOW;
    const int named = bits || strcmp(text, "low") == 0 || strcmp(text, "-") == 0;
    if (!named && (!number_argument(text, &bits) || bits > STILE_POLICY_HIGH)) return 0;
    *policy = (unsigned)bits;
    return 1;
}

static inline int read_arguments(char** argv, struct arguments* a) {
    long size;
    const int touch = stile_touch_named(argv[3]);
    a->mechanism = argv[1];
    if (!policy_argument(argv[4], &a->policy) || !number_argument(argv[2], &size) || touch < 0 ||
        !core_argument(argv[5], &a->client_core) || !core_argument(argv[6], &a->server_core)) {
        fprintf(stderr,
                "%s: SIZE is a number, TOUCH none, read or write, POLICY low, high, - or bits of a policy, a "
                "core "
                "a number or -\n",
                argv[0]);
        return 0;
    }
    a->size = (size_t)size;
    a->touch = (enum stile_touch)touch;
    return 1;
}

#endif
