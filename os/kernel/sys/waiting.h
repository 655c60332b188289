// SPDX-License-Identifier: Apache-2.0
//
// What calls that wait for files share: timeouts, and a signal mask for the time of the wait.
#pragma once

#include "os/kernel/sys/syscalls.h"

namespace stile::os {

struct Timeout {
    uint64_t deadline = 0;  // TSC; 0: none
    bool no_wait = false;

    Status set(const KernelTimespec& ts) {
        if (!ts.valid()) return -EINVAL;
        no_wait = !ts.ns();
        return deadline_from(ts, false, false, deadline);
    }
    Status set_from(UserAddr timespec) {
        KernelTimespec ts;
        if (!timespec) return 0;
        return get_user(ts, timespec) < 0 ? -EFAULT : set(ts);
    }
    KernelTimespec left() const {
        const uint64_t now = read_tsc(), ns = deadline > now ? tsc_to_ns(deadline - now) : 0;
        return {static_cast<int64_t>(ns / 1000000000ull), static_cast<int64_t>(ns % 1000000000ull)};
    }
};

// In force for the wait; a handler that ends it still sees it.
template <class Wait>
Status with_signal_mask(UserAddr mask_at, size_t mask_bytes, Wait wait) {
    if (!mask_at) return wait();
    Thread* t = current();
    SignalSet mask;
    if (mask_bytes != sizeof mask) return -EINVAL;
    if (get_user(mask, mask_at) < 0) return -EFAULT;
    t->saved_blocked = t->blocked;
    t->blocked = mask & ~signals_unblockable;
    signal_recompute(t);
    const Status s = wait();
    if (s == -EINTR) {
        t->restore_blocked = true;
    } else {
        t->blocked = t->saved_blocked;
        signal_recompute(t);
    }
    return s;
}

}  // namespace stile::os
