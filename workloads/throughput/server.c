/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's program: its threads serve calls of all clients until it is told to stop, or they have gone.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workloads/throughput/load.h"

static struct load load;

static long priority;

static void begins(void* context, unsigned number) {
    int error = load_place(&load, 1, number);
    if (!error && priority) error = load_set_urgency(priority);
    if (error) fprintf(stderr, "%s: a thread of the server: %s\n", load.argv[0], strerror(-error));
    if (error) _exit(1);
}

int main(int argc, char** argv) {
    static long ignored;
    static const char* text;
    /* What only clients want to know. */
    static const struct load_option others[] = {{"clock", NULL, &text},
                                                {"period_ns", &ignored, NULL},
                                                {"deadline_ns", &ignored, NULL},
                                                {"background", &ignored, NULL},
                                                {"high", &ignored, NULL},
                                                {"server_priority", &priority, NULL},
                                                {NULL, NULL, NULL}};
    if (load_arguments(&load, argc, argv, others) != 0) return 2;
    load.pool.server_begins = begins;
    const int error = load.pool.mechanism->serve ? load.pool.mechanism->serve(&load.pool) : -22;
    if (error) fprintf(stderr, "%s: %s: %s\n", argv[0], load.mechanism, strerror(-error));
    return error != 0;
}
