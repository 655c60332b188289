// SPDX-License-Identifier: Apache-2.0
//
// A timer that may repeat, as setitimer, timer_create and timerfd_create offer it.
#pragma once

#include "os/kernel/task/timer.h"

namespace stile::os {

struct IntervalTimer {
    Timer timer;
    uint64_t interval = 0;     // TSC; 0: once
    uint64_t interval_ns = 0;  // as asked for, to be told

    void set(uint64_t first_deadline, uint64_t every_ns);  // first_deadline 0: disarmed
    void cancel() { set(0, 0); }
    // For Timer::fire: starts the next period if there is one. How often it has expired by now: more than
    // once when periods are shorter than the time between two looks.
    uint64_t advance();
    uint64_t left() const;  // TSC until it fires; 0: disarmed
};

}  // namespace stile::os
