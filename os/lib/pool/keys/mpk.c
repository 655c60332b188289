/* SPDX-License-Identifier: Apache-2.0
 *
 * As codoms: every thread may call at any time, under `high` one. Threads begin with the PKRU of their maker.
 */
#include "os/lib/keys/mpk.c"

#include "os/lib/pool/pool.h"

static int prepare_first(struct stile_pool* pool) {
    int error = stile_pool_open_first(pool, "mpk");
    if (!error && pool->policy) error = stile_pool_one_caller(pool);
    return error ? error : stile_pool_prepare_first(pool);
}

static int attach(struct stile_pool* pool, unsigned client, struct stile_channel* ch) {
    const int error = stile_pool_channel_like_first(pool, client, ch);
    if (error || client == 0) return error;
    const size_t room = pool->capacity ? pool->capacity : 1;
    long r = stile_key_give(ch->out, room, PROT_READ | PROT_WRITE, STILE_KEY_PAYLOAD);
    if (r >= 0) r = stile_key_give(ch->own_memory[0], room, PROT_READ | PROT_WRITE, STILE_KEY_PAYLOAD);
    return r < 0 ? (int)r : 0;
}

static const struct stile_pool_mechanism pool_mpk = {.name = "mpk",
                                                     .flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES,
                                                     .prepare = prepare_first,
                                                     .connect = stile_pool_connect_first,
                                                     .attach = attach};
STILE_POOL_MECHANISM(pool_mpk);
