// SPDX-License-Identifier: Apache-2.0
//
// timerfd_create(2): expirations to be read and polled for.
#include <linux/timerfd.h>

#include "os/kernel/event/event.h"
#include "os/kernel/fs/poll.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/interval_timer.h"

namespace stile::os {
namespace {

class TimerFile final : public File {
  public:
    explicit TimerFile(bool realtime) : realtime_(realtime) { clock_.owner = this; }
    ~TimerFile() override { clock_.timer.cancel(); }
    FileKind kind() const override { return FileKind::timer; }

    Status read(UserBuffer& to, int64_t&) override {
        if (to.left < 8) return -EINVAL;
        if (!expirations_) {
            if (nonblocking()) return -EAGAIN;
            const Status s = wait_until(readers_, [&] { return expirations_ != 0; });
            if (s < 0) return s;
        }
        const uint64_t given = expirations_;
        expirations_ = 0;
        return to.copy_out(&given, 8) == 8 ? 8 : -EFAULT;
    }
    unsigned poll(PollTable* table) override {
        if (table) table->add(readers_);
        return expirations_ ? POLLIN : 0;
    }
    Status stat(struct stat& out) override { return stat_nameless(out); }
    Status seek(int64_t, int) override { return position; }

    Status set(int flags, UserAddr next, UserAddr old) {
        TimerTimes times;
        if (const Status s = timer_times_from(next, times, flags & TFD_TIMER_ABSTIME, realtime_); s < 0)
            return s;
        const UserTimerSpec before = timer_value(clock_.timer);
        expirations_ = 0;
        clock_.timer.timer.fire = expired;
        clock_.timer.set(times.first, times.every_ns);
        return old ? put_user(old, before) : 0;
    }
    Status get(UserAddr to) const { return put_user(to, timer_value(clock_.timer)); }

  private:
    struct Clock {
        IntervalTimer timer;
        TimerFile* owner = nullptr;
    };
    static void expired(Timer& t) {
        auto* interval = STILE_CONTAINER_OF(&t, IntervalTimer, timer);
        TimerFile& f = *STILE_CONTAINER_OF(interval, Clock, timer)->owner;
        f.expirations_ += f.clock_.timer.advance();
        f.readers_.wake_all();
    }

    bool realtime_;
    Clock clock_;
    uint64_t expirations_ = 0;
    WaitQueue readers_;
};

TimerFile* timer_of(int fd, Status& error) {
    File* f = file_of_fd(fd);
    error = f ? -EINVAL : -EBADF;
    return f && f->kind() == FileKind::timer ? static_cast<TimerFile*>(f) : nullptr;
}

}  // namespace

extern "C" {

long sys_timerfd_create(int clock, int flags) {
    if (flags & ~(O_CLOEXEC | O_NONBLOCK)) return -EINVAL;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != 7 && clock != 8 && clock != 9)
        return -EINVAL;
    return install_nameless(knew<TimerFile>(clock == CLOCK_REALTIME || clock == 8), flags);
}

long sys_timerfd_settime(int fd, int flags, UserAddr next, UserAddr old) {
    Status error;
    UserTimerSpec wanted;
    if (get_user(wanted, next) < 0) return -EFAULT;
    if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) || !wanted.interval.valid() ||
        !wanted.value.valid())
        return -EINVAL;
    TimerFile* f = timer_of(fd, error);
    return f ? f->set(flags, next, old) : error;
}

long sys_timerfd_gettime(int fd, UserAddr to) {
    Status error;
    const TimerFile* f = timer_of(fd, error);
    return f ? f->get(to) : error;
}
}

}  // namespace stile::os
