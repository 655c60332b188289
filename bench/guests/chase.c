// SPDX-License-Identifier: Apache-2.0
//
// Follows a linked list whose nodes lie in random order over 512 KiB: 128 pages, more than the modelled
// first-level TLB has entries.
#include "bench/guests/bench.h"

enum { nodes = 8192 };
struct node {
    struct node* next;
    uint64_t value[7];
};
static struct node all[nodes];
static unsigned order[nodes];

int main(int argc, char** argv) {
    uint64_t seed = 521288629, sum = 0;
    for (unsigned i = 0; i < nodes; ++i) order[i] = i;
    for (unsigned i = nodes - 1; i > 0; --i) {
        const unsigned j = (unsigned)(random_next(&seed) % (i + 1)), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (unsigned i = 0; i < nodes; ++i) {
        all[order[i]].next = &all[order[(i + 1) % nodes]];
        all[i].value[i % 7] = random_next(&seed);
    }
    struct node* at = all;
    for (long n = rounds(argc, argv, 6000) * nodes; n > 0; --n) {
        sum += at->value[0];
        if (sum & 1) sum ^= at->value[3];
        at = at->next;
    }
    return report("chase", mix(sum, (uint64_t)(at - all)));
}
