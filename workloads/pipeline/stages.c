/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/pipeline/stages.h"

#include <errno.h>

/* Channel i leads to stage i + 1, behind A's own one, which leads to the first. */
static struct stile_channel channels[MAX_DEPTH];
static struct stage stages[MAX_DEPTH];

/* From the last channel to the first, as each one takes over the buffers of the next. */
static int make_functions(struct stile_channel* first, const struct arguments* a) {
    for (unsigned i = a->depth; i-- > 0;) {
        struct stile_channel* ch = i == 0 ? first : &channels[i];
        struct stile_channel* onward = i + 1 < a->depth ? &channels[i + 1] : NULL;
        int error = i == 0 ? 0 : stile_channel_open(ch, a->mechanism, a->size);
        ch->onward = onward;
        stage_init(&stages[i], i + 1, ch, onward, a->size, a->touch);
        if (!error) error = ch->mechanism->prepare(ch);
        if (!error) error = ch->mechanism->connect(ch);
        if (error) return error;
    }
    return 0;
}

int make_stages(struct stile_channel* first, const struct arguments* a, const char** why) {
    *why = NULL;
    if (strcmp(a->mechanism, "syscall") == 0) {
        if (a->depth > 1) {
            *why = "a system call has no server that could call the next one";
            return -EINVAL;
        }
        return first->mechanism->prepare(first);
    }
    if (strcmp(a->mechanism, "function") == 0) return make_functions(first, a);
    if (strcmp(a->mechanism, "codoms") == 0 && make_domain_stages) return make_domain_stages(first, a);
    if (strcmp(a->mechanism, "mpk") == 0 && make_key_stages) return make_key_stages(first, a, why);
    *why = "this program has no stages for it";
    return -EINVAL;
}
