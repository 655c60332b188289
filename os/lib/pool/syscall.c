/* SPDX-License-Identifier: Apache-2.0
 *
 * The empty system call has no server: each client enters the kernel by itself.
 */
#include "os/lib/channel/syscall.c"

#include "os/lib/pool/pool.h"

static int check(struct stile_pool* pool) {
    return pool->capacity == 0
               ? 0
               : stile_pool_refuse(pool, -EINVAL, "an empty system call carries no payload; size 0 is right");
}

static int nothing_to_connect(struct stile_pool* pool) { return 0; }

static int attach(struct stile_pool* pool, unsigned client, struct stile_channel* ch) {
    const int error = stile_channel_open(ch, "syscall", 0);
    return error ? error : ch->mechanism->prepare(ch);
}

static const struct stile_pool_mechanism pool_syscall = {.name = "syscall",
                                                         .flags = STILE_CALLER_CROSSES | STILE_POOL_NO_SERVER,
                                                         .prepare = check,
                                                         .connect = nothing_to_connect,
                                                         .attach = attach};
STILE_POOL_MECHANISM(pool_syscall);
