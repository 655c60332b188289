/* SPDX-License-Identifier: Apache-2.0
 *
 * A service behind proxies (docs/dipc.md), as channels and pools offer it: an entry that is called, another
 * one by which a client attaches, and a domain of buffers that both sides may write to, so that payload goes
 * by reference. The sides find each other by the service's name.
 */
#ifndef STILE_OS_LIB_DIPC_SERVICE_H
#define STILE_OS_LIB_DIPC_SERVICE_H

#include "os/lib/dipc.h"

/* 0, or -errno where this kernel or this protection has no domains. */
int dipc_service_possible(void);

/* Requests lie in the first half of what a client gets of the buffers, answers in the second. */
size_t dipc_service_half(size_t capacity);

/* The policy has properties that stubs keep. */
static inline int dipc_service_isolated(unsigned policy) { return (policy & DIPC_STUB_POLICIES) != 0; }

/* Through a proxy of either entry. */
STILE_STUB static inline long dipc_service_cross(unsigned policy, uint64_t proxy, long a, long b) {
    return dipc_service_isolated(policy) ? dipc_isolated_call2(proxy, a, b) : dipc_plain_call2(proxy, a, b);
}

/* Client. What the server has published, with a right to both; waits until it is there. 0 or -errno. */
struct dipc_service {
    uint64_t call, attach; /* proxies */
    long buffers;          /* handle */
};
int dipc_service_find(const char* name, unsigned policy, struct dipc_service* found);

/* Server: the domain of buffers, zeroed and touched. A handle that clients may have, or -errno. */
long dipc_service_buffers(const char* name, size_t bytes, char** at);

/* Server: both entries, and the handle of the buffers. 0 or -errno. */
struct dipc_service_entry {
    const void *plain, *isolated; /* DIPC_PLAIN_ENTRY, and DIPC_ISOLATED_ENTRY of it */
};
int dipc_service_offer(const char* name, unsigned policy, struct dipc_service_entry call,
                       struct dipc_service_entry attach, long buffers);

#endif
