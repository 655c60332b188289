/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/sync_call/service.h"

#include <errno.h>

int service_init(struct service* s, struct stile_channel* channel, size_t size, enum stile_touch touch) {
    *s = (struct service){.channel = channel, .size = size, .touch = touch};
    s->scratch = stile_channel_memory(size);
    channel->handler = service_handle;
    channel->context = s;
    return s->scratch ? 0 : -ENOMEM;
}

static __attribute__((noinline)) size_t handle_other(struct service* s, uint32_t code, const void* in,
                                                     size_t length, void* out) {
    if (OP_OF(code) == OP_STOP) {
        s->channel->stopping = 1;
        return 0;
    }
    if (OP_OF(code) == OP_CENSUS) STILE_MARK(STILE_MARK_CENSUS_STOP, 0, 0, 0);
    const int right = length == s->size && stile_payload_matches(in, length, REQUEST_SEED(code));
    stile_payload_fill(out, s->size, right ? ANSWER_SEED(code) : ~ANSWER_SEED(code));
    /* A wrong request shows even where the answer has no bytes to say so. */
    const size_t answered = right || s->size > 0 ? s->size : 1;
    if (OP_OF(code) == OP_CENSUS) STILE_MARK(STILE_MARK_CENSUS_ARM, ANSWER_SEED(code), s->size, 0);
    return answered;
}

/* Reached through a pointer by every mechanism, the same machine code for all of them. */
__attribute__((noinline)) size_t service_handle(void* context, uint32_t code, void* in, size_t length,
                                                void* out, size_t capacity) {
    struct service* s = context;
    if (OP_OF(code) != OP_TIMED) return handle_other(s, code, in, length, out);
    stile_touch(s->touch, in, length, !(s->channel->mechanism->flags & STILE_IN_READ_ONLY), s->scratch);
    return s->size;
}
