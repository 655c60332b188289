/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/throughput/service.h"

#include "os/lib/spin_lock.h"

static void work(struct service* s) {
    if (!s->locked) {
        for (unsigned i = 0; i < s->work; ++i) __atomic_add_fetch(&s->words[i], 1, __ATOMIC_RELAXED);
        return;
    }
    stile_spin_lock(&s->lock);
    for (unsigned i = 0; i < s->work; ++i) ++s->words[i];
    stile_spin_unlock(&s->lock);
}

static int nothing_lost(struct service* s) {
    int right = 1;
    stile_spin_lock(&s->lock);
    for (unsigned i = 0; i < s->work; ++i) right &= s->words[i] == s->expected;
    stile_spin_unlock(&s->lock);
    return right;
}

static __attribute__((noinline)) size_t handle_other(struct service* s, uint32_t code, const void* in,
                                                     size_t length, void* out) {
    if (OP_OF(code) == OP_STOP) {
        s->stopping = 1;
        return 0;
    }
    if (OP_OF(code) == OP_CENSUS) STILE_MARK(STILE_MARK_CENSUS_STOP, 0, 0, 0);
    int right = length == s->size && stile_payload_matches(in, length, REQUEST_SEED(code));
    if (OP_OF(code) == OP_AUDIT) right &= nothing_lost(s);
    stile_payload_fill(out, s->size, right ? ANSWER_SEED(code) : ~ANSWER_SEED(code));
    /* Wrong shows even where the answer has no bytes to say so. */
    const size_t answered = right || s->size > 0 ? s->size : 1;
    if (OP_OF(code) == OP_CENSUS) STILE_MARK(STILE_MARK_CENSUS_ARM, ANSWER_SEED(code), s->size, 0);
    return answered;
}

/* Reached through a pointer by every mechanism, the same machine code for all of them. */
__attribute__((noinline)) size_t service_handle(void* context, uint32_t code, void* in, size_t length,
                                                void* out, size_t capacity) {
    struct service* s = context;
    if (OP_OF(code) != OP_TIMED) return handle_other(s, code, in, length, out);
    /* Several threads: whoever may not write what arrived writes it into its own answer. */
    stile_touch(s->touch, in, length, s->in_place, out);
    if (s->work > 0) work(s);
    return s->size;
}
