// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

struct Thread;

// Wakes up to n threads that wait on the word at addr (in the running process's view) with a common bit.
int futex_wake(UserAddr addr, unsigned n, uint32_t bits);
void release_robust_list(Thread* dying);

}  // namespace stile::os
