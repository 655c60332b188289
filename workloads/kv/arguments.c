/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/kv/arguments.h"

#include <stdio.h>

int kv_arguments_read(struct kv_arguments* a, struct load* l, int argc, char** argv) {
    *a = (struct kv_arguments){.keys = 256, .gets = 90, .seed = 1, .distribution = "zipf"};
    const struct load_option more[] = {{"keys", &a->keys, NULL},
                                       {"gets", &a->gets, NULL},
                                       {"deletes", &a->deletes, NULL},
                                       {"scans", &a->scans, NULL},
                                       {"seed", &a->seed, NULL},
                                       {"fixed", &a->fixed, NULL},
                                       {"in_place", &a->in_place, NULL},
                                       {"trespass", &a->trespass, NULL},
                                       {"distribution", NULL, &a->distribution},
                                       {NULL, NULL, NULL}};
    const int status = load_arguments(l, argc, argv, more);
    if (status) return status;
    if (a->keys < 1 || a->keys > MOST_KEYS || a->gets + a->deletes + a->scans > 100 || l->size > 65536 ||
        (strcmp(a->distribution, "zipf") != 0 && strcmp(a->distribution, "uniform") != 0)) {
        fprintf(stderr,
                "%s: keys= takes 1 to %d, size= up to 65536, gets=, deletes= and scans= make 100 at most, "
                "distribution= is zipf or uniform\n",
                argv[0], MOST_KEYS);
        return 2;
    }
    /* Room for a request to put, and for a few entries of a scan. */
    const size_t request = sizeof(struct kv_request) + kv_round(KEY_BYTES) + kv_round((size_t)l->size);
    l->pool.capacity = request < 1024 ? 1024 : request + sizeof(struct kv_item);
    l->pool.handler = kv_handle;
    return 0;
}

void kv_memory_size(struct kv_memory* m, const struct kv_arguments* a, const struct load* l) {
    const size_t entries = (size_t)(a->keys * l->clients);
    size_t block = KV_SMALLEST, blocks = 0;
    /* A value that changes its size leaves a block of each class behind at worst. */
    for (; block < sizeof(struct kv_entry) + kv_round(KEY_BYTES) + (size_t)l->size; block *= 2)
        blocks += block;
    m->mechanism = l->mechanism;
    m->in_place = (int)a->in_place;
    m->index_bytes = kv_index_bytes(entries + 1);
    m->heap_bytes = (a->fixed ? block : blocks + block) * entries + 2 * block;
}
