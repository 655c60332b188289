// SPDX-License-Identifier: Apache-2.0
//
// Round robin, with a queue of runnable threads per CPU; the running one is not on it. A wake-up appends; the
// tick asks the running thread to go to the tail on its way back to user mode, if anybody else waits.
//
// Where a thread that becomes runnable goes: to the CPU where it ran last (a new one: its maker's) if that
// idles; else to the idle CPU with the lowest number; else where it ran last. A CPU about to idle takes over
// the thread that has waited longest in the longest queue. So no CPU idles while a thread that may run there
// waits, and running threads stay where they are. All of it within what sched_setaffinity allows. Our choice.
#pragma once

#include "os/kernel/task/thread.h"

namespace stile::os {

void scheduler_init();
bool scheduler_add(Cpu& c);  // an idle thread for another CPU; false: no memory

// Gives the CPU to the next runnable thread; returns when this one runs again. The caller has set state.
void schedule();
void yield();                     // to the tail of the queue
void make_runnable(Thread* t);    // a new thread
bool wake(Thread* t);             // false if it was not asleep
bool wake_for_signal(Thread* t);  // only if its sleep is interruptible
void scheduler_tick();
bool scheduler_tick_due();  // has it anything to do?
uint64_t cpus_online();     // by bit
// t runs on these CPUs only, and has left any other one when this returns; -EINVAL: none of them is there.
Status set_allowed(Thread* t, uint64_t mask);
void set_work(Thread* t, uint64_t flags);
bool somebody_waits_to_run();

// For mechanisms that hand the CPU over directly: runs `t`, which must be asleep, without the queue.
void switch_directly_to(Thread* t);

[[noreturn]] void idle_loop();

}  // namespace stile::os
