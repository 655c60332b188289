/* SPDX-License-Identifier: Apache-2.0
 *
 * One client: its channel, what it asks for, what it counts, and how it checks.
 */
#ifndef STILE_WORKLOADS_KV_CLIENT_H
#define STILE_WORKLOADS_KV_CLIENT_H

#include "workloads/kv/mix.h"

/* Of timed calls, by operation. */
struct kv_counts {
    uint64_t calls[KV_SCAN + 1], ticks[KV_SCAN + 1];
    uint64_t hits, bytes;
    uint64_t retries; /* reads in place that somebody's change spoilt */
};

struct kv_audit {
    uint64_t entries, resizes, trespass_refused;
};

struct kv_client {
    struct stile_channel* ch;
    struct mix mix;
    enum stile_touch touch;
    int in_place;
    void* scratch; /* a touched value's new words; what must be there */
    uint64_t cursor, clock;
    struct kv_counts counts;
};

/* The call, with the value that it returns touched as the receiver does, in place if that is asked for. The
 * answer's length, or -errno. */
long kv_call_and_touch(struct kv_client* c, enum kv_op op, size_t length, struct kv_answer** answer);

/* The operation, with everything that comes back compared: 1 right, 0 wrong, or -errno. */
long kv_checked_call(struct kv_client* c, enum kv_op op, uint32_t key);
/* Some of the mix, then a get of every key. */
long kv_checked_calls(struct kv_client* c);
/* All entries of all clients, who stand still: each is there once, with its value, and no other. */
long kv_audit_table(struct kv_client* c, unsigned clients, struct kv_audit* audit);
/* A get during which copies of the value are looked for. */
long kv_census(struct kv_client* c);
/* Loads from the server's index, from here: whether that was refused is put into `audit`. */
long kv_trespass(struct kv_client* c, struct kv_audit* audit);

#endif
