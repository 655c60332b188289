// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/arch/big_lock.h"

#include "os/kernel/base/phase.h"
#include "os/kernel/mm/shootdown.h"

namespace stile::os {

alignas(64) constinit TicketLock big_lock_word{};

extern "C" PHASE(schedule) void big_lock_wait(uint32_t ticket) {
    Cpu& c = cpu();
    const uint64_t since = read_tsc();
    while (__atomic_load_n(&big_lock_word.serving, __ATOMIC_ACQUIRE) != ticket) {
        if (__atomic_load_n(&c.request, __ATOMIC_ACQUIRE)) shootdown_answer();
        asm volatile("pause");
    }
    c.lock_waits++;
    c.lock_wait_tsc += read_tsc() - since;
}

PHASE(schedule) void big_lock_take() {
    const uint32_t ticket = __atomic_fetch_add(&big_lock_word.next, 1, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&big_lock_word.serving, __ATOMIC_ACQUIRE) != ticket) big_lock_wait(ticket);
    cpu().locked = 1;
}

// Nobody else may be in the kernel, or back in user mode, before stale translations are gone.
extern "C" PHASE(schedule) void big_lock_release() {
    if (shootdown_pending) shootdown_flush();
    cpu().locked = 0;
    __atomic_store_n(&big_lock_word.serving, big_lock_word.serving + 1, __ATOMIC_RELEASE);
}

PHASE(schedule) void big_lock_relax() {
    big_unlock();
    asm volatile("pause");
    big_lock();
}

}  // namespace stile::os
