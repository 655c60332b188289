/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls into the server's process through proxies, by as many threads as there are clients: the caller's own
 * thread runs the handler, so the server needs none but those that lend their thread structures to visitors.
 * The domain of buffers is the server's and has a part for each client. All clients are the same domain's
 * equals in it: each could touch the others' part.
 */
#include "os/lib/dipc.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/lib/channel.h"
#include "os/lib/dipc_hosts.h"
#include "os/lib/pool/pool.h"

enum { PROXY, CLIENT, ATTACH_PROXY }; /* own[] */
enum { ANSWER };                      /* own_memory[] */
enum { CALL, ATTACH, ENTRIES };

static void describe(struct stile_entry entries[ENTRIES], unsigned policy) {
    for (int i = 0; i < ENTRIES; ++i)
        entries[i] = (struct stile_entry){.int_args = 2, .results = 1, .policy = policy};
}

/* A client's part: requests in the first half, answers in the second. */
static size_t half(size_t capacity) {
    const size_t pages = (capacity + 4095) / 4096;
    return (pages ? pages : 1) * 4096;
}

static int isolated(const struct stile_channel* ch) { return (ch->policy & DIPC_STUB_POLICIES) != 0; }

STILE_STUB static inline long cross(const struct stile_channel* ch, long proxy, long a, long b) {
    return isolated(ch) ? dipc_isolated_call2((uint64_t)proxy, a, b)
                        : dipc_plain_call2((uint64_t)proxy, a, b);
}

/* The client's number goes with the code: it says which part of the buffers is meant. */
STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    *in = ch->own_memory[ANSWER];
    return cross(ch, ch->own[PROXY], ch->own[CLIENT] << 32 | code, (long)length);
}

static const struct stile_mechanism dipc = {
    .name = "dipc", .flags = STILE_BOOTED | STILE_CALLER_CROSSES, .call = call};

static int prepare(struct stile_pool* pool) {
    const long domain = dipc_dom_default();
    if (domain < 0) return (int)domain;
    dipc_close(domain);
    return 0;
}

static long look_up(const char* name) {
    long handle;
    while ((handle = dipc_name_lookup(name)) == -ENOENT) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return handle;
}

/* Once per process. */
static int get_proxies(struct stile_pool* pool, struct stile_channel* ch) {
    struct stile_entry entries[ENTRIES];
    *ch = (struct stile_channel){.mechanism = &dipc, .capacity = pool->capacity, .policy = pool->policy};
    describe(entries, ch->policy);
    const long own = dipc_dom_default();
    if (own < 0) return (int)own;
    const long buffers = look_up("pool.buffers");
    if (buffers < 0) return (int)buffers;
    const long exported = look_up("pool.entries");
    if (exported < 0) return (int)exported;
    const long buffers_grant = dipc_grant_create(own, buffers);
    if (buffers_grant < 0) return (int)buffers_grant;
    const long proxies = dipc_entry_request(exported, entries, ENTRIES);
    if (proxies < 0) return (int)proxies;
    const long proxies_grant = dipc_grant_create(own, proxies);
    if (proxies_grant < 0) return (int)proxies_grant;
    ch->own[PROXY] = (long)entries[CALL].proxy;
    ch->own[ATTACH_PROXY] = (long)entries[ATTACH].proxy;
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
    for (int tries = 0;
         tries < 1000 && (address = cross(ch, ch->own[ATTACH_PROXY], (long)client, 0)) == -EAGAIN; ++tries)
        stile_syscall3(SYS_sched_yield, 0, 0, 0);
    if (address < 0) return (int)address;
    ch->out = (void*)address;
    ch->own_memory[ANSWER] = (char*)address + half(pool->capacity);
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
    struct stile_entry entries[ENTRIES];
    describe(entries, pool->policy);
    const int apart = (pool->policy & DIPC_STUB_POLICIES) != 0;
    entries[CALL].address = apart ? (uint64_t)pool_call_isolated : (uint64_t)serve_call;
    entries[ATTACH].address = apart ? (uint64_t)pool_attach_isolated : (uint64_t)serve_attach;
    const long own = dipc_dom_default();
    if (own < 0) return (int)own;
    const long buffers = dipc_dom_create("pool.buffers");
    if (buffers < 0) return (int)buffers;
    const long grant = dipc_grant_create(own, buffers);
    if (grant < 0) return (int)grant;
    const size_t bytes = 2 * half(pool->capacity) * pool->clients;
    const long address = dipc_dom_mmap(buffers, NULL, bytes, PROT_READ | PROT_WRITE);
    if (address < 0) return (int)address;
    for (size_t i = 0; i < bytes; i += 4096) ((volatile char*)address)[i] = 0;
    for (unsigned i = 0; i < pool->clients; ++i) {
        parts[i].request = (char*)address + 2 * half(pool->capacity) * i;
        parts[i].answer = (char*)parts[i].request + half(pool->capacity);
    }
    served = pool;

    const long shared = dipc_dom_copy(buffers, STILE_RIGHT_WRITE);
    if (shared < 0) return (int)shared;
    const long exported = dipc_entry_register(own, entries, ENTRIES);
    if (exported < 0) return (int)exported;
    /* This thread lends its structure to one visitor. */
    const int hosts = dipc_host_visitors(pool->clients - 1);
    if (hosts) return -hosts;
    long r = dipc_name_publish("pool.buffers", shared);
    if (r >= 0) r = dipc_name_publish("pool.entries", exported);
    if (r < 0) return (int)r;
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
