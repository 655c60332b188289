/* SPDX-License-Identifier: Apache-2.0
 *
 * The service: what the server does with a call. It is linked with the client too, because mechanism
 * `function` calls it there.
 */
#include "service.h"

/* `in` is the request where the mechanism has put it, which may be memory that cannot be written; the answer
 * goes to `out`. Returns the answer's length. */
static size_t handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity) {
    struct stile_channel* ch = context;
    if (code == OP_STOP) {
        ch->stopping = 1;
        return 0;
    }
    if (code == OP_CHECKED) STILE_MARK(STILE_MARK_CENSUS_STOP, 0, 0, 0);
    const uint64_t* numbers = in;
    uint64_t sum = 0;
    for (size_t i = 0; i < length / 8; ++i) sum += numbers[i];
    *(uint64_t*)out = sum;
    return sizeof sum;
}

int service_open(struct stile_channel* ch, const char* mechanism, size_t numbers) {
    const int error = stile_channel_open(ch, mechanism, numbers * 8);
    ch->policy = STILE_POLICY_LOW;
    ch->handler = handle;
    ch->context = ch;
    return error;
}
