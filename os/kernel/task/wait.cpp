// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/wait.h"

#include "os/kernel/base/phase.h"
#include "os/kernel/task/sched.h"

namespace stile::os {

PHASE(schedule) void WaitQueue::wake_slow(bool all) {
    Waiter* w = waiters_.front();
    if (w && w->notify) {  // watchers come first, and stay
        tell_watchers_slow();
        while (w && w->notify) w = waiters_.next(w);
    }
    while (w) {
        Waiter* next = waiters_.next(w);
        w->link.unlink();
        const bool woken = os::wake(w->thread);
        if (woken && w->exclusive && !all) return;
        w = next;
    }
}

void WaitQueue::tell_watchers_slow() {
    for (Waiter* w = waiters_.front(); w && w->notify;) {
        Waiter* next = waiters_.next(w);
        w->notify(*w);
        w = next;
    }
}

void WaitQueue::add_behind_watchers(Waiter& w) {
    Waiter* at = waiters_.front();
    while (at && at->notify) at = waiters_.next(at);
    if (at)
        waiters_.insert_before(at, &w);
    else
        waiters_.push_back(&w);
}

namespace {
struct SleepTimer {
    Timer timer;
    Thread* thread;
};
void sleep_over(Timer& t) {
    Thread* thread = STILE_CONTAINER_OF(&t, SleepTimer, timer)->thread;
    thread->timed_out = true;
    wake(thread);
}
}  // namespace

PHASE(schedule) Status sleep(bool interruptible, uint64_t deadline) {
    Thread* t = current();
    t->restart = deadline ? Restart::without_handler : Restart::always;
    t->deadline = deadline;
    if (interruptible && signal_pending(t)) return -EINTR;
    t->state = interruptible ? ThreadState::sleeping : ThreadState::sleeping_hard;
    if (!deadline) {
        schedule();
        return interruptible && signal_pending(t) ? -EINTR : 0;
    }
    SleepTimer timer;
    timer.timer.fire = sleep_over;
    timer.thread = t;
    t->timed_out = false;
    timer_start(timer.timer, deadline);
    schedule();
    timer_cancel(timer.timer);
    if (t->timed_out) return -ETIMEDOUT;
    return interruptible && signal_pending(t) ? -EINTR : 0;
}

}  // namespace stile::os
