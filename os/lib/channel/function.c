/* SPDX-License-Identifier: Apache-2.0
 *
 * A call in one protection domain: the floor. Payload by reference in both directions.
 */
#include <errno.h>

#include "os/lib/channel.h"

static int prepare(struct stile_channel* ch) {
    if (ch->onward) {
        ch->out = ch->onward->out;
        ch->own_memory[0] = ch->onward->own_memory[0];
        return 0;
    }
    ch->out = stile_channel_memory(ch->capacity);
    ch->own_memory[0] = stile_channel_memory(ch->capacity); /* the handler's answers */
    return ch->out && ch->own_memory[0] ? 0 : -ENOMEM;
}

static int connect(struct stile_channel* ch) { return 0; }

STILE_STUB static long call(struct stile_channel* ch, uint32_t code, size_t length, void** in) {
    void* answer = ch->own_memory[0];
    *in = answer;
    return (long)ch->handler(ch->context, code, ch->out, length, answer, ch->capacity);
}

static const struct stile_mechanism function = {
    .name = "function", .flags = STILE_SAME_PROCESS, .prepare = prepare, .connect = connect, .call = call};
STILE_MECHANISM(function);
