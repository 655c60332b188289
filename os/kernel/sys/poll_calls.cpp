// SPDX-License-Identifier: Apache-2.0
//
// Waiting for many files at once: poll and select, the latter in terms of the former.
#include <linux/poll.h>

#include <new>

#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/waiting.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

// The descriptors of one call and their files, which are held until it ends: another thread may close them.
// Small sets live on the stack.
class FileSet {
  public:
    ~FileSet() {
        for (unsigned i = 0; i < held_; i++)
            if (files_[i]) file_put(files_[i]);
        if (fds != few_) kfree(fds);
    }
    Status reserve(unsigned count) {
        if (count <= few) return 0;
        if (count > FileTable::capacity) return -EINVAL;
        auto* memory =
            static_cast<char*>(kmalloc(count * (sizeof(pollfd) + sizeof(File*) + 2 * sizeof(Waiter))));
        if (!memory) return -ENOMEM;
        fds = reinterpret_cast<pollfd*>(memory);
        files_ = reinterpret_cast<File**>(fds + count);
        waiters_ = reinterpret_cast<Waiter*>(files_ + count);
        for (unsigned i = 0; i < 2 * count; i++) new (&waiters_[i]) Waiter;
        waiter_count_ = 2 * count;
        return 0;
    }
    void hold_files() {
        for (; held_ < count; held_++) {
            File* f = fds[held_].fd < 0 ? nullptr : file_of_fd(fds[held_].fd);
            if (f) file_get(f);
            files_[held_] = f;
        }
    }
    // How many are ready; revents say for what.
    Status wait(Timeout& timeout);

    static constexpr unsigned few = 16;
    unsigned count = 0;
    struct pollfd few_[few];
    struct pollfd* fds = few_;

  private:
    unsigned ask(PollTable* table) {
        unsigned ready = 0;
        for (unsigned i = 0; i < count; i++) {
            fds[i].revents = 0;
            if (fds[i].fd < 0) continue;
            const unsigned events = files_[i] ? files_[i]->poll(table) : POLLNVAL;
            const unsigned wanted = static_cast<unsigned>(fds[i].events) | POLLERR | POLLHUP | POLLNVAL;
            fds[i].revents = static_cast<short>(events & wanted);
            if (fds[i].revents) ready++;
        }
        return ready;
    }

    unsigned held_ = 0, waiter_count_ = 2 * few;
    File* few_files_[few];
    File** files_ = few_files_;
    Waiter few_waiters_[2 * few];
    Waiter* waiters_ = few_waiters_;
};

Status FileSet::wait(Timeout& timeout) {
    hold_files();
    PollTable table{waiters_, waiter_count_};
    bool no_wait = timeout.no_wait;
    for (;;) {
        const unsigned ready = ask(no_wait ? nullptr : &table);
        Status s = 0;
        if (!ready && !no_wait) s = table.overflow ? -ENOMEM : sleep(true, timeout.deadline);
        table.remove_all();
        if (ready || no_wait) return ready;
        if (s == -EINTR) current()->restart = Restart::without_handler;
        if (s < 0 && s != -ETIMEDOUT) return s;
        no_wait = s == -ETIMEDOUT;
    }
}

Status poll_files(UserAddr at, unsigned count, Timeout& timeout) {
    FileSet set;
    if (const Status s = set.reserve(count); s < 0) return s;
    const size_t bytes = sizeof(struct pollfd) * count;
    if (copy_from_user(set.fds, at, bytes) < 0) return -EFAULT;
    set.count = count;
    const Status result = set.wait(timeout);
    if (!user_range_ok(at, bytes)) return -EFAULT;
    if (result >= 0 && copy_to_user(at, set.fds, bytes) < 0) return -EFAULT;
    return result;
}

// What each of select's three sets asks for (Linux fs/select.c: POLLIN_SET and its kin).
constexpr unsigned set_events[3] = {POLLIN | POLLRDNORM | POLLHUP | POLLERR, POLLOUT | POLLWRNORM | POLLERR,
                                    POLLPRI};

