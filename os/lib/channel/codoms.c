/* SPDX-License-Identifier: Apache-2.0
 *
 * A call from one domain of a program into another: no kernel, no proxy. The caller's domain has the call
 * right over the callee's, whose handler is an entry point; the hardware checks the crossing, pushes the
 * return capability and pops it.
 */
#include <errno.h>
#include <sys/mman.h>

#include "os/lib/codoms.h"
#include "os/lib/domain.h"

STILE_DOMAIN_BOUNDS(__attribute__((weak)));

#define MOVE(part, to, from) \
    dipc_dom_remap(to, from, stile_domain_##part, (size_t)(stile_domain_##part##_end - stile_domain_##part))

long stile_domain_handle = -1, stile_domain_exit_handle = -1;

long stile_domain_split(const char* name, int gated) {
    const long own = dipc_dom_default();
    if (own < 0) return own;
    const long domain = dipc_dom_create(name);
    if (domain < 0) return domain;
    stile_domain_handle = domain;
    const long gate = gated ? dipc_dom_create("gate") : domain;
    if (gate < 0) return gate;
    long r = dipc_grant_call(own, gate);
    if (r >= 0 && gated) r = dipc_grant_create(gate, domain);
    if (r >= 0 && gated) r = stile_domain_exit_handle = dipc_dom_create("exit");
    if (r >= 0 && gated) r = dipc_grant_call(gate, stile_domain_exit_handle);
    if (r >= 0 && gated) r = MOVE(exit, stile_domain_exit_handle, own);
    if (r >= 0) r = MOVE(code, domain, own);
    if (r >= 0) r = MOVE(data, domain, own);
    if (r >= 0) r = MOVE(gate, gate, own);
    return r < 0 ? r : 0;
}

enum { ANSWER }; /* own_memory[] */
enum { ENTRY };  /* own[]: of policies with properties */

static int isolated(const struct stile_channel* ch) { return (ch->policy & DIPC_STUB_POLICIES) != 0; }

static int prepare(struct stile_channel* ch) {
    ch->out = stile_channel_memory(ch->capacity);
    ch->own_memory[ANSWER] = stile_channel_memory(ch->capacity);
    if (!ch->out || !ch->own_memory[ANSWER]) return -ENOMEM;
    if (!&stile_domain_server) return -ENOENT;
    const int error = stile_domain_server.set_up(ch);
    if (error) return error;
    ch->handler = stile_domain_server.handler;
    ch->context = stile_domain_server.context;
    ch->own[ENTRY] = (long)stile_domain_server.isolated;
    return (int)stile_domain_split("server", isolated(ch));
}

static int connect(struct stile_channel* ch);

/* The bare call, which must be a call of its own: a jump at the end of a function pushes no return
 * capability. */
STILE_STUB static inline long cross(struct stile_channel* ch, uint32_t code, size_t length, void* answer) {
    long result = (long)ch->handler(ch->context, code, ch->out, length, answer, ch->capacity);
    __asm__ volatile("" : "+r"(result));
    return result;
}

/* The callee may touch the request by way of register 0, and room for the answer by way of register 1. Under
 * `low` both stay until the next call makes them anew. */
STILE_STUB static inline void lend(const struct stile_channel* ch, size_t length, void* answer) {
    if (ch->capacity == 0) return;
    stile_cap_make(0, ch->out, length, STILE_RIGHT_WRITE);
    stile_cap_make(1, answer, ch->capacity, STILE_RIGHT_WRITE);
}

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    void* answer = ch->own_memory[ANSWER];
    *in = answer;
    return cross(ch, code, length, answer);
}

STILE_STUB static long call_lending(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    void* answer = ch->own_memory[ANSWER];
    *in = answer;
    lend(ch, length, answer);
    return cross(ch, code, length, answer);
}

STILE_STUB static long call_isolated(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    void* answer = ch->own_memory[ANSWER];
    *in = answer;
    lend(ch, length, answer);
    return codoms_isolated_call2((uint64_t)ch->own[ENTRY], code, (long)length);
}

/* What is not asked for is not in the code: nothing is decided in a call. */
#define VARIANT(function)                                                                         \
    {                                                                                             \
        .name = "codoms", .flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES, .prepare = prepare, \
        .connect = connect, .call = function,                                                     \
    }
static const struct stile_mechanism lending = VARIANT(call_lending), with_policy = VARIANT(call_isolated);

static int connect(struct stile_channel* ch) {
    if (isolated(ch))
        ch->mechanism = &with_policy;
    else if (ch->capacity > 0)
        ch->mechanism = &lending;
    return 0;
}

static const struct stile_mechanism codoms = VARIANT(call);
STILE_MECHANISM(codoms);
