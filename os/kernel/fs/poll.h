// SPDX-License-Identifier: Apache-2.0
//
// How poll(2) waits on many files at once: each file adds its queues to the table.
#pragma once

#include <linux/poll.h>

#include "os/kernel/task/wait.h"

namespace stile::os {

struct PollTable {
    Waiter* waiters = nullptr;
    unsigned capacity = 0, used = 0;
    bool overflow = false;
    // epoll: who is told instead of the running thread being woken.
    void (*notify)(Waiter&) = nullptr;
    void* watcher = nullptr;

    void add(WaitQueue& queue);  // the running thread waits there from now on
    void remove_all();
};

}  // namespace stile::os