Status select_files(int limit, const UserAddr (&sets_at)[3], Timeout& timeout) {
    constexpr unsigned words = FileTable::capacity / 64;
    uint64_t sets[3][words] = {};
    if (limit < 0) return -EINVAL;
    const unsigned top = min(static_cast<unsigned>(limit), FileTable::capacity);
    const size_t bytes = (top + 63) / 64 * 8;
    for (unsigned s = 0; s < 3; s++)
        if (sets_at[s] && copy_from_user(sets[s], sets_at[s], bytes) < 0) return -EFAULT;
    const auto wanted_of = [&](unsigned fd) {
        unsigned wanted = 0;
        for (unsigned s = 0; s < 3; s++)
            if (sets[s][fd / 64] >> (fd % 64) & 1) wanted |= set_events[s];
        return wanted;
    };
    unsigned asked = 0;
    for (unsigned fd = 0; fd < top; fd++) asked += wanted_of(fd) != 0;
    FileSet set;
    if (const Status s = set.reserve(asked); s < 0) return s;
    for (unsigned fd = 0; fd < top; fd++) {
        const unsigned wanted = wanted_of(fd);
        if (!wanted) continue;
        if (!file_of_fd(static_cast<int>(fd))) return -EBADF;
        set.fds[set.count++] = {static_cast<int>(fd), static_cast<short>(wanted), 0};
    }
    const Status result = set.wait(timeout);
    if (result < 0) return result;
    Status bits = 0;
    for (unsigned i = 0; i < set.count; i++)
        for (unsigned s = 0; s < 3; s++) {
            uint64_t& word = sets[s][set.fds[i].fd / 64];
            const uint64_t bit = 1ull << (set.fds[i].fd % 64);
            if (!(word & bit)) continue;
            if (static_cast<unsigned>(set.fds[i].revents) & set_events[s])
                bits++;
            else
                word &= ~bit;
        }
    for (unsigned s = 0; s < 3; s++)
        if (sets_at[s] && copy_to_user(sets_at[s], sets[s], bytes) < 0) return -EFAULT;
    return bits;
}

}  // namespace

extern "C" {

// What is left of the time is written back, as Linux does, where the interface has a place for it.

long sys_poll(UserAddr fds, unsigned count, int ms) {
    Timeout t;
    if (ms >= 0) t.set({ms / 1000, ms % 1000 * 1000000ll});
    return poll_files(fds, count, t);
}
long sys_ppoll(UserAddr fds, unsigned count, UserAddr timeout, UserAddr mask, size_t mask_bytes) {
    Timeout t;
    if (const Status s = t.set_from(timeout); s < 0) return s;
    const Status n = with_signal_mask(mask, mask_bytes, [&] { return poll_files(fds, count, t); });
    if (timeout) (void)put_user(timeout, t.left());
    return n;
}

long sys_select(int limit, UserAddr in, UserAddr out, UserAddr other, UserAddr timeout) {
    Timeout t;
    int64_t tv[2];
    if (timeout) {
        if (copy_from_user(tv, timeout, sizeof tv) < 0) return -EFAULT;
        if (tv[1] < 0 || tv[1] >= 1000000) return -EINVAL;
        if (const Status s = t.set({tv[0], tv[1] * 1000}); s < 0) return s;
    }
    const Status n = select_files(limit, {in, out, other}, t);
    if (timeout) {
        tv[0] = t.left().sec;
        tv[1] = t.left().nsec / 1000;
        (void)copy_to_user(timeout, tv, sizeof tv);
    }
    return n;
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
    const Status n = with_signal_mask(m.mask, m.bytes, [&] {
        return select_files(limit, {in, out, other}, t);
    });
    if (timeout) (void)put_user(timeout, t.left());
    return n;
}
}

}  // namespace stile::os
