// SPDX-License-Identifier: Apache-2.0
//
// Waiting for many files at once: poll and select, the latter in terms of the former.
#include <linux/poll.h>

#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

// How many are ready; revents say for what. deadline 0: none.
Status wait_for_files(struct pollfd* fds, unsigned count, uint64_t deadline, bool no_wait) {
    auto* table = knew<PollTable>();
    if (!table) return -ENOMEM;
    Status result = 0;
    while (result == 0) {
        for (unsigned i = 0; i < count; i++) {
            fds[i].revents = 0;
            if (fds[i].fd < 0) continue;
            File* f = file_of_fd(fds[i].fd);
            const unsigned events = f ? f->poll(no_wait ? nullptr : table) : POLLNVAL;
            const unsigned wanted = static_cast<unsigned>(fds[i].events) | POLLERR | POLLHUP | POLLNVAL;
            fds[i].revents = static_cast<short>(events & wanted);
            if (fds[i].revents) result++;
        }
        if (result || no_wait) break;
        const Status s = sleep(true, deadline);
        table->remove_all();
        if (s == -ETIMEDOUT)
            no_wait = true;
        else if (s < 0)
            result = s;
    }
    table->remove_all();
    kdelete(table);
    if (result == -EINTR) current()->restart = Restart::without_handler;
    return result;
}

Status poll_files(UserAddr at, unsigned count, uint64_t deadline, bool no_wait) {
    if (count > PollTable::capacity) return -EINVAL;
    struct pollfd fds[PollTable::capacity];
    if (copy_from_user(fds, at, sizeof(struct pollfd) * count) < 0) return -EFAULT;
    const Status result = wait_for_files(fds, count, deadline, no_wait);
    if (result >= 0 && copy_to_user(at, fds, sizeof(struct pollfd) * count) < 0) return -EFAULT;
    return result;
}

// What each of select's three sets asks for (Linux fs/select.c: POLLIN_SET and its kin).
constexpr unsigned set_events[3] = {POLLIN | POLLRDNORM | POLLHUP | POLLERR, POLLOUT | POLLWRNORM | POLLERR,
                                    POLLPRI};

Status select_files(int limit, const UserAddr (&sets_at)[3], uint64_t deadline, bool no_wait) {
    constexpr unsigned words = FileTable::capacity / 64;
    uint64_t sets[3][words] = {};
    struct pollfd fds[PollTable::capacity];
    unsigned count = 0;
    if (limit < 0) return -EINVAL;
    const unsigned top = min(static_cast<unsigned>(limit), FileTable::capacity);
    const size_t bytes = (top + 63) / 64 * 8;
    for (unsigned s = 0; s < 3; s++)
        if (sets_at[s] && copy_from_user(sets[s], sets_at[s], bytes) < 0) return -EFAULT;
    for (unsigned fd = 0; fd < top; fd++) {
        unsigned wanted = 0;
        for (unsigned s = 0; s < 3; s++)
            if (sets[s][fd / 64] >> (fd % 64) & 1) wanted |= set_events[s];
        if (!wanted) continue;
        if (!file_of_fd(static_cast<int>(fd))) return -EBADF;
        if (count == PollTable::capacity) return -EINVAL;
        fds[count++] = {static_cast<int>(fd), static_cast<short>(wanted), 0};
    }
    const Status result = wait_for_files(fds, count, deadline, no_wait);
    if (result < 0) return result;
    Status bits = 0;
    for (unsigned i = 0; i < count; i++)
        for (unsigned s = 0; s < 3; s++) {
            uint64_t& word = sets[s][fds[i].fd / 64];
            const uint64_t bit = 1ull << (fds[i].fd % 64);
            if (!(word & bit)) continue;
            if (static_cast<unsigned>(fds[i].revents) & set_events[s])
                bits++;
            else
                word &= ~bit;
        }
    for (unsigned s = 0; s < 3; s++)
        if (sets_at[s] && copy_to_user(sets_at[s], sets[s], bytes) < 0) return -EFAULT;
    return bits;
}

// The signal mask of ppoll and pselect6: in force for the wait; a handler that ends it still sees it.
template <class Wait>
Status with_signal_mask(UserAddr mask_at, size_t mask_bytes, Wait wait) {
    if (!mask_at) return wait();
    Thread* t = current();
    SignalSet mask;
    if (mask_bytes != sizeof mask) return -EINVAL;
    if (get_user(mask, mask_at) < 0) return -EFAULT;
    t->saved_blocked = t->blocked;
    t->blocked = mask & ~signals_unblockable;
    signal_recompute(t);
    const Status s = wait();
    if (s == -EINTR) {
        t->restore_blocked = true;
    } else {
        t->blocked = t->saved_blocked;
        signal_recompute(t);
    }
    return s;
}

struct Timeout {
    uint64_t deadline = 0;
    bool no_wait = false;
    Status set(const KernelTimespec& ts) {
        if (!ts.valid()) return -EINVAL;
        no_wait = !ts.ns();
        return deadline_from(ts, false, false, deadline);
    }
    Status set_from(UserAddr timespec) {
        KernelTimespec ts;
        if (!timespec) return 0;
        return get_user(ts, timespec) < 0 ? -EFAULT : set(ts);
    }
};

}  // namespace

extern "C" {

long sys_poll(UserAddr fds, unsigned count, int ms) {
    Timeout t;
    if (ms >= 0) t.set({ms / 1000, ms % 1000 * 1000000ll});
    return poll_files(fds, count, t.deadline, t.no_wait);
}
long sys_ppoll(UserAddr fds, unsigned count, UserAddr timeout, UserAddr mask, size_t mask_bytes) {
    Timeout t;
    if (const Status s = t.set_from(timeout); s < 0) return s;
    return with_signal_mask(mask, mask_bytes, [&] { return poll_files(fds, count, t.deadline, t.no_wait); });
}

long sys_select(int limit, UserAddr in, UserAddr out, UserAddr other, UserAddr timeout) {
    Timeout t;
    if (timeout) {
        int64_t tv[2];
        if (copy_from_user(tv, timeout, sizeof tv) < 0) return -EFAULT;
        if (tv[1] < 0 || tv[1] >= 1000000) return -EINVAL;
        if (const Status s = t.set({tv[0], tv[1] * 1000}); s < 0) return s;
    }
    return select_files(limit, {in, out, other}, t.deadline, t.no_wait);
}
long sys_pselect6(int limit, UserAddr in, UserAddr out, UserAddr other, UserAddr timeout,
                  UserAddr mask_and_size) {
    struct {
        UserAddr mask;
        size_t bytes;
    } m{};
    Timeout t;
    if (const Status s = t.set_from(timeout); s < 0) return s;
    if (mask_and_size && get_user(m, mask_and_size) < 0) return -EFAULT;
    return with_signal_mask(m.mask, m.bytes, [&] {
        return select_files(limit, {in, out, other}, t.deadline, t.no_wait);
    });
}
}

}  // namespace stile::os
