/* SPDX-License-Identifier: Apache-2.0
 *
 * A call into another process through proxies that the kernel generates (docs/dipc.md). The payload does not
 * move: both processes hold a right to write to one domain of buffers, which the server makes and the client
 * finds by name, so a reference is all that crosses.
 */
#include "os/lib/dipc.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/lib/channel.h"

enum { PROXY, BUFFERS }; /* own[]: address of the proxy of entry CALL; handle of the buffers' domain */
enum { ANSWER };         /* own_memory[]: where answers lie */
enum { CALL, ATTACH, ENTRIES };

/* Both sides must state the same signatures: code and length in, answer's length out; nothing in, address
 * out. */
static void describe(struct stile_entry entries[ENTRIES], unsigned policy) {
    entries[CALL] = (struct stile_entry){.int_args = 2, .results = 1, .policy = policy};
    entries[ATTACH] = (struct stile_entry){.int_args = 2, .results = 1, .policy = policy};
}

/* Requests lie in the first half of the buffers' domain, answers in the second. */
static size_t half(const struct stile_channel* ch) {
    const size_t pages = (ch->capacity + 4095) / 4096;
    return (pages ? pages : 1) * 4096;
}

/* Refused where this kernel or this protection has no domains. */
static int prepare(struct stile_channel* ch) {
    const long domain = dipc_dom_default();
    if (domain < 0) return (int)domain;
    dipc_close(domain);
    return 0;
}

static const char* name_of(const struct stile_channel* ch, const char* what, char name[40]) {
    snprintf(name, 40, "channel.%s%s%s", what, *ch->service ? "." : "", ch->service);
    return name;
}

/* Names appear when the server has published them. */
static long look_up(const struct stile_channel* ch, const char* what) {
    char buffer[40];
    const char* name = name_of(ch, what, buffer);
    long handle;
    while ((handle = dipc_name_lookup(name)) == -ENOENT) stile_syscall3(SYS_sched_yield, 0, 0, 0);
    return handle;
}

static int isolated(const struct stile_channel* ch) { return (ch->policy & DIPC_STUB_POLICIES) != 0; }

STILE_STUB static inline long cross(const struct stile_channel* ch, uint64_t proxy, long a, long b) {
    return isolated(ch) ? dipc_isolated_call2(proxy, a, b) : dipc_plain_call2(proxy, a, b);
}

static int connect(struct stile_channel* ch) {
    struct stile_entry entries[ENTRIES];
    describe(entries, ch->policy);
    const long own = dipc_dom_default();
    if (own < 0) return (int)own;
    const long buffers = look_up(ch, "buffers");
    if (buffers < 0) return (int)buffers;
    const long exported = look_up(ch, "entries");
    if (exported < 0) return (int)exported;
    const long buffers_grant = dipc_grant_create(own, buffers);
    if (buffers_grant < 0) return (int)buffers_grant;
    const long proxies = dipc_entry_request(exported, entries, ENTRIES);
    if (proxies < 0) return (int)proxies;
    const long proxies_grant = dipc_grant_create(own, proxies);
    if (proxies_grant < 0) return (int)proxies_grant;
    ch->own[PROXY] = (long)entries[CALL].proxy;
    ch->own[BUFFERS] = buffers;
    const long address = cross(ch, entries[ATTACH].proxy, 0, 0);
    if (address < 0) return (int)address;
    ch->out = (void*)address;
    ch->own_memory[ANSWER] = (char*)ch->out + half(ch);
    return 0;
}

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    *in = ch->own_memory[ANSWER];
    return cross(ch, (uint64_t)ch->own[PROXY], code, (long)length);
}

/* The server's side. These run in the caller's thread, on behalf of this process. */
static struct stile_channel* served;
static char* requests;

DIPC_PLAIN_ENTRY static long serve_call(long code, long length) {
    return (long)served->handler(served->context, (uint32_t)code, requests, (size_t)length, served->out,
                                 served->capacity);
}
DIPC_PLAIN_ENTRY static long serve_attach(long a, long b) { return (long)requests; }
DIPC_ISOLATED_ENTRY(serve_call_isolated, serve_call);
DIPC_ISOLATED_ENTRY(serve_attach_isolated, serve_attach);

/* The handle that clients get, or -errno. */
static long make_buffers(struct stile_channel* ch, long own) {
    const long buffers = dipc_dom_create("channel.buffers");
    if (buffers < 0) return buffers;
    const long grant = dipc_grant_create(own, buffers);
    if (grant < 0) return grant;
    const long address = dipc_dom_mmap(buffers, NULL, 2 * half(ch), PROT_READ | PROT_WRITE);
    if (address < 0) return address;
    requests = (char*)address;
    ch->out = requests + half(ch);
    for (size_t i = 0; i < 2 * half(ch); i += 4096) ((volatile char*)requests)[i] = 0;
    return dipc_dom_copy(buffers, STILE_RIGHT_WRITE);
}

static long take_buffers(struct stile_channel* ch) {
    requests = ch->onward->out;
    ch->out = ch->onward->own_memory[ANSWER];
    return ch->onward->own[BUFFERS];
}

static int serve(struct stile_channel* ch) {
    struct stile_entry entries[ENTRIES];
    describe(entries, ch->policy);
    entries[CALL].address = isolated(ch) ? (uint64_t)serve_call_isolated : (uint64_t)serve_call;
    entries[ATTACH].address = isolated(ch) ? (uint64_t)serve_attach_isolated : (uint64_t)serve_attach;
    const long own = dipc_dom_default();
    if (own < 0) return (int)own;
    const long shared = ch->onward ? take_buffers(ch) : make_buffers(ch, own);
    if (shared < 0) return (int)shared;
    served = ch;

    const long exported = dipc_entry_register(own, entries, ENTRIES);
    if (exported < 0) return (int)exported;
    char name[40];
    long r = dipc_name_publish(name_of(ch, "buffers", name), shared);
    if (r >= 0) r = dipc_name_publish(name_of(ch, "entries", name), exported);
    if (r < 0) return (int)r;
    /* Nobody wakes this thread: callers bring their own. FUTEX_WAIT, private. */
    while (!ch->stopping) stile_syscall6(SYS_futex, (long)&ch->stopping, 128, 0, 0, 0, 0);
    return 0;
}

static const struct stile_mechanism dipc = {.name = "dipc",
                                            .flags = STILE_BOOTED | STILE_CALLER_CROSSES,
                                            .prepare = prepare,
                                            .connect = connect,
                                            .serve = serve,
                                            .call = call};
STILE_MECHANISM(dipc);
