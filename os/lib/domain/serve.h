/* SPDX-License-Identifier: Apache-2.0
 *
 * How code of a second domain (os/lib/domain.h) serves calls that come through the gate, policy `high`. For
 * its sources only; a program that uses it is linked with library `domain`.
 */
#ifndef STILE_OS_LIB_DOMAIN_SERVE_H
#define STILE_OS_LIB_DOMAIN_SERVE_H

#include <errno.h>

#include "os/lib/codoms.h"
#include "os/lib/domain.h"

/* Addresses are relative to the code, so that an image of the domain can be copied. */
#define IN_DOMAIN __attribute__((visibility("hidden")))

enum { DOMAIN_STACK_BYTES = 16384 };

/* The gate, for stile_domain_server.isolated, and what it goes by. */
long domain_isolated_entry(long code, long length) IN_DOMAIN;
extern const uint32_t domain_mxcsr IN_DOMAIN;
extern char domain_stack[DOMAIN_STACK_BYTES] IN_DOMAIN;
extern void* domain_free_stack IN_DOMAIN; /* its end, while nobody uses it */

/* Called by the gate on `domain_stack`; the workload's. The result is the caller's. */
long domain_serve(long code, long length) IN_DOMAIN;

STILE_DOMAIN_BOUNDS(IN_DOMAIN);

static inline int domain_apart(uint64_t base, uint64_t length, const void* from, const void* to) {
    return base + length >= base && (base + length <= (uint64_t)from || base >= (uint64_t)to);
}

/* What the caller lends for the call, in capability registers 0 and 1: the request and room for the answer.
 */
struct domain_loan {
    void *in, *out;
    size_t capacity;
};

/* 0, or -EINVAL: less than the length, or within our own memory, where our rights and not the caller's would
 * decide. */
static inline int domain_borrow(struct domain_loan* loan, long length) {
    *loan = (struct domain_loan){0};
    if (!length) return 0;
    const uint64_t in = stile_cap_base(0), out = stile_cap_base(1);
    *loan = (struct domain_loan){(void*)in, (void*)out, stile_cap_length(1)};
    if ((uint64_t)length > stile_cap_length(0) ||
        !domain_apart(in, (uint64_t)length, stile_domain_code, stile_domain_data_end) ||
        !domain_apart(out, loan->capacity, stile_domain_code, stile_domain_data_end))
        return -EINVAL;
    return 0;
}

#endif
