// SPDX-License-Identifier: Apache-2.0
//
// Clocks and sleeping. All clocks are the TSC.
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/sched.h"

namespace stile::os {

Status deadline_from(const KernelTimespec& ts, bool absolute, bool realtime, uint64_t& out) {
    if (!absolute && current()->restart_deadline) {
        out = current()->restart_deadline;
        current()->restart_deadline = 0;
        return 0;
    }
    uint64_t ns = ts.sec > 1ll << 33 ? 1ull << 62 : ts.ns();
    const uint64_t now = read_tsc();
    if (absolute) {
        const uint64_t clock = clock_ns() + (realtime ? epoch_ns : 0);
        ns = ns > clock ? ns - clock : 0;
    }
    out = now + ns_to_tsc(ns);
    if (!out || out < now) out = ~0ull;
    return 0;
}

namespace {

Status clock_value(int clock, uint64_t& ns) {
    switch (clock) {
        case CLOCK_REALTIME:
        case 5:   // CLOCK_REALTIME_COARSE
        case 8:   // CLOCK_REALTIME_ALARM
        case 11:  // CLOCK_TAI: no leap seconds were announced to this machine
            ns = epoch_ns + clock_ns();
            return 0;
        case CLOCK_MONOTONIC:
        case 4:  // CLOCK_MONOTONIC_RAW
        case 6:  // CLOCK_MONOTONIC_COARSE
        case 7:  // CLOCK_BOOTTIME
        case 9:  // CLOCK_BOOTTIME_ALARM
            ns = clock_ns();
            return 0;
        case 2:  // CLOCK_PROCESS_CPUTIME_ID
            ns = tsc_to_ns(current_process()->cpu_tsc + current()->cpu_tsc + read_tsc() -
                           current()->switched_in);
            return 0;
        case 3:  // CLOCK_THREAD_CPUTIME_ID
            ns = tsc_to_ns(current()->cpu_tsc + read_tsc() - current()->switched_in);
            return 0;
        default:
            return -EINVAL;
    }
}

Status sleep_for(const KernelTimespec& ts, bool absolute, bool realtime, UserAddr left_at) {
    if (!ts.valid()) return -EINVAL;
    uint64_t deadline;
    deadline_from(ts, absolute, realtime, deadline);
    Status s = 0;
    while (s == 0) s = sleep(true, deadline);
    if (s == -ETIMEDOUT) return 0;
    if (!absolute && left_at) {
        const uint64_t now = read_tsc(), ns = deadline > now ? tsc_to_ns(deadline - now) : 0;
        const KernelTimespec left{static_cast<int64_t>(ns / 1000000000ull),
                                  static_cast<int64_t>(ns % 1000000000ull)};
        if (put_user(left_at, left) < 0) return -EFAULT;
    }
    return s;
}

}  // namespace

extern "C" {

long sys_clock_gettime(int clock, UserAddr to) {
    uint64_t ns;
    if (const Status s = clock_value(clock, ns); s < 0) return s;
    const KernelTimespec ts{static_cast<int64_t>(ns / 1000000000ull),
                            static_cast<int64_t>(ns % 1000000000ull)};
    return put_user(to, ts);
}
long sys_clock_getres(int clock, UserAddr to) {
    uint64_t ns;
    if (const Status s = clock_value(clock, ns); s < 0) return s;
    const KernelTimespec one{0, 1};
    return to ? put_user(to, one) : 0;
}
long sys_gettimeofday(UserAddr to, UserAddr zone) {
    const uint64_t us = (epoch_ns + clock_ns()) / 1000;
    const int64_t tv[2] = {static_cast<int64_t>(us / 1000000), static_cast<int64_t>(us % 1000000)};
    const int greenwich[2] = {};
    if (to && copy_to_user(to, tv, sizeof tv) < 0) return -EFAULT;
    return zone ? put_user(zone, greenwich) : 0;
}
long sys_time(UserAddr to) {
    const auto now = static_cast<int64_t>((epoch_ns + clock_ns()) / 1000000000ull);
    if (to && put_user(to, now) < 0) return -EFAULT;
    return now;
}

long sys_nanosleep(UserAddr wanted, UserAddr left) {
    KernelTimespec ts;
    if (get_user(ts, wanted) < 0) return -EFAULT;
    return sleep_for(ts, false, false, left);
}
long sys_clock_nanosleep(int clock, int flags, UserAddr wanted, UserAddr left) {
    KernelTimespec ts;
    uint64_t now;
    const bool realtime = clock == CLOCK_REALTIME || clock == 8 || clock == 11;
    if (clock_value(clock, now) < 0) return -EINVAL;
    // Nobody sleeps by the clocks that only tell; by a processor's time it is not offered.
    if (!realtime && clock != CLOCK_MONOTONIC && clock != 7 && clock != 9) return -EOPNOTSUPP;
    if (get_user(ts, wanted) < 0) return -EFAULT;
    return sleep_for(ts, flags & 1, realtime, left);
}
}

}  // namespace stile::os
