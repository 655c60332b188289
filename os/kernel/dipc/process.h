// SPDX-License-Identifier: Apache-2.0
//
// dIPC's part of a process.
#pragma once

#include "os/kernel/dipc/domain.h"

namespace stile::os {

struct DipcProcess {
    Domain* domain = nullptr;  // the default one: everything the process maps without saying where
    // What visiting threads have as thread pointer here: that of the thread that registered an entry last. It
    // must stay out of libc while visitors are about (docs/dipc.md).
    uint64_t visitor_tls = 0;
};

}  // namespace stile::os
