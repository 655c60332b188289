/* SPDX-License-Identifier: Apache-2.0
 *
 * Arguments of `kv` beside those of workloads/throughput/load.h, for clients and server alike.
 */
#ifndef STILE_WORKLOADS_KV_ARGUMENTS_H
#define STILE_WORKLOADS_KV_ARGUMENTS_H

#include <string.h>

#include "workloads/kv/memory.h"
#include "workloads/kv/mix.h"
#include "workloads/throughput/load.h"

struct kv_arguments {
    long keys, gets, deletes, scans, seed, fixed, in_place, trespass;
    const char* distribution;
};

/* 0, or 2 with a message. */
int kv_arguments_read(struct kv_arguments* a, struct load* l, int argc, char** argv);

/* For all keys of all clients, each as large as can be: the table never runs out. */
void kv_memory_size(struct kv_memory* m, const struct kv_arguments* a, const struct load* l);

#endif
