/* SPDX-License-Identifier: Apache-2.0
 *
 * MECHANISM SIZE TOUCH POLICY DEPTH CORES, the arguments that A and the stages have in common; CORES is a
 * list with commas, A's first, that begins again when it is used up, or - for wherever the kernel puts them.
 * A has WARMUP REPETITIONS [STAGE-PATH] after them, a stage NUMBER [HANDOVER].
 */
#ifndef STILE_WORKLOADS_PIPELINE_ARGUMENTS_H
#define STILE_WORKLOADS_PIPELINE_ARGUMENTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/syscall.h"
#include "workloads/pipeline/stage.h"

struct arguments {
    const char* mechanism;
    size_t size;
    enum stile_touch touch;
    unsigned policy, depth;
    const char* cores;
};

enum { COMMON_ARGUMENTS = 6 };

static inline int number_argument(const char* text, long* value) {
    char* end;
    *value = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && *value >= 0;
}

static inline int read_arguments(char** argv, struct arguments* a) {
    long size, depth;
    const int touch = stile_touch_named(argv[3]);
    a->mechanism = argv[1];
    a->policy = strcmp(argv[4], "high") == 0 ? STILE_POLICY_HIGH : STILE_POLICY_LOW;
    if (!number_argument(argv[2], &size) || touch < 0 || !number_argument(argv[5], &depth) || depth < 1 ||
        depth > MAX_DEPTH) {
        fprintf(stderr, "%s: SIZE is a number, TOUCH none, read or write, DEPTH 1 to %d\n", argv[0],
                MAX_DEPTH);
        return 0;
    }
    a->size = (size_t)size;
    a->touch = (enum stile_touch)touch;
    a->depth = (unsigned)depth;
    a->cores = argv[6];
    return 1;
}

/* The core of stage `number`; A is number 0. -1: any. */
static inline long core_of(const struct arguments* a, unsigned number) {
    unsigned listed = 1;
    if (*a->cores == '-') return -1;
    for (const char* p = a->cores; *p; ++p) listed += *p == ',';
    const char* p = a->cores;
    for (unsigned i = number % listed; i > 0; --i) p = strchr(p, ',') + 1;
    return strtol(p, NULL, 10);
}

/* The last one has the name that needs no look-up. */
static inline void name_service(struct stile_channel* ch, const struct arguments* a, unsigned number) {
    if (number < a->depth) snprintf(ch->service, sizeof ch->service, "stage%u", number);
}

/* Starts the process of stage `number`. Its pid, or -1. */
static inline int start_stage(char** argv, const char* path, unsigned number, const char* handover) {
    char text[8];
    snprintf(text, sizeof text, "%u", number);
    const int pid = fork();
    if (pid != 0) return pid;
    char* const arguments[] = {(char*)path, argv[1], argv[2], argv[3],         argv[4],
                               argv[5],     argv[6], text,    (char*)handover, NULL};
    execv(path, arguments);
    perror(path);
    _exit(127);
}

#endif
