/* SPDX-License-Identifier: Apache-2.0
 *
 * The stage of mechanisms `codoms` and `mpk`: the same code as everywhere, compiled into a domain of its own.
 * It can touch nothing outside but the payload, so that everything it uses is compiled into it, too. With
 * `codoms` the payload is lent by A and goes on with the call, in capability registers 0 and 1: every stage
 * may touch it while A's call lasts, and no longer.
 */
#include <stddef.h>

/* Names of the second copy; libc's are the program's. */
#define memcpy domain_memcpy
#define memcmp domain_memcmp
#define strcmp domain_strcmp
#define stage_init domain_stage_init
#define stage_transform domain_stage_transform
#define stage_handle domain_stage_handle
#define stile_payload_fill domain_payload_fill
#define stile_payload_matches domain_payload_matches
#define stile_touch_named domain_touch_named
#define stile_touch_all domain_touch_all

#include "os/lib/codoms.h"
#include "os/lib/payload.c"
#include "workloads/pipeline/stage_domain.h"

size_t stage_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity)
    __attribute__((aligned(64)));

#include "workloads/pipeline/stage.c"

void* memcpy(void* to, const void* from, size_t n) {
    void* at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
    return to;
}

int memcmp(const void* a, const void* b, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        const int d = ((const volatile unsigned char*)a)[i] - ((const volatile unsigned char*)b)[i];
        if (d) return d;
    }
    return 0;
}

int strcmp(const char* a, const char* b) {
    while (*a && *a == *b) ++a, ++b;
    return (unsigned char)*a - (unsigned char)*b;
}

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

/* Policy `high`: what the gate needs, and what it calls. */
const uint32_t domain_mxcsr IN_DOMAIN = 0x1f80;
char domain_stack[DOMAIN_STACK_BYTES] __attribute__((aligned(16)));
void* domain_free_stack;

extern const char stile_domain_code[], stile_domain_data_end[];

/* Not within our own memory, where our rights and not the caller's would decide. */
static int foreign(uint64_t base, uint64_t length) {
    return base + length >= base &&
           (base + length <= (uint64_t)stile_domain_code || base >= (uint64_t)stile_domain_data_end);
}

__attribute__((used)) IN_DOMAIN long domain_serve(long code, long length) {
    void *in = NULL, *out = NULL;
    size_t capacity = 0;
    if (length) {
        in = (void*)stile_cap_base(0);
        out = (void*)stile_cap_base(1);
        capacity = stile_cap_length(1);
        if ((uint64_t)length > stile_cap_length(0) || !foreign((uint64_t)in, (uint64_t)length) ||
            !foreign((uint64_t)out, capacity))
            return -22; /* EINVAL */
    }
    return (long)stage_handle(&domain_stage.stage, (uint32_t)code, in, (size_t)length, out, capacity);
}
