/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls into the server's process through proxies, by as many threads as there are clients: the caller's own
 * thread runs the handler, so the server needs none but those that lend their thread structures to visitors.
 * The domain of buffers is the server's and has a part for each client. All clients are the same domain's
 * equals in it: each could touch the others' part.
 */
#include <errno.h>

#include "os/lib/channel.h"
#include "os/lib/dipc_hosts.h"
#include "os/lib/dipc_service.h"
#include "os/lib/pool/pool.h"

enum { PROXY, CLIENT, ATTACH_PROXY }; /* own[] */
enum { ANSWER };                      /* own_memory[] */

/* The client's number goes with the code: it says which part of the buffers is meant. */
STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    *in = ch->own_memory[ANSWER];
    return dipc_service_cross(ch->policy, (uint64_t)ch->own[PROXY], ch->own[CLIENT] << 32 | code,
                              (long)length);
}

static const struct stile_mechanism dipc = {
    .name = "dipc", .flags = STILE_BOOTED | STILE_CALLER_CROSSES, .call = call};

static int prepare(struct stile_pool* pool) { return dipc_service_possible(); }

/* Once per process. */
static int get_proxies(struct stile_pool* pool, struct stile_channel* ch) {
    struct dipc_service service;
    *ch = (struct stile_channel){.mechanism = &dipc, .capacity = pool->capacity, .policy = pool->policy};
    const int error = dipc_service_find("pool", ch->policy, &service);
    if (error) return error;
    ch->own[PROXY] = (long)service.call;
    ch->own[ATTACH_PROXY] = (long)service.attach;
    return 0;
}

static int connect_pool(struct stile_pool* pool) {
    return pool->threads ? get_proxies(pool, &pool->first) : 0;
}

static int attach(struct stile_pool* pool, unsigned client, struct stile_channel* ch) {
    const int error = pool->threads ? 0 : get_proxies(pool, ch);
    if (error) return error;
    if (pool->threads) *ch = pool->first;
    ch->own[CLIENT] = (long)client;
    long address = -EAGAIN;
    /* Until the thread that is to lend its structure has run for the first time. */
    for (int tries = 0; tries < 1000 && address == -EAGAIN; ++tries) {
        address = dipc_service_cross(ch->policy, (uint64_t)ch->own[ATTACH_PROXY], (long)client, 0);
        if (address == -EAGAIN) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    }
    if (address < 0) return (int)address;
    ch->out = (void*)address;
    ch->own_memory[ANSWER] = (char*)address + dipc_service_half(pool->capacity);
    return 0;
}

/* The server's side. These run in the caller's thread, on behalf of this process. */
static struct stile_pool* served;
static struct { void *request, *answer; } parts[STILE_POOL_MOST_CLIENTS]; /* by client */

DIPC_PLAIN_ENTRY static long serve_call(long a, long length) {
    const size_t client = (size_t)a >> 32;
    if (client >= served->clients || (size_t)length > served->capacity) return -EINVAL;
    return (long)served->handler(served->context, (uint32_t)a, parts[client].request, (size_t)length,
                                 parts[client].answer, served->capacity);
}
DIPC_PLAIN_ENTRY static long serve_attach(long client, long unused) {
    if ((unsigned long)client >= served->clients) return -EINVAL;
    return (long)parts[client].request;
}
DIPC_ISOLATED_ENTRY(pool_call_isolated, serve_call);
DIPC_ISOLATED_ENTRY(pool_attach_isolated, serve_attach);

static int serve_pool(struct stile_pool* pool) {
    const size_t half = dipc_service_half(pool->capacity);
    char* buffers;
    const long shared = dipc_service_buffers("pool", 2 * half * pool->clients, &buffers);
    if (shared < 0) return (int)shared;
    for (unsigned i = 0; i < pool->clients; ++i) {
        parts[i].request = buffers + 2 * half * i;
        parts[i].answer = buffers + 2 * half * i + half;
    }
    served = pool;
    /* This thread lends its structure to one visitor. */
    const int hosts = dipc_host_visitors(pool->clients - 1);
    if (hosts) return -hosts;
    const int error =
        dipc_service_offer("pool", pool->policy, (struct dipc_service_entry){serve_call, pool_call_isolated},
                           (struct dipc_service_entry){serve_attach, pool_attach_isolated}, shared);
    if (error) return error;
    /* Nobody wakes this thread: callers bring their own. FUTEX_WAIT, private. */
    static int never;
    for (;;) stile_syscall6(SYS_futex, (long)&never, 128, 0, 0, 0, 0);
}

static const struct stile_pool_mechanism pool_dipc = {.name = "dipc",
                                                      .flags = STILE_BOOTED | STILE_CALLER_CROSSES,
                                                      .prepare = prepare,
                                                      .connect = connect_pool,
                                                      .attach = attach,
                                                      .serve = serve_pool};
STILE_POOL_MECHANISM(pool_dipc);
