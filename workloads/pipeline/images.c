/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/pipeline/images.h"

#include <errno.h>
#include <sys/mman.h>

long image_distance[MAX_DEPTH];

static int copy_part(unsigned i, const char* begin, const char* end, int prot) {
    const size_t bytes = (size_t)(end - begin);
    char* to = (char*)begin + image_distance[i];
    if (mprotect(to, bytes, PROT_READ | PROT_WRITE) != 0) return -errno;
    memcpy(to, begin, bytes);
    return mprotect(to, bytes, prot) == 0 ? 0 : -errno;
}

static int copy_image(unsigned i) {
    const size_t bytes = (size_t)(stile_domain_data_end - stile_domain_code);
    char* place = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) return -errno;
    image_distance[i] = place - stile_domain_code;
    int error = copy_part(i, stile_domain_code, stile_domain_code_end, PROT_READ | PROT_EXEC);
    if (!error) error = copy_part(i, stile_domain_gate, stile_domain_gate_end, PROT_READ | PROT_EXEC);
    if (!error) error = copy_part(i, stile_domain_exit, stile_domain_exit_end, PROT_READ | PROT_EXEC);
    if (!error) error = copy_part(i, stile_domain_data, stile_domain_data_end, PROT_READ | PROT_WRITE);
    return error;
}

/* Everything that points somewhere. */
static void fill_in(unsigned i, const struct stile_channel* first, const struct arguments* a,
                    domain_call onward, const long next[MAX_DEPTH]) {
    struct domain_stage* s = OF(i, domain_stage);
    const int last = i + 1 == a->depth;
    *OF(i, domain_free_stack) = (char*)OF(i, domain_stack) + DOMAIN_STACK_BYTES;
    s->own_mechanism = s->onward_mechanism =
        (struct stile_mechanism){.flags = STILE_SAME_PROCESS | STILE_CALLER_CROSSES};
    s->own.mechanism = &s->own_mechanism;
    s->stage = (struct stage){.number = i + 1,
                              .size = a->size,
                              .touch = a->touch,
                              .own = &s->own,
                              .onward = last ? NULL : &s->onward};
    if (last) return;
    s->onward_mechanism.call = (domain_call)((char*)onward + image_distance[i]);
    s->onward.mechanism = &s->onward_mechanism;
    s->onward.out = first->out;
    s->onward.capacity = first->capacity;
    s->onward.own_memory[0] = first->own_memory[0];
    s->onward.handler = (stile_handler)OF(i + 1, domain_stage_handle);
    s->onward.context = &OF(i + 1, domain_stage)->stage;
    s->onward.own[NEXT_ENTRY] = next[i];
}

int copy_images(unsigned depth) {
    for (unsigned i = 1; i < depth; ++i) {
        const int error = copy_image(i);
        if (error) return error;
    }
    return 0;
}

void connect_images(const struct stile_channel* first, const struct arguments* a, domain_call onward,
                    const long next[MAX_DEPTH]) {
    for (unsigned i = 0; i < a->depth; ++i) fill_in(i, first, a, onward, next);
}
