// SPDX-License-Identifier: Apache-2.0
//
// Round robin, with a queue of runnable threads per CPU; the running one is not on it. A wake-up appends; the
// tick asks the running thread to go to the tail on its way back to user mode, if anybody else waits.
//
// Where a thread that becomes runnable goes: to the CPU where it ran last (a new one: its maker's) if that
// idles; else to the idle CPU with the lowest number; else where it ran last. A CPU about to idle takes over
// the thread that has waited longest in the longest queue. So no CPU idles while a thread that may run there
// waits, and running threads stay where they are. All of it within what sched_setaffinity allows. Our choice.
//
// Real-time threads (SCHED_FIFO, SCHED_RR; sched(7)) stand in the same queues, before all others and by
// priority. One that becomes runnable and finds no idle CPU goes where the least urgent thread runs, and
// takes its place if it is more urgent; one that is displaced stays first of its priority. With several CPUs
// a switch looks at all queues for somebody more urgent, so that of n CPUs the n most urgent threads have
// one, affinity permitting. Nobody else runs while a real-time thread does not sleep: there is no throttling.
#pragma once

#include "os/kernel/task/thread.h"

namespace stile::os {

void scheduler_init();
bool scheduler_add(Cpu& c);  // an idle thread for another CPU; false: no memory

// Gives the CPU to the next runnable thread; returns when this one runs again. The caller has set state.
void schedule();
void yield();                     // to the tail of the queue, or of those of its priority
void displace();                  // the running thread, because somebody else is due
void make_runnable(Thread* t);    // a new thread
bool wake(Thread* t);             // false if it was not asleep
bool wake_for_signal(Thread* t);  // only if its sleep is interruptible
void scheduler_tick();
bool scheduler_tick_due();  // has it anything to do?
uint64_t cpus_online();     // by bit
// t runs on these CPUs only, and has left any other one when this returns; -EINVAL: none of them is there.
Status set_allowed(Thread* t, uint64_t mask);
// SCHED_* and, for the real-time ones, 1 to 99.
void set_scheduling(Thread* t, uint8_t policy, uint8_t real_time);
void set_work(Thread* t, uint64_t flags);
bool somebody_waits_to_run();

// For mechanisms that hand the CPU over directly: runs `t`, which must be asleep, without the queue.
void switch_directly_to(Thread* t);

[[noreturn]] void idle_loop();

}  // namespace stile::os
