/* SPDX-License-Identifier: Apache-2.0
 *
 * A lock for short work of several threads. All of it is in the code that uses it, so that it does in a
 * second domain, too.
 */
#ifndef STILE_OS_LIB_SPIN_LOCK_H
#define STILE_OS_LIB_SPIN_LOCK_H

#include <sys/syscall.h>

#include "os/lib/stile.h"

/* Whoever holds it may have been interrupted, and wait for this core. */
static inline void stile_spin_lock(uint32_t* lock) {
    unsigned spins = 0;
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(lock, __ATOMIC_RELAXED)) {
            if (++spins % 64 == 0)
                stile_syscall3(SYS_sched_yield, 0, 0, 0);
            else
                __asm__ volatile("pause");
        }
    }
}

static inline void stile_spin_unlock(uint32_t* lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

#endif
