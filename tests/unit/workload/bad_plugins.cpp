// SPDX-License-Identifier: Apache-2.0
#include "workloads/workload.h"

#ifndef NO_ENTRY
STILE_WORKLOAD_EXPORT const stile::workload::Descriptor* stile_workload() {
    static stile::workload::Descriptor d;
    d.name = "bad";
#ifdef OLD_ABI
    d.abi = stile::workload::abi_version + 41;
#endif
    return &d;
}
#endif
