// SPDX-License-Identifier: Apache-2.0
//
// eventfd(2): a counter to wait on.

#include "os/kernel/event/event.h"
#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"

namespace stile::os {
namespace {

constexpr int efd_semaphore = 1;     // EFD_SEMAPHORE: no UAPI header before Linux 6.6 has it
constexpr uint64_t top = ~0ull - 1;  // the largest value that it can hold

class EventFile final : public File {
  public:
    EventFile(uint64_t value, bool semaphore) : value_(value), semaphore_(semaphore) {}

    Status read(UserBuffer& to, int64_t&) override {
        if (to.left < 8) return -EINVAL;
        if (!value_) {
            if (nonblocking()) return -EAGAIN;
            const Status s = wait_until(readers_, [&] { return value_ != 0; });
            if (s < 0) return s;
        }
        const uint64_t given = semaphore_ ? 1 : value_;
        value_ -= given;
        writers_.wake_all();
        return to.copy_out(&given, 8) == 8 ? 8 : -EFAULT;
    }
    // Each piece of a writev(2) is a write of its own, and eight bytes, no more, as Linux has it now.
    Status write(UserBuffer& from, int64_t&) override {
        Status done = 0;
        while (from.left) {
            const UserPiece& piece = from.offset == from.pieces->length ? from.pieces[1] : from.pieces[0];
            const Status s = piece.length == 8 ? add(from) : -EINVAL;
            if (s < 0) return done ? done : s;
            done += 8;
        }
        return done ? done : -EINVAL;
    }
    unsigned poll(PollTable* table) override {
        if (table) {
            table->add(readers_);
            table->add(writers_);
        }
        return (value_ ? POLLIN : 0) | (value_ < top ? POLLOUT : 0);  // without POLLRDNORM, as Linux
    }
    Status stat(struct stat& out) override { return stat_nameless(out); }
    Status seek(int64_t, int) override { return position; }  // does nothing, as Linux

  private:
    Status add(UserBuffer& from) {
        uint64_t added;
        if (from.copy_in(&added, 8) != 8) return -EFAULT;
        if (added > top) return -EINVAL;
        if (top - value_ < added) {
            if (nonblocking()) return -EAGAIN;
            const Status s = wait_until(writers_, [&] { return top - value_ >= added; });
            if (s < 0) return s;
        }
        value_ += added;
        readers_.wake_all();
        return 0;
    }

    uint64_t value_;
    bool semaphore_;
    WaitQueue readers_, writers_;
};

}  // namespace

extern "C" {
long sys_eventfd2(unsigned value, int flags) {
    if (flags & ~(efd_semaphore | O_CLOEXEC | O_NONBLOCK)) return -EINVAL;
    return install_nameless(knew<EventFile>(value, flags & efd_semaphore), flags);
}
long sys_eventfd(unsigned value) { return sys_eventfd2(value, 0); }
}

}  // namespace stile::os
