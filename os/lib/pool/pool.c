/* SPDX-License-Identifier: Apache-2.0 */
#include "os/lib/pool/pool.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* The bounds of the section that STILE_POOL_MECHANISM fills; named by the linker. */
extern const struct stile_pool_mechanism* const __start_stile_pool_mechanisms[];
extern const struct stile_pool_mechanism* const __stop_stile_pool_mechanisms[];

int stile_pool_open(struct stile_pool* pool, const char* mechanism) {
    memset(pool, 0, sizeof *pool);
    pool->clients = pool->servers = 1;
    for (const struct stile_pool_mechanism* const* m = __start_stile_pool_mechanisms;
         m != __stop_stile_pool_mechanisms; ++m) {
        if (strcmp((*m)->name, mechanism) == 0) {
            pool->mechanism = *m;
            return 0;
        }
    }
    return -ENOENT;
}

int stile_pool_open_first(struct stile_pool* pool, const char* mechanism) {
    struct stile_channel* ch = &pool->first;
    const int error = stile_channel_open(ch, mechanism, pool->capacity);
    ch->policy = pool->policy;
    ch->handler = pool->handler;
    ch->context = pool->context;
    return error;
}

int stile_pool_one_caller(struct stile_pool* pool) {
    if (pool->clients == 1) return 0;
    return stile_pool_refuse(pool, -EAGAIN,
                             "the gate of policy high has one stack and serves one caller at a time");
}

int stile_pool_prepare_first(struct stile_pool* pool) { return pool->first.mechanism->prepare(&pool->first); }
int stile_pool_connect_first(struct stile_pool* pool) { return pool->first.mechanism->connect(&pool->first); }

int stile_pool_channel_like_first(struct stile_pool* pool, unsigned client, struct stile_channel* ch) {
    *ch = pool->first;
    if (client == 0) return 0;
    ch->out = stile_channel_memory(ch->capacity);
    ch->own_memory[0] = stile_channel_memory(ch->capacity); /* where answers lie */
    return ch->out && ch->own_memory[0] ? 0 : -ENOMEM;
}

int stile_pool_thread(void* (*body)(void*), void* argument) {
    pthread_t thread;
    const int error = pthread_create(&thread, NULL, body, argument);
    if (!error) pthread_detach(thread);
    return -error;
}
