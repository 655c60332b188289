/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies behind the gate: it tells where its frame is, and whether it was ever in here twice at a time.
 */
#include "os/lib/domain/names.h"

#include "os/lib/domain/serve.h"
#include "tests/kernel/gates/server.h"

static volatile long inside, met;

long domain_serve(long code, long length) {
    volatile long local = length;
    if (code == WHERE) return (long)&local;
    if (code == MET) return met;
    if (__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST) != 0) met = 1;
    for (local = 0; local < 20;) ++local;
    __atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
    return met;
}

static int set_up(struct stile_channel* client) { return 0; }

const struct stile_domain_server stile_domain_server = {set_up, 0, 0, domain_isolated_entry};
