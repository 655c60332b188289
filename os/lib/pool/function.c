/* SPDX-License-Identifier: Apache-2.0
 *
 * Each client's own thread runs the handler: there are as many servers as clients.
 */
#include "os/lib/channel/function.c"

#include "os/lib/pool/pool.h"

static int prepare_first(struct stile_pool* pool) {
    const int error = stile_pool_open_first(pool, "function");
    return error ? error : stile_pool_prepare_first(pool);
}

static int nothing_to_connect(struct stile_pool* pool) { return 0; }

static const struct stile_pool_mechanism pool_function = {.name = "function",
                                                          .flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES,
                                                          .prepare = prepare_first,
                                                          .connect = nothing_to_connect,
                                                          .attach = stile_pool_channel_like_first};
STILE_POOL_MECHANISM(pool_function);
