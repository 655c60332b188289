/* SPDX-License-Identifier: Apache-2.0
 *
 * The server of mechanisms `codoms` and `mpk`: the same service, compiled into a domain of its own. It can
 * touch nothing outside but what a caller lends it and its table, so that everything it uses is compiled into
 * it, too.
 */
#include <stddef.h>

/* Names of the second copy; libc's are the program's. */
#define memcpy domain_memcpy
#define memset domain_memset
#define kv_handle domain_kv_handle
#define kv_init domain_kv_init
#define kv_find domain_kv_find
#define kv_put domain_kv_put
#define kv_delete domain_kv_delete
#define kv_next domain_kv_next

#include "os/lib/codoms.h"
#include "os/lib/domain.h"
#include "workloads/kv/service.h"

/* An entry point. */
size_t kv_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity)
    __attribute__((aligned(64)));

#include "workloads/kv/service.c"
#include "workloads/kv/table.c"

/* What the compiler calls for assignments of structures. */
void* memcpy(void* to, const void* from, size_t n) {
    kv_copy(to, from, n);
    return to;
}

void* memset(void* to, int value, size_t n) {
    void* at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(value) : "memory");
    return to;
}

static struct kv_service service;

static int set_up(struct stile_channel* client) {
    const struct kv_service* theirs = client->context;
    service.table = theirs->table;
    service.in_place = theirs->in_place;
    return 0;
}

/* Policy `high`: what the gate needs (workloads/sync_call/entry_domain.S), and what it calls. */
const uint32_t domain_mxcsr __attribute__((visibility("hidden"))) = 0x1f80;
static char stack[16384] __attribute__((aligned(16)));
void* domain_free_stack __attribute__((visibility("hidden"))) = stack + sizeof stack;
long domain_isolated_entry(long code, long length) __attribute__((visibility("hidden")));

extern const char stile_domain_code[], stile_domain_data_end[];

static int apart(uint64_t base, uint64_t length, const void* from, const void* to) {
    return base + length >= base && (base + length <= (uint64_t)from || base >= (uint64_t)to);
}

/* Not within our own memory, where our rights and not the caller's would decide. */
static int foreign(uint64_t base, uint64_t length) {
    const struct kv_table* t = &service.table;
    return apart(base, length, stile_domain_code, stile_domain_data_end) &&
           apart(base, length, t->heap, t->heap_end) && apart(base, length, t->slots, t->index_end);
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
    return (long)kv_handle(&service, (uint32_t)code, in, (size_t)length, out, capacity);
}

const struct stile_domain_server stile_domain_server = {set_up, kv_handle, &service, domain_isolated_entry};
