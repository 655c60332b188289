/* SPDX-License-Identifier: Apache-2.0
 *
 * Every thread of the program may call into its second domain at any time. Under `high` that domain has one
 * stack (a workload's gate), so one caller.
 */
#include "os/lib/channel/codoms.c"

#include "os/lib/pool/pool.h"

static int prepare_first(struct stile_pool* pool) {
    struct stile_channel* ch = &pool->first;
    int error = stile_channel_open(ch, "codoms", pool->capacity);
    if (error) return error;
    ch->policy = pool->policy;
    if (isolated(ch) && pool->clients > 1)
        return stile_pool_refuse(pool, -EAGAIN,
                                 "the gate of policy high has one stack and serves one caller at a time");
    ch->context = pool->context;
    return ch->mechanism->prepare(ch);
}

static int connect_first(struct stile_pool* pool) { return pool->first.mechanism->connect(&pool->first); }

static const struct stile_pool_mechanism pool_codoms = {.name = "codoms",
                                                        .flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES,
                                                        .prepare = prepare_first,
                                                        .connect = connect_first,
                                                        .attach = stile_pool_channel_like_first};
STILE_POOL_MECHANISM(pool_codoms);
