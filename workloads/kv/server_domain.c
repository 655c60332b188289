/* SPDX-License-Identifier: Apache-2.0
 *
 * The server of mechanisms `codoms` and `mpk`: the same service, compiled into a domain of its own. It can
 * touch nothing outside but what a caller lends it and its table, so that everything it uses is compiled into
 * it, too.
 */
#include "os/lib/domain/names.h"

/* Names of the second copy. */
#define kv_handle domain_kv_handle
#define kv_init domain_kv_init
#define kv_find domain_kv_find
#define kv_put domain_kv_put
#define kv_delete domain_kv_delete
#define kv_next domain_kv_next

#include "os/lib/domain/serve.h"
#include "workloads/kv/service.h"

/* An entry point. */
size_t kv_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity)
    __attribute__((aligned(64)));

#include "workloads/kv/service.c"
#include "workloads/kv/table.c"

static struct kv_service service;

static int set_up(struct stile_channel* client) {
    const struct kv_service* theirs = client->context;
    service.table = theirs->table;
    service.in_place = theirs->in_place;
    return 0;
}

/* The table is our own memory, too. */
static int outside_table(const void* base, size_t length) {
    const struct kv_table* t = &service.table;
    return domain_apart((uint64_t)base, length, t->heap, t->heap_end) &&
           domain_apart((uint64_t)base, length, t->slots, t->index_end);
}

/* Policy `high`. */
long domain_serve(long code, long length) {
    struct domain_loan loan;
    const int error = domain_borrow(&loan, length);
    if (error) return error;
    if (!outside_table(loan.in, (size_t)length) || !outside_table(loan.out, loan.capacity)) return -EINVAL;
    return (long)kv_handle(&service, (uint32_t)code, loan.in, (size_t)length, loan.out, loan.capacity);
}

const struct stile_domain_server stile_domain_server = {set_up, kv_handle, &service, domain_isolated_entry};
