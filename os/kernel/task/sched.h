// SPDX-License-Identifier: Apache-2.0
//
// Round robin. One queue of runnable threads; the running one is not on it. A wake-up appends; the tick asks
// the running thread to go to the tail on its way back to user mode, if anybody else waits.
#pragma once

#include "os/kernel/task/thread.h"

namespace stile::os {

void scheduler_init();

// Gives the CPU to the next runnable thread; returns when this one runs again. The caller has set state.
void schedule();
void yield();                     // to the tail of the queue
void make_runnable(Thread* t);    // a new thread
bool wake(Thread* t);             // false if it was not asleep
bool wake_for_signal(Thread* t);  // only if its sleep is interruptible
void scheduler_tick();
void set_work(Thread* t, uint64_t flags);
bool somebody_waits_to_run();

// For mechanisms that hand the CPU over directly: runs `t`, which must be asleep, without the queue.
void switch_directly_to(Thread* t);

[[noreturn]] void idle_loop();

}  // namespace stile::os
