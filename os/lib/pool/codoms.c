/* SPDX-License-Identifier: Apache-2.0
 *
 * Every thread of the program may call into its second domain at any time. Under `high` that domain has one
 * stack (a workload's gate), so one caller.
 */
#include "os/lib/channel/codoms.c"

#include "os/lib/pool/pool.h"

static int prepare_first(struct stile_pool* pool) {
    int error = stile_pool_open_first(pool, "codoms");
    if (!error && isolated(&pool->first)) error = stile_pool_one_caller(pool);
    return error ? error : stile_pool_prepare_first(pool);
}

static const struct stile_pool_mechanism pool_codoms = {.name = "codoms",
                                                        .flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES,
                                                        .prepare = prepare_first,
                                                        .connect = stile_pool_connect_first,
                                                        .attach = stile_pool_channel_like_first};
STILE_POOL_MECHANISM(pool_codoms);
