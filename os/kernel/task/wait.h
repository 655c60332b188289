// SPDX-License-Identifier: Apache-2.0
//
// Wait queues. A thread waits for a condition; whoever may have made it true wakes the queue, and the thread
// looks again. As the kernel is not preempted and the big lock is held, nothing is lost between the look and
// the sleep.
#pragma once

#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/list.h"

namespace stile::os {

struct Thread;

struct Waiter {
    Link link;
    Thread* thread = nullptr;
    bool exclusive = true;  // a wake-up for one stops at the first of these
    // A watcher (epoll): told instead of woken, and stays on the queue.
    void (*notify)(Waiter&) = nullptr;
    void* watcher = nullptr;
};

class WaitQueue {
  public:
    bool empty() const { return waiters_.empty(); }
    void add(Waiter& w) {
        // Watchers, then pollers, then those of whom one is enough.
        Waiter* first = waiters_.front();
        if (w.exclusive || !first)
            waiters_.push_back(&w);
        else if (w.notify || !first->notify)
            waiters_.push_front(&w);
        else
            add_behind_watchers(w);
    }
    static void remove(Waiter& w) {
        if (w.link.linked()) w.link.unlink();
    }
    // Wakes all pollers and one exclusive waiter (the one that has waited longest).
    void wake() {
        if (!waiters_.empty()) wake_slow(false);
    }
    void wake_all() {
        if (!waiters_.empty()) wake_slow(true);
    }

    // Tells the watchers alone: edge-triggered ones want to hear of news where nobody has to be woken.
    void tell_watchers() {
        if (!waiters_.empty() && waiters_.front()->notify) tell_watchers_slow();
    }
    // The queue's owner ends.
    void drop_all() {
        while (waiters_.pop_front()) continue;
    }

  private:
    void wake_slow(bool all);
    void tell_watchers_slow();
    void add_behind_watchers(Waiter& w);
    List<Waiter, &Waiter::link> waiters_;
};

// Puts the running thread to sleep until wake(thread), a signal (if interruptible) or the deadline (TSC, 0:
// none). The caller has already joined its queues. 0, -EINTR or -ETIMEDOUT.
Status sleep(bool interruptible, uint64_t deadline = 0);

// Sleeps until condition() holds: 0; -EINTR when a signal comes first (without a deadline the system call is
// then restarted as SA_RESTART says); -ETIMEDOUT after the deadline.
template <class Condition>
Status wait_until(WaitQueue& queue, Condition condition, uint64_t deadline = 0, bool interruptible = true) {
    if (condition()) return 0;
    Waiter w;
    w.thread = current();
    Status s = 0;
    for (;;) {
        if (!w.link.linked()) queue.add(w);
        s = sleep(interruptible, deadline);
        if (condition()) {
            s = 0;
            break;
        }
        if (s < 0) break;
    }
    WaitQueue::remove(w);
    return s;
}

}  // namespace stile::os
