/* SPDX-License-Identifier: Apache-2.0
 *
 * The server of mechanisms `codoms` and `mpk`: the same service, compiled into a domain of its own. It can
 * touch nothing outside but what a caller lends it, so that everything it uses is compiled into it, too.
 */
#include <stddef.h>

/* Names of the second copy; libc's are the program's. */
#define memcpy domain_memcpy
#define memcmp domain_memcmp
#define strcmp domain_strcmp
#define service_handle domain_service_handle
#define stile_payload_fill domain_payload_fill
#define stile_payload_matches domain_payload_matches
#define stile_touch_named domain_touch_named
#define stile_touch_all domain_touch_all

#include "os/lib/codoms.h"
#include "os/lib/domain.h"
#include "os/lib/payload.c"
#include "workloads/throughput/service.h"

/* An entry point. */
size_t service_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity)
    __attribute__((aligned(64)));

#include "workloads/throughput/service.c"

void* memcpy(void* to, const void* from, size_t n) {
    for (size_t i = 0; i < n; ++i) ((volatile char*)to)[i] = ((const char*)from)[i];
    return to;
}

int memcmp(const void* a, const void* b, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        const int d = ((const volatile unsigned char*)a)[i] - ((const volatile unsigned char*)b)[i];
        if (d) return d;
    }
    return 0;
}

int strcmp(const char* a, const char* b) {
    while (*a && *a == *b) ++a, ++b;
    return (unsigned char)*a - (unsigned char)*b;
}

static struct service service;

static int set_up(struct stile_channel* client) {
    const struct service* theirs = client->context;
    service.size = theirs->size;
    service.touch = theirs->touch;
    service.in_place = theirs->in_place;
    service.locked = theirs->locked;
    service.work = theirs->work;
    service.expected = theirs->expected;
    return 0;
}

/* Policy `high`: what the gate needs (workloads/sync_call/entry_domain.S), and what it calls. */
const uint32_t domain_mxcsr __attribute__((visibility("hidden"))) = 0x1f80;
static char stack[16384] __attribute__((aligned(16)));
void* domain_free_stack __attribute__((visibility("hidden"))) = stack + sizeof stack;
long domain_isolated_entry(long code, long length) __attribute__((visibility("hidden")));

extern const char stile_domain_code[], stile_domain_data_end[];

/* Not within our own memory, where our rights and not the caller's would decide. */
static int foreign(uint64_t base, uint64_t length) {
    return base + length >= base &&
           (base + length <= (uint64_t)stile_domain_code || base >= (uint64_t)stile_domain_data_end);
}

__attribute__((used, visibility("hidden"))) long domain_serve(long code, long length) {
    void *in = NULL, *out = NULL;
    size_t capacity = 0;
    if (length) {
        in = (void*)stile_cap_base(0);
        out = (void*)stile_cap_base(1);
        capacity = stile_cap_length(1);
        if ((uint64_t)length > stile_cap_length(0) || !foreign((uint64_t)in, (uint64_t)length) ||
            !foreign((uint64_t)out, capacity))
            return -22; /* EINVAL */
    }
    return (long)service_handle(&service, (uint32_t)code, in, (size_t)length, out, capacity);
}

const struct stile_domain_server stile_domain_server = {set_up, service_handle, &service,
                                                        domain_isolated_entry};
