/* SPDX-License-Identifier: Apache-2.0
 *
 * The stage of mechanisms `codoms` and `mpk`: the same code as everywhere, compiled into a domain of its own.
 * It can touch nothing outside but the payload, so that everything it uses is compiled into it, too. With
 * `codoms` the payload is lent by A and goes on with the call, in capability registers 0 and 1: every stage
 * may touch it while A's call lasts, and no longer.
 */
#include "os/lib/domain/names.h"

/* Names of the second copy. */
#define stage_init domain_stage_init
#define stage_transform domain_stage_transform
#define stage_handle domain_stage_handle

#include "workloads/pipeline/stage_domain.h"

size_t stage_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity)
    __attribute__((aligned(64)));

#include "workloads/pipeline/stage.c"

struct domain_stage domain_stage;

long domain_call_low(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    void* answer = ch->own_memory[0];
    *in = answer;
    long result = (long)ch->handler(ch->context, code, ch->out, length, answer, ch->capacity);
    /* A call of its own: a jump at the end of a function pushes no return capability. */
    __asm__ volatile("" : "+r"(result));
    return result;
}

long domain_call_high(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    *in = ch->own_memory[0];
    return domain_nested_call2((uint64_t)ch->own[NEXT_ENTRY], code, (long)length);
}

long domain_call_gate(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    long (*gate)(uint32_t, void*, size_t, void*, size_t) =
        (long (*)(uint32_t, void*, size_t, void*, size_t))ch->own[NEXT_ENTRY];
    *in = ch->own_memory[0];
    return gate(code, ch->out, length, *in, ch->capacity);
}

/* Policy `high`. */
long domain_serve(long code, long length) {
    struct domain_loan loan;
    const int error = domain_borrow(&loan, length);
    if (error) return error;
    return (long)stage_handle(&domain_stage.stage, (uint32_t)code, loan.in, (size_t)length, loan.out,
                              loan.capacity);
}
