/* SPDX-License-Identifier: Apache-2.0
 *
 * The service that clients of `throughput` and `latency` call, from any number of threads at once.
 *
 * The code of a call says what both sides do with the payloads:
 *   timed    the receiver touches what arrives as `measure.touch` says and does the service's work; the
 * senders send what lies in their buffers checked  both directions carry nonces, compared byte for byte
 *   census   likewise, with the markers between which the observer looks for copies of the nonces
 *   audit    checked, and right only if no work was lost
 *   stop     the server serves no more
 *
 * The service's work is to add one to each of so many words of its own: under a lock, or each atomically. It
 * is what clients contend for.
 */
#ifndef STILE_WORKLOADS_THROUGHPUT_SERVICE_H
#define STILE_WORKLOADS_THROUGHPUT_SERVICE_H

#include "os/lib/stile.h"

enum { OP_TIMED, OP_CHECKED, OP_CENSUS, OP_AUDIT, OP_STOP };
#define CODE(op, client, number) ((uint32_t)(op) | (uint32_t)(client) << 8 | (uint32_t)(number) << 16)
#define OP_OF(code) ((code)&0xff)

/* Seeds of the nonces that call `code` carries; different in each call and direction. */
#define REQUEST_SEED(code) (0x10ad00000000ull + (uint64_t)(code)*2)
#define ANSWER_SEED(code) (REQUEST_SEED(code) + 1)

enum { MOST_WORK = 4096 };

struct service {
    size_t size;
    enum stile_touch touch;
    int in_place; /* what arrives may be written */
    int locked;
    unsigned work;     /* words */
    uint64_t expected; /* timed calls by all clients until the audit */
    int stopping;
    _Alignas(64) uint32_t lock;
    _Alignas(64) uint64_t words[MOST_WORK];
};

/* The handler; `context` is a struct service. What arrives wrong is answered with a wrong payload, so that
 * the client, which reports, sees it. */
size_t service_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity);

#endif
