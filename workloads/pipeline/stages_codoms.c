/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages in domains of their own, in one program. The first is the program's second domain as it was linked;
 * each further one is a copy of that image on other pages, at the same distances, so that its code, which
 * addresses everything relative to itself, finds its own data.
 */
#include <errno.h>
#include <sys/mman.h>

#include "os/lib/codoms.h"
#include "os/lib/domain.h"
#include "workloads/pipeline/stage_domain.h"
#include "workloads/pipeline/stages.h"

#define BOUNDS(part) extern char stile_domain_##part[] IN_DOMAIN, stile_domain_##part##_end[] IN_DOMAIN
BOUNDS(code);
BOUNDS(gate);
BOUNDS(data);

static const struct arguments* wanted;
static long distance[MAX_DEPTH]; /* from the first stage's image */

/* The symbol in stage i's image. */
#define OF(i, symbol) ((__typeof__(&(symbol)))((char*)&(symbol) + distance[i]))

static int copy_part(unsigned i, const char* begin, const char* end, int prot) {
    const size_t bytes = (size_t)(end - begin);
    char* to = (char*)begin + distance[i];
    if (mprotect(to, bytes, PROT_READ | PROT_WRITE) != 0) return -errno;
    memcpy(to, begin, bytes);
    return mprotect(to, bytes, prot) == 0 ? 0 : -errno;
}

static int copy_image(unsigned i) {
    const size_t bytes = (size_t)(stile_domain_data_end - stile_domain_code);
    char* place = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) return -errno;
    distance[i] = place - stile_domain_code;
    int error = copy_part(i, stile_domain_code, stile_domain_code_end, PROT_READ | PROT_EXEC);
    if (!error) error = copy_part(i, stile_domain_gate, stile_domain_gate_end, PROT_READ | PROT_EXEC);
    if (!error) error = copy_part(i, stile_domain_data, stile_domain_data_end, PROT_READ | PROT_WRITE);
    return error;
}

/* Everything that points somewhere. */
static void fill_in(unsigned i, const struct stile_channel* first) {
    struct domain_stage* s = OF(i, domain_stage);
    const int last = i + 1 == wanted->depth;
    *OF(i, domain_free_stack) = (char*)OF(i, domain_stack) + DOMAIN_STACK_BYTES;
    s->own_mechanism = s->onward_mechanism =
        (struct stile_mechanism){.flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES};
    s->own.mechanism = &s->own_mechanism;
    s->stage = (struct stage){.number = i + 1,
                              .size = wanted->size,
                              .touch = wanted->touch,
                              .own = &s->own,
                              .onward = last ? NULL : &s->onward};
    if (last) return;
    s->onward_mechanism.call =
        wanted->policy ? (void*)OF(i, domain_call_high) : (void*)OF(i, domain_call_low);
    s->onward.mechanism = &s->onward_mechanism;
    s->onward.out = first->out;
    s->onward.capacity = first->capacity;
    s->onward.own_memory[0] = first->own_memory[0];
    s->onward.handler = (stile_handler)OF(i + 1, domain_stage_handle);
    s->onward.context = &OF(i + 1, domain_stage)->stage;
    s->onward.own[NEXT_ENTRY] = (long)OF(i + 1, domain_isolated_entry);
}

/* Called when A's buffers are there and all pages are still the program's. */
static int set_up(struct stile_channel* first) {
    for (unsigned i = 1; i < wanted->depth; ++i) {
        const int error = copy_image(i);
        if (error) return error;
    }
    for (unsigned i = wanted->depth; i-- > 0;) fill_in(i, first);
    return 0;
}

const struct stile_domain_server stile_domain_server = {set_up, domain_stage_handle, &domain_stage.stage,
                                                        domain_isolated_entry};

static long move(unsigned i, long to, long from, char* begin, char* end) {
    return dipc_dom_remap(to, from, begin + distance[i], (size_t)(end - begin));
}

/* A domain for stage i, or two with its gate, that the one before it may call. */
static long separate(unsigned i, long own, long before, long* domain) {
    *domain = dipc_dom_create("stage");
    if (*domain < 0) return *domain;
    const long gate = wanted->policy ? dipc_dom_create("gate") : *domain;
    const long callable = gate < 0 ? gate : dipc_dom_copy(gate, STILE_RIGHT_CALL);
    if (callable < 0) return callable;
    long r = dipc_grant_create(before, callable);
    if (r >= 0 && wanted->policy) r = dipc_grant_create(gate, *domain);
    if (r >= 0) r = move(i, *domain, own, stile_domain_code, stile_domain_code_end);
    if (r >= 0) r = move(i, *domain, own, stile_domain_data, stile_domain_data_end);
    if (r >= 0) r = move(i, gate, own, stile_domain_gate, stile_domain_gate_end);
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
