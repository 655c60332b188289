// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/fs/poll.h"

#include "os/kernel/task/thread.h"

namespace stile::os {

void PollTable::add(WaitQueue& queue) {
    if (used == capacity) {
        overflow = true;
        return;
    }
    Waiter& w = waiters[used++];
    w.thread = current();
    w.exclusive = false;
    w.notify = notify;
    w.watcher = watcher;
    queue.add(w);
}

void PollTable::remove_all() {
    for (unsigned i = 0; i < used; i++) WaitQueue::remove(waiters[i]);
    used = 0;
}

}  // namespace stile::os
