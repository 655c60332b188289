/* SPDX-License-Identifier: Apache-2.0
 *
 * What the client A and the stages B, C, ... of a pipeline agree on.
 *
 * A calls stage 1, that one stage 2, and so on to the last, whose answer travels back through all of them.
 * The code of a call says what happens to the payload on its way:
 *   timed    every receiver, on both ways, touches what arrives as `measure.touch` says: nothing, loads of
 *            every word, or new words made of the old ones, which are what is sent on.
 *   checked  every stage transforms what arrives, on both ways, as only that stage does in only that
 *            direction. A, who knows all of them, knows what must come back.
 *   census   the payload is handed on as it is, so that the observer can follow the nonces to the last stage;
 *            its answer is made of other ones.
 *   stop     the stages serve no more.
 * Where the mechanism goes by reference a stage hands the reference on and works in place.
 */
#ifndef STILE_WORKLOADS_PIPELINE_STAGE_H
#define STILE_WORKLOADS_PIPELINE_STAGE_H

#include "os/lib/channel.h"

enum { MAX_DEPTH = 16 };
enum { OP_TIMED, OP_CHECKED, OP_CENSUS, OP_STOP };
/* op | number << 8 | hops so far << 24, which checked calls count. */
#define CODE(op, number) ((uint32_t)(op) | (uint32_t)(number) << 8)
#define OP_OF(code) ((code)&0xff)
#define ONE_HOP (1u << 24)
#define HOPS_OF(code) ((code) >> 24)

#define REQUEST_SEED(code) (0x717e00000000ull + (uint64_t)((code)&0xffffff) * 2)
#define ANSWER_SEED(code) (REQUEST_SEED(code) + 1)

enum way { THERE, BACK };

struct stage {
    unsigned number; /* 1 is the one that A calls */
    size_t size;
    enum stile_touch touch;
    struct stile_channel* own;    /* served */
    struct stile_channel* onward; /* to the next stage; NULL in the last one */
    long error;                   /* of the call to the next stage */
};

/* Makes the stage the handler of its own channel. */
void stage_init(struct stage* s, unsigned number, struct stile_channel* own, struct stile_channel* onward,
                size_t size, enum stile_touch touch);

/* The handler; `context` is a struct stage. */
size_t stage_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity);

/* `to` may be `from`. */
void stage_transform(unsigned number, enum way way, void* to, const void* from, size_t bytes);

#endif
