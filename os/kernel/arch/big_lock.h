// SPDX-License-Identifier: Apache-2.0
//
// The big lock: what keeps CPUs out of each other's way in the kernel. A CPU holds it, not a thread: it is
// taken on the way in from user mode, stays held across switches of threads, and is let go on the way out to
// user mode and while the CPU idles. So "look, then sleep" cannot miss a wake-up, as on one CPU. System calls
// marked UNLOCKED in sys/syscalls.def, the IPI handlers and a tick with nothing to do never take it.
//
// A ticket lock (Mellor-Crummey and Scott 1991, 2.2): first come, first served, and waiters spin on a cached
// word that changes once per turn. Whoever waits answers the other CPUs' requests meanwhile (mm/shootdown.h):
// the holder may be waiting for that very answer. With one CPU nothing of this is executed.
#pragma once

#include "os/kernel/arch/cpu.h"

namespace stile::os {

extern "C" {
struct TicketLock {
    uint32_t next, serving;
};
extern TicketLock big_lock_word;      // traps.S takes it in line
void big_lock_wait(uint32_t ticket);  // until it is this ticket's turn
void big_lock_release();              // this CPU must hold it
}

void big_lock_take();   // this CPU must not hold it
void big_lock_relax();  // lets others have it for a moment

inline void big_lock() {
    if (smp() && !cpu().locked) big_lock_take();
}
inline void big_unlock() {
    if (smp() && cpu().locked) big_lock_release();
}

}  // namespace stile::os
