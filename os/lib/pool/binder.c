/* SPDX-License-Identifier: Apache-2.0
 *
 * Binder with a pool of threads, as libbinder has one: a process opens the device once, and its threads share
 * it; each thread has words of its own on the way. The server's first thread enters the loop
 * (BC_ENTER_LOOPER) and allows the driver to ask for all others (BINDER_SET_MAX_THREADS); each is made when
 * it asks (BR_SPAWN_LOOPER) and says so (BC_REGISTER_LOOPER). So there are as many as were ever needed at
 * once, and one that waits besides.
 */
#define STILE_PER_THREAD _Thread_local
static void spawn_looper(void);
#define BINDER_SPAWN() spawn_looper()

#include "os/lib/channel/binder.c"

#include <pthread.h>
#include <stdlib.h>

#include "os/lib/pool/pool.h"

static int prepare_pool(struct stile_pool* pool) {
    if (access("/dev/binder", R_OK | W_OK) != 0) return -errno;
    /* One request of each may be in the server's mapping at once, and in that of clients that are threads one
     * answer to each. */
    if (pool->clients * ((pool->capacity + 7) & ~(size_t)7) > MAPPING_BYTES)
        return stile_pool_refuse(pool, -ENOSPC, "the payloads of all clients do not fit into one mapping");
    return 0;
}

/* Sends what has been put and asks for nothing. */
static int flush(struct stile_channel* ch) {
    struct binder_write_read bwr = {.write_size = stream.out_bytes,
                                    .write_buffer = (binder_uintptr_t)stream.out};
    const long r = stile_syscall3(SYS_ioctl, ch->own[FD], BINDER_WRITE_READ, (long)&bwr);
    stream.out_bytes = 0;
    return r < 0 ? (int)r : 0;
}

static int open_and_connect(struct stile_pool* pool, struct stile_channel* ch) {
    int error = stile_channel_open(ch, "binder", pool->capacity);
    if (!error) error = ch->mechanism->prepare(ch);
    if (!error) error = ch->mechanism->connect(ch);
    return error ? error : flush(ch);
}

static int connect_pool(struct stile_pool* pool) {
    return pool->threads ? open_and_connect(pool, &pool->first) : 0;
}

static int attach(struct stile_pool* pool, unsigned client, struct stile_channel* ch) {
    if (!pool->threads) return open_and_connect(pool, ch);
    *ch = pool->first;
    ch->out = stile_channel_memory(ch->capacity);
    return ch->out ? 0 : -ENOMEM;
}

/* The server. */
static struct stile_pool* served;
static struct stile_channel served_by_first;
static unsigned loopers;

static void enter(uint32_t how) {
    memcpy(stream.out, &how, sizeof how);
    stream.out_bytes = sizeof how;
}

/* Ends with an error, or when the client has told a handler to stop: then the whole process does. */
static int serve_thread(struct stile_channel* ch, unsigned number, uint32_t how) {
    if (served->server_begins) served->server_begins(served->context, number);
    enter(how);
    while (!*served->stopping) {
        const long r = serve_one(ch);
        if (r < 0) return (int)r;
    }
    _exit(0);
}

static void* looper(void* number) {
    static _Thread_local struct stile_channel ch;
    ch = served_by_first;
    ch.out = stile_channel_memory(ch.capacity);
    const int error = ch.out ? serve_thread(&ch, (unsigned)(uintptr_t)number, BC_REGISTER_LOOPER) : -ENOMEM;
    _exit(-error);
}

static void spawn_looper(void) {
    const unsigned number = __atomic_add_fetch(&loopers, 1, __ATOMIC_RELAXED);
    if (served && stile_pool_thread(looper, (void*)(uintptr_t)number) != 0) _exit(ENOMEM);
}

static int serve_pool(struct stile_pool* pool) {
    struct stile_channel* ch = &served_by_first;
    int zero = 0, most = (int)pool->servers - 1;
    int error = stile_channel_open(ch, "binder", pool->capacity);
    if (!error) error = ch->mechanism->prepare(ch);
    if (error) return error;
    ch->handler = pool->handler;
    ch->context = pool->context;
    served = pool;
    if (ioctl((int)ch->own[FD], BINDER_SET_MAX_THREADS, &most) != 0) return -errno;
    if (ioctl((int)ch->own[FD], BINDER_SET_CONTEXT_MGR, &zero) != 0) return -errno;
    return serve_thread(ch, 0, BC_ENTER_LOOPER);
}

static const struct stile_pool_mechanism pool_binder = {
    .name = "binder",
    .flags = STILE_FORKED | STILE_IN_READ_ONLY | STILE_POOL_TOLD_TO_STOP,
    .prepare = prepare_pool,
    .connect = connect_pool,
    .attach = attach,
    .serve = serve_pool};
STILE_POOL_MECHANISM(pool_binder);
