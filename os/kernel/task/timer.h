// SPDX-License-Identifier: Apache-2.0
//
// Time. One clock, the TSC, the same on all CPUs. Each CPU has a list of pending timers sorted by deadline,
// and one hardware timer armed for the nearer of its next preemption tick and its first deadline; timers fire
// where they were started. An idle CPU sleeps until its first deadline.
#pragma once

#include "os/kernel/base/list.h"

namespace stile::os {

struct Timer {
    Link link;
    uint64_t deadline = 0;  // TSC
    void (*fire)(Timer& self) = nullptr;
    unsigned cpu = 0;  // on whose list
    bool armed() const { return link.linked(); }
};

void timer_start(Timer& t, uint64_t deadline);
void timer_cancel(Timer& t);
bool timer_pending();  // any timer at all, on any CPU

uint64_t tsc_to_ns(uint64_t tsc);
uint64_t ns_to_tsc(uint64_t ns);
uint64_t clock_ns();  // since boot

void clock_init();        // on the first CPU
void clock_start_here();  // on the others
void timer_interrupt();   // from trap_dispatch
void timer_enter_idle();  // arm for the first deadline only
void timer_leave_idle();  // arm for the tick again

}  // namespace stile::os
