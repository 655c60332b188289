/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the table of `kv` lies, by mechanism: index and heap in memory of the server's that no client can
 * touch, as far as the mechanism has such a thing. For reads in place the heap is a domain of its own, over
 * which clients get the right to read.
 */
#ifndef STILE_WORKLOADS_KV_MEMORY_H
#define STILE_WORKLOADS_KV_MEMORY_H

#include "workloads/kv/service.h"

struct kv_memory {
    const char* mechanism;
    int in_place;
    size_t index_bytes, heap_bytes;
    void *index, *heap;
    long index_domain, heap_domain; /* handles, where they are domains */
};

/* By the program that holds the table, before clients and server are apart. 0 or -errno. */
int kv_memory_make(struct kv_memory* m);
/* The same, when they are: now it is the server's. */
int kv_memory_give(struct kv_memory* m);
/* By a client, in whatever process. */
int kv_memory_see(const struct kv_memory* m);

#endif
