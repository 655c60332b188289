/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages in domains of their own, each with the right to call the next one and no other.
 */
#include "os/lib/codoms.h"
#include "os/lib/domain.h"
#include "workloads/pipeline/images.h"

static const struct arguments* wanted;

/* Called when A's buffers are there and all pages are still the program's. */
static int set_up(struct stile_channel* first) {
    long gates[MAX_DEPTH] = {0};
    const int error = copy_images(wanted->depth);
    for (unsigned i = 0; i + 1 < wanted->depth; ++i) gates[i] = (long)OF(i + 1, domain_isolated_entry);
    connect_images(first, wanted, wanted->policy ? domain_call_high : domain_call_low, gates);
    return error;
}

const struct stile_domain_server stile_domain_server = {set_up, domain_stage_handle, &domain_stage.stage,
                                                        domain_isolated_entry};

static long move(unsigned i, long to, long from, char* begin, char* end) {
    return dipc_dom_remap(to, from, begin + image_distance[i], (size_t)(end - begin));
}

/* All gates' exits are one domain: it has no rights. */
static long leaves_through(long gate, unsigned i, long own) {
    const long r = dipc_grant_call(gate, stile_domain_exit_handle);
    return r < 0 ? r : move(i, stile_domain_exit_handle, own, stile_domain_exit, stile_domain_exit_end);
}

/* A domain for stage i, or two with its gate, that the one before it may call. */
static long separate(unsigned i, long own, long before, long* domain) {
    *domain = dipc_dom_create("stage");
    if (*domain < 0) return *domain;
    const long gate = wanted->policy ? dipc_dom_create("gate") : *domain;
    if (gate < 0) return gate;
    long r = dipc_grant_call(before, gate);
    if (r >= 0 && wanted->policy) r = dipc_grant_create(gate, *domain);
    if (r >= 0) r = move(i, *domain, own, stile_domain_code, stile_domain_code_end);
    if (r >= 0) r = move(i, *domain, own, stile_domain_data, stile_domain_data_end);
    if (r >= 0) r = move(i, gate, own, stile_domain_gate, stile_domain_gate_end);
    if (r >= 0 && wanted->policy) r = leaves_through(gate, i, own);
    return r;
}

int make_domain_stages(struct stile_channel* first, const struct arguments* a) {
    wanted = a;
    const int error = first->mechanism->prepare(first);
    if (error) return error;
    const long own = dipc_dom_default();
    if (own < 0) return (int)own;
    long before = stile_domain_handle;
    for (unsigned i = 1; i < a->depth; ++i) {
        long domain;
        const long r = separate(i, own, before, &domain);
        if (r < 0) return (int)r;
        before = domain;
    }
    return first->mechanism->connect(first);
}
