// SPDX-License-Identifier: Apache-2.0
//
// What the system-call files share. The handlers themselves are called by number through the table that
// sys/table.S builds from sys/syscalls.def; they have no other callers and so no declarations.
#pragma once

#include <linux/resource.h>
#include <linux/time.h>

#include "os/kernel/task/thread.h"

namespace stile::os {

class InodeRef;

struct KernelTimespec {
    int64_t sec, nsec;
    bool valid() const { return sec >= 0 && nsec >= 0 && nsec < 1000000000; }
    uint64_t ns() const { return static_cast<uint64_t>(sec) * 1000000000ull + static_cast<uint64_t>(nsec); }
};

// TSC deadline of a timeout: relative, or absolute on CLOCK_REALTIME or CLOCK_MONOTONIC.
Status deadline_from(const KernelTimespec& ts, bool absolute, bool realtime, uint64_t& out);

struct IntervalTimer;
struct UserTimerSpec {  // struct itimerspec
    KernelTimespec interval, value;
};
struct TimerTimes {
    uint64_t every_ns = 0;
    uint64_t first = 0;  // TSC deadline; 0: disarm
};
Status timer_times_from(UserAddr at, TimerTimes& out, bool absolute, bool realtime);
UserTimerSpec timer_value(const IntervalTimer& t);
void cpu_timers_tick(Process* p);  // ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU
bool cpu_timers_armed(const Process& p);

// CLOCK_REALTIME starts at 2020-01-01 00:00 UTC when the machine boots: our choice, so that runs are
// reproducible.
inline constexpr uint64_t epoch_ns = 1577836800ull * 1000000000ull;

// The path argument of a system call, copied in; too large for a kernel stack.
class UserPath {
  public:
    explicit UserPath(UserAddr from);
    UserPath(const UserPath&) = delete;
    ~UserPath();
    Status status() const { return status_; }  // 0 or -errno: then there is no text
    const char* text() const { return text_; }
    bool empty() const { return !*text_; }

  private:
    Status status_;
    char* text_;
};
// The directory that a relative path starts from: dirfd or AT_FDCWD. No reference taken.
Status directory_of(int dirfd, const char* path, Inode** out);
// The inode of a path, referenced. AT_SYMLINK_NOFOLLOW, AT_SYMLINK_FOLLOW and AT_EMPTY_PATH are obeyed;
// `follow` is what holds without either of the first two.
Status find_inode(int dirfd, UserAddr path, int at_flags, bool follow, InodeRef& out);

uint64_t random_u64();

}  // namespace stile::os
