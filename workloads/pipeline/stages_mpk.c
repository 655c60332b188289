/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages with memory of a protection key of their own (chain_gate.h).
 */
#include <errno.h>
#include <sys/mman.h>

#include "os/lib/keys/keys.h"
#include "workloads/pipeline/chain_gate.h"
#include "workloads/pipeline/images.h"

struct chain_gate chain_gates[CHAIN_STAGES + 1] __attribute__((aligned(CHAIN_GATE_BYTES)));

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    void* answer = ch->own_memory[0];
    *in = answer;
    return ch->policy ? chain_high[0](code, ch->out, length, answer, ch->capacity)
                      : chain_low[0](code, ch->out, length, answer, ch->capacity);
}
static const struct stile_mechanism chain = {
    .name = "mpk", .flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES, .call = call};

/* The image of stage i + 1, and what its gate goes by. */
static long close_stage(unsigned i, const struct stile_channel* first) {
    const long key = CHAIN_KEY(i + 1);
    chain_gates[i + 1] = (struct chain_gate){.context = &OF(i, domain_stage)->stage,
                                             .handler = (stile_handler)OF(i, domain_stage_handle),
                                             .stack = *OF(i, domain_free_stack),
                                             .payload = (uint64_t)first->out,
                                             .answer = (uint64_t)first->own_memory[0],
                                             .bytes = first->capacity,
                                             .mxcsr = 0x1f80};
    long r = stile_key_give(stile_domain_code + image_distance[i],
                            (size_t)(stile_domain_code_end - stile_domain_code), PROT_READ | PROT_EXEC, key);
    if (r >= 0)
        r = stile_key_give(stile_domain_data + image_distance[i],
                           (size_t)(stile_domain_data_end - stile_domain_data), PROT_READ | PROT_WRITE, key);
    if (r >= 0) r = stile_key_give(&chain_gates[i + 1], sizeof chain_gates[0], PROT_READ | PROT_WRITE, key);
    return r;
}

static long allocate_keys(unsigned depth) {
    long r = 0;
    for (long wanted = CHAIN_KEY_PAYLOAD; wanted <= CHAIN_KEY((long)depth) && r >= 0; ++wanted)
        r = stile_key_allocate(wanted);
    return r;
}

int make_key_stages(struct stile_channel* first, const struct arguments* a, const char** why) {
    const size_t room = a->size ? a->size : 1;
    long gates[MAX_DEPTH] = {0};
    if (!stile_has_keys()) return -ENOSYS;
    if (a->depth > CHAIN_STAGES) {
        *why = "there are 15 keys to be had, and each stage and the payload need one";
        return -ENOSPC;
    }
    first->mechanism = &chain;
    first->out = stile_channel_memory(a->size);
    first->own_memory[0] = stile_channel_memory(a->size);
    if (!first->out || !first->own_memory[0]) return -ENOMEM;
    long r = copy_images(a->depth);
    if (r < 0) return (int)r;
    for (unsigned i = 0; i + 1 < a->depth; ++i)
        gates[i] = (long)(a->policy ? chain_high[i + 1] : chain_low[i + 1]);
    connect_images(first, a, domain_call_gate, gates);
    r = allocate_keys(a->depth);
    for (unsigned i = 0; i < a->depth && r >= 0; ++i) r = close_stage(i, first);
    if (r >= 0) r = stile_key_give(first->out, room, PROT_READ | PROT_WRITE, CHAIN_KEY_PAYLOAD);
    if (r >= 0) r = stile_key_give(first->own_memory[0], room, PROT_READ | PROT_WRITE, CHAIN_KEY_PAYLOAD);
    if (r >= 0) __asm__ volatile("wrpkru" : : "a"(CHAIN_PKRU_A), "c"(0), "d"(0) : "memory");
    return r < 0 ? (int)r : 0;
}
