// SPDX-License-Identifier: Apache-2.0
//
// Timers of timer_create(2). A timer whose signal is still pending when it expires again does not queue
// another: the pending one counts the overruns.
#pragma once

#include "os/kernel/task/interval_timer.h"
#include "os/kernel/task/process.h"

namespace stile::os {

struct PosixTimer {
    PosixTimer* next = nullptr;  // of the process
    int id = 0;
    Process* process = nullptr;
    int tid = 0;     // the thread that gets the signal; 0: the process
    int signal = 0;  // 0: none (SIGEV_NONE)
    uint64_t value = 0;
    bool realtime = false;  // absolute times are CLOCK_REALTIME's
    int overrun = 0;        // of the signal delivered last
    IntervalTimer clock;
};

PosixTimer* posix_timer_create(Process* p);  // nullptr: no memory, or too many
PosixTimer* posix_timer_find(Process* p, int id);
void posix_timer_delete(PosixTimer* t);
void posix_timers_clear(Process* p);  // execve, exit
// A signal of timer `id` is about to be delivered.
void posix_timer_delivered(Process* p, const siginfo_t& info);

}  // namespace stile::os
