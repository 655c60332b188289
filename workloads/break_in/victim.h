/* SPDX-License-Identifier: Apache-2.0
 *
 * What the server exports and both sides must agree on.
 */
#ifndef STILE_WORKLOADS_BREAK_IN_VICTIM_H
#define STILE_WORKLOADS_BREAK_IN_VICTIM_H

#include "os/lib/dipc.h"

enum { SECRET_ADDRESS, PRIVATE_FUNCTION, ENTRIES };

static inline void describe(struct stile_entry entries[ENTRIES]) {
    for (int i = 0; i < ENTRIES; ++i)
        entries[i] = (struct stile_entry){.results = 1, .policy = STILE_POLICY_LOW};
}

#endif
