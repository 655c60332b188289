/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/pipeline/stage.h"

#include <string.h>

void stage_init(struct stage* s, unsigned number, struct stile_channel* own, struct stile_channel* onward,
                size_t size, enum stile_touch touch) {
    *s = (struct stage){number, size, touch, own, onward, 0};
    own->handler = stage_handle;
    own->context = s;
}

void stage_transform(unsigned number, enum way way, void* to, const void* from, size_t bytes) {
    const uint64_t key = stile_nonce(0x57a6e, number * 2 + way);
    unsigned char* p = to;
    const unsigned char* q = from;
    for (; bytes >= 8; bytes -= 8, p += 8, q += 8) {
        uint64_t word;
        memcpy(&word, q, sizeof word);
        word = (word << 7 | word >> 57) + key;
        memcpy(p, &word, sizeof word);
    }
    for (; bytes > 0; --bytes) *p++ = (unsigned char)((*q << 3 | *q >> 5) + key), ++q;
}

/* Where the caller's own thread is here, the result reaches it; a process that cannot go on ends, which its
 * caller notices. */
static __attribute__((noinline)) size_t failed(struct stage* s, long error) {
    if (s->own->mechanism->flags & (STILE_SAME_PROCESS | STILE_CALLER_CROSSES)) return (size_t)error;
    s->error = error;
    s->own->stopping = 1;
    return 0;
}

static size_t census(struct stage* s, uint32_t code, const void* in, size_t length, void* out) {
    STILE_MARK(STILE_MARK_CENSUS_STOP, 0, 0, 0);
    const int right = length == s->size && stile_payload_matches(in, length, REQUEST_SEED(code));
    stile_payload_fill(out, s->size, right ? ANSWER_SEED(code) : ~ANSWER_SEED(code));
    STILE_MARK(STILE_MARK_CENSUS_ARM, ANSWER_SEED(code), s->size, 0);
    return s->size;
}

/* Of a checked call. A hop too few or too many shows even where there are no bytes to say so. */
static size_t last(struct stage* s, uint32_t code, const void* in, size_t length, void* out) {
    stage_transform(s->number, THERE, out, in, length);
    stage_transform(s->number, BACK, out, out, length);
    return length > 0 || HOPS_OF(code) + 1 == s->number ? length : 1;
}

/* Not timed. */
static __attribute__((noinline)) size_t handle_other(struct stage* s, uint32_t code, void* in, size_t length,
                                                     void* out) {
    const int op = OP_OF(code);
    void* answer = NULL;
    long n = 0;
    if (op == OP_STOP) {
        s->own->stopping = 1;
        if (s->onward) n = stile_channel_call(s->onward, code, 0, &answer);
        return n < 0 ? failed(s, n) : 0;
    }
    if (!s->onward)
        return op == OP_CENSUS ? census(s, code, in, length, out) : last(s, code, in, length, out);
    if (op == OP_CHECKED) {
        stage_transform(s->number, THERE, s->onward->out, in, length);
        code += ONE_HOP;
    } else if (s->onward->out != in) {
        memcpy(s->onward->out, in, length);
    }
    n = stile_channel_call(s->onward, code, length, &answer);
    if (n < 0) return failed(s, n);
    if (op == OP_CHECKED)
        stage_transform(s->number, BACK, out, answer, (size_t)n);
    else if (out != answer)
        memcpy(out, answer, (size_t)n);
    return (size_t)n;
}

/* Reached through a pointer by every mechanism, the same machine code for all of them. */
__attribute__((noinline)) size_t stage_handle(void* context, uint32_t code, void* in, size_t length,
                                              void* out, size_t capacity) {
    struct stage* s = context;
    if (OP_OF(code) != OP_TIMED) return handle_other(s, code, in, length, out);
    if (!s->onward) {
        stile_touch(s->touch, in, length, 0, out);
        return s->size;
    }
    void* answer;
    stile_touch(s->touch, in, length, 0, s->onward->out);
    const long n = stile_channel_call(s->onward, code, length, &answer);
    if (n < 0) return failed(s, n);
    stile_touch(s->touch, answer, (size_t)n, 0, out);
    return (size_t)n;
}
