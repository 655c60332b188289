/* SPDX-License-Identifier: Apache-2.0
 *
 * What clients and server of `kv` say to each other. A request is a struct kv_request with the key and, to
 * put, the value behind it; an answer is a struct kv_answer with the value behind it, or the entries of a
 * scan. The code of a call is the operation.
 */
#ifndef STILE_WORKLOADS_KV_SERVICE_H
#define STILE_WORKLOADS_KV_SERVICE_H

#include "os/lib/channel.h"
#include "workloads/kv/table.h"

enum kv_op {
    KV_GET,
    KV_PUT,
    KV_DELETE,
    KV_SCAN,  /* entries from slot `cursor` on, as many as there is room for, at most `value_bytes` of them */
    KV_COUNT, /* -> value_bytes: entries; at: resizes so far */
    KV_WHERE, /* -> at: where the index lies, for who wants to look into it */
    KV_STOP
};

struct kv_request {
    uint32_t key_bytes, value_bytes;
    uint64_t cursor;
};

struct kv_answer {
    int32_t status; /* 0 or -errno */
    uint32_t value_bytes;
    uint64_t at; /* get in place: address of the entry; scan: the next cursor, or 0 */
};

/* Of a scan's answer, key and value behind it, at multiples of 8. */
struct kv_item {
    uint32_t key_bytes, value_bytes;
};

static inline size_t kv_round(size_t bytes) { return (bytes + 7) & ~(size_t)7; }

struct kv_service {
    struct kv_table table;
    int in_place; /* gets are answered with the entry's address */
    int stopping;
    _Alignas(64) uint32_t lock; /* held by whoever is in the table */
};

/* The handler; `context` is a struct kv_service. Any number of threads. */
size_t kv_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity);

#endif
