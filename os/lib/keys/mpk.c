/* SPDX-License-Identifier: Apache-2.0
 *
 * A call into a part of the program whose memory has a protection key of its own: no kernel, and no hardware
 * that knows of domains. The server is the one of mechanism `codoms`, on the same pages of its own; what
 * keeps the client from them is PKRU, which a gate changes on the way in and on the way out (gate.h).
 */
#include <errno.h>
#include <sys/mman.h>

#include "os/lib/domain.h"
#include "os/lib/keys/gate.h"
#include "os/lib/keys/keys.h"

STILE_DOMAIN_BOUNDS();

struct stile_key_gate stile_key_gate __attribute__((aligned(4096), visibility("hidden")));

enum { STACK_BYTES = 16384 };

static int prepare(struct stile_channel* ch) {
    const size_t room = ch->capacity ? ch->capacity : 1;
    if (!stile_has_keys()) return -ENOSYS;
    if (!&stile_domain_server) return -ENOENT;
    ch->out = stile_channel_memory(ch->capacity);
    ch->own_memory[0] = stile_channel_memory(ch->capacity);
    char* stack = stile_channel_memory(STACK_BYTES);
    if (!ch->out || !ch->own_memory[0] || !stack) return -ENOMEM;
    const int error = stile_domain_server.set_up(ch);
    if (error) return error;
    stile_key_gate = (struct stile_key_gate){.context = stile_domain_server.context,
                                             .handler = stile_domain_server.handler,
                                             .stack = stack + STACK_BYTES,
                                             .payload = (uint64_t)ch->out,
                                             .answer = (uint64_t)ch->own_memory[0],
                                             .bytes = ch->capacity,
                                             .mxcsr = 0x1f80};
    const int code = PROT_READ | PROT_EXEC, data = PROT_READ | PROT_WRITE;
    long r = stile_key_allocate(STILE_KEY_SERVER);
    if (r >= 0) r = stile_key_allocate(STILE_KEY_PAYLOAD);
    if (r >= 0)
        r = stile_key_give(stile_domain_code, (size_t)(stile_domain_code_end - stile_domain_code), code,
                           STILE_KEY_SERVER);
    if (r >= 0)
        r = stile_key_give(stile_domain_data, (size_t)(stile_domain_data_end - stile_domain_data), data,
                           STILE_KEY_SERVER);
    if (r >= 0) r = stile_key_give(&stile_key_gate, sizeof stile_key_gate, data, STILE_KEY_SERVER);
    if (r >= 0) r = stile_key_give(stack, STACK_BYTES, data, STILE_KEY_SERVER);
    if (r >= 0) r = stile_key_give(ch->out, room, data, STILE_KEY_PAYLOAD);
    if (r >= 0) r = stile_key_give(ch->own_memory[0], room, data, STILE_KEY_PAYLOAD);
    if (r < 0) return (int)r;
    __asm__ volatile("wrpkru" : : "a"(STILE_PKRU_CLIENT), "c"(0), "d"(0) : "memory");
    return 0;
}

static int connect(struct stile_channel* ch) { return 0; }

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    void* answer = ch->own_memory[0];
    *in = answer;
    return ch->policy ? stile_key_call_high(code, ch->out, length, answer, ch->capacity)
                      : stile_key_call_low(code, ch->out, length, answer, ch->capacity);
}

static const struct stile_mechanism mpk = {.name = "mpk",
                                           .flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES,
                                           .prepare = prepare,
                                           .connect = connect,
                                           .call = call};
STILE_MECHANISM(mpk);
