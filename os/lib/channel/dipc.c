/* SPDX-License-Identifier: Apache-2.0
 *
 * A call into another process through proxies that the kernel generates (docs/dipc.md). The payload does not
 * move: both processes hold a right to write to one domain of buffers, which the server makes and the client
 * finds by name, so a reference is all that crosses.
 */
#include <errno.h>
#include <stdio.h>

#include "os/lib/channel.h"
#include "os/lib/dipc_service.h"

enum { PROXY, BUFFERS }; /* own[]: address of the proxy that is called; handle of the buffers' domain */
enum { ANSWER };         /* own_memory[]: where answers lie */

static int prepare(struct stile_channel* ch) { return dipc_service_possible(); }

static const char* name_of(const struct stile_channel* ch, char name[32]) {
    snprintf(name, 32, "channel%s%s", *ch->service ? "." : "", ch->service);
    return name;
}

/* Code and length in, answer's length out; the other entry: nothing in, address of the requests out. */
static int connect(struct stile_channel* ch) {
    struct dipc_service service;
    char name[32];
    const int error = dipc_service_find(name_of(ch, name), ch->policy, &service);
    if (error) return error;
    ch->own[PROXY] = (long)service.call;
    ch->own[BUFFERS] = service.buffers;
    const long address = dipc_service_cross(ch->policy, service.attach, 0, 0);
    if (address < 0) return (int)address;
    ch->out = (void*)address;
    ch->own_memory[ANSWER] = (char*)ch->out + dipc_service_half(ch->capacity);
    return 0;
}

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    *in = ch->own_memory[ANSWER];
    return dipc_service_cross(ch->policy, (uint64_t)ch->own[PROXY], code, (long)length);
}

/* The server's side. These run in the caller's thread, on behalf of this process. */
static struct stile_channel served;
static char* requests;

DIPC_PLAIN_ENTRY static long serve_call(long code, long length) {
    if ((size_t)length > served.capacity) return -EINVAL;
    return (long)served.handler(served.context, (uint32_t)code, requests, (size_t)length, served.out,
                                served.capacity);
}
DIPC_PLAIN_ENTRY static long serve_attach(long a, long b) { return (long)requests; }
DIPC_ISOLATED_ENTRY(serve_call_isolated, serve_call);
DIPC_ISOLATED_ENTRY(serve_attach_isolated, serve_attach);

/* The handle that clients get, or -errno. */
static long make_buffers(struct stile_channel* ch, const char* name) {
    const size_t half = dipc_service_half(ch->capacity);
    const long shared = dipc_service_buffers(name, 2 * half, &requests);
    ch->out = requests + half;
    return shared;
}

static long take_buffers(struct stile_channel* ch) {
    requests = ch->onward->out;
    ch->out = ch->onward->own_memory[ANSWER];
    return ch->onward->own[BUFFERS];
}

static int serve(struct stile_channel* ch) {
    char name[32];
    name_of(ch, name);
    const long shared = ch->onward ? take_buffers(ch) : make_buffers(ch, name);
    if (shared < 0) return (int)shared;
    served = *ch;
    const int error =
        dipc_service_offer(name, ch->policy, (struct dipc_service_entry){serve_call, serve_call_isolated},
                           (struct dipc_service_entry){serve_attach, serve_attach_isolated}, shared);
    if (error) return error;
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
