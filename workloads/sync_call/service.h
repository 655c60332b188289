/* SPDX-License-Identifier: Apache-2.0
 *
 * What client and server of sync_call agree on.
 *
 * The code of a call says what both sides do with the payloads:
 *   timed    the receiver touches what arrives as `measure.touch` says; the senders send what lies in their
 *            buffers. No verification, no filling.
 *   checked  both directions carry nonces, compared byte for byte.
 *   census   likewise, with the markers between which the observer looks for copies of the nonces.
 *   stop     the server serves no more.
 */
#ifndef STILE_WORKLOADS_SYNC_CALL_SERVICE_H
#define STILE_WORKLOADS_SYNC_CALL_SERVICE_H

#include "os/lib/channel.h"

enum { OP_TIMED, OP_CHECKED, OP_CENSUS, OP_STOP };
#define CODE(op, number) ((uint32_t)(op) | (uint32_t)(number) << 8)
#define OP_OF(code) ((code)&0xff)

/* Seeds of the nonces that call `code` carries; different in each call and direction. */
#define REQUEST_SEED(code) (0x5717e000000000ull + (uint64_t)(code)*2)
#define ANSWER_SEED(code) (REQUEST_SEED(code) + 1)

struct service {
    struct stile_channel* channel;
    size_t size;
    enum stile_touch touch;
    void* scratch;
};

/* The handler; `context` is a struct service. What arrives wrong in a checked or census call is answered with
 * a wrong payload, so that the client, which reports, sees it. */
size_t service_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity);

/* 0, or -ENOMEM. */
int service_init(struct service* s, struct stile_channel* channel, size_t size, enum stile_touch touch);

#endif
