// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/interval_timer.h"

#include "os/kernel/arch/cpu.h"

namespace stile::os {

void IntervalTimer::set(uint64_t first_deadline, uint64_t every_ns) {
    timer_cancel(timer);
    interval_ns = first_deadline ? every_ns : 0;
    interval = interval_ns ? max<uint64_t>(ns_to_tsc(interval_ns), 1) : 0;
    if (first_deadline) timer_start(timer, first_deadline);
}

uint64_t IntervalTimer::advance() {
    if (!interval) return 1;
    // Periods shorter than this are told in bunches, or a program could ask for nothing but interrupts.
    const uint64_t soonest = read_tsc() + ns_to_tsc(20000);
    const uint64_t times = (max(soonest, timer.deadline + 1) - timer.deadline + interval - 1) / interval;
    timer_start(timer, timer.deadline + times * interval);
    return times;
}

uint64_t IntervalTimer::left() const {
    if (!timer.armed()) return 0;
    const uint64_t now = read_tsc();
    return timer.deadline > now ? timer.deadline - now : 1;
}

}  // namespace stile::os
