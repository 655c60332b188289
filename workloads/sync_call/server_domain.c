/* SPDX-License-Identifier: Apache-2.0
 *
 * The server of mechanism `codoms`: the same service as everywhere, compiled into a domain of its own. It can
 * touch nothing outside but what a caller lends it, so that everything it uses is compiled into it, too.
 */
#include "os/lib/domain/names.h"

/* Names of the second copy. */
#define service_init domain_service_init
#define service_handle domain_service_handle

#include "os/lib/domain/serve.h"
#include "workloads/sync_call/service.h"

/* An entry point. */
size_t service_handle(void* context, uint32_t code, void* in, size_t length, void* out, size_t capacity)
    __attribute__((aligned(64)));

#include "workloads/sync_call/service.c"

/* The handler asks its channel whether what arrives may be changed. */
static struct stile_mechanism mechanism = {.name = "codoms"};
static struct stile_channel served = {.mechanism = &mechanism};
static struct service service;

static int set_up(struct stile_channel* client) {
    const struct service* theirs = client->context;
    return service_init(&service, &served, theirs->size, theirs->touch);
}

/* Policy `high`. */
long domain_serve(long code, long length) {
    struct domain_loan loan;
    const int error = domain_borrow(&loan, length);
    if (error) return error;
    return (long)service_handle(&service, (uint32_t)code, loan.in, (size_t)length, loan.out, loan.capacity);
}

const struct stile_domain_server stile_domain_server = {set_up, service_handle, &service,
                                                        domain_isolated_entry};
