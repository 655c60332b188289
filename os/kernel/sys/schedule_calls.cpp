// SPDX-License-Identifier: Apache-2.0
//
// Scheduling as programs ask about it. It is round robin on each CPU, with real-time threads before others
// (task/sched.h); nice values and the batch policies are kept and told, and weigh nothing; SCHED_DEADLINE is
// refused.
#include <linux/sched.h>
#include <linux/sched/types.h>

#include "os/kernel/arch/big_lock.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/string.h"
#include "os/kernel/mm/shootdown.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

Thread* thread_of(int tid) {
    if (!tid) return current();
    Thread* t = find_thread(tid);
    return t && t->process ? t : nullptr;
}

bool offered(unsigned policy) {
    return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

bool is_real_time(unsigned policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }

Status set_policy(Thread* t, unsigned policy, int priority, bool reset) {
    if (policy == SCHED_DEADLINE) return -EPERM;
    if (!offered(policy) && !is_real_time(policy)) return -EINVAL;
    if (is_real_time(policy) ? priority < 1 || priority > 99 : priority != 0) return -EINVAL;
    t->reset_on_fork = reset;
    set_scheduling(t, static_cast<uint8_t>(policy), static_cast<uint8_t>(priority));
    return 0;
}

// Calls f on each process that getpriority and setpriority mean; false: nobody.
template <class F>
bool each_of(int which, int who, F f) {
    bool any = false;
    const Process* self = current_process();
    for (Process* p = next_process(nullptr); p; p = next_process(p)) {
        const bool meant = which == PRIO_PROCESS ? p->pid == (who ? who : self->pid)
                           : which == PRIO_PGRP  ? p->pgid == (who ? who : self->pgid)
                                                 : who == 0;
        if (p->zombie || !meant) continue;
        any = true;
        f(*p);
    }
    return any;
}

constexpr uint32_t reset_on_fork = 0x40000000;

}  // namespace

extern "C" {

long sys_sched_yield() {
    if (smp() && !somebody_waits_to_run()) return 0;
    big_lock();
    yield();
    return 0;
}
long sys_sched_getaffinity(int tid, unsigned bytes, UserAddr to) {
    if (bytes < 8 || bytes % 8) return -EINVAL;
    const Thread* t = thread_of(tid);
    if (!t) return -ESRCH;
    const uint64_t mask = t->allowed & cpus_online();
    return put_user(to, mask) < 0 ? -EFAULT : 8;
}
long sys_sched_setaffinity(int tid, unsigned bytes, UserAddr from) {
    uint64_t mask = 0;
    if (copy_from_user(&mask, from, min<unsigned>(bytes, 8)) < 0) return -EFAULT;
    Thread* t = thread_of(tid);
    return t ? set_allowed(t, mask) : -ESRCH;
}

long sys_sched_setscheduler(int tid, unsigned policy, UserAddr parameter) {
    int priority;
    if (static_cast<int>(policy) < 0 || tid < 0 || !parameter) return -EINVAL;
    if (get_user(priority, parameter) < 0) return -EFAULT;
    Thread* t = thread_of(tid);
    return t ? set_policy(t, policy & ~reset_on_fork, priority, policy & reset_on_fork) : -ESRCH;
}
long sys_sched_getscheduler(int tid) {
    const Thread* t = thread_of(tid);
    if (tid < 0 || !t) return tid < 0 ? -EINVAL : -ESRCH;
    return static_cast<long>(t->policy | (t->reset_on_fork ? reset_on_fork : 0));
}
long sys_sched_setparam(int tid, UserAddr parameter) {
    int priority;
    if (tid < 0 || !parameter) return -EINVAL;
    if (get_user(priority, parameter) < 0) return -EFAULT;
    Thread* t = thread_of(tid);
    return t ? set_policy(t, t->policy, priority, t->reset_on_fork) : -ESRCH;
}
long sys_sched_getparam(int tid, UserAddr to) {
    if (tid < 0 || !to) return -EINVAL;
    const Thread* t = thread_of(tid);
    const int priority = t ? t->real_time : 0;
    return t ? put_user(to, priority) : -ESRCH;
}
long sys_sched_get_priority_max(unsigned policy) {
    if (policy == SCHED_FIFO || policy == SCHED_RR) return 99;
    return offered(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}
long sys_sched_get_priority_min(unsigned policy) {
    if (policy == SCHED_FIFO || policy == SCHED_RR) return 1;
    return offered(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}
long sys_sched_rr_get_interval(int tid, UserAddr to) {
    if (tid < 0) return -EINVAL;
    const Thread* t = thread_of(tid);
    if (!t) return -ESRCH;
    const uint64_t hz = t->policy == SCHED_FIFO ? 0 : boot_info.tick_hz;
    const KernelTimespec slice{hz == 1, hz > 1 ? static_cast<int64_t>(1000000000ull / hz) : 0};
    return put_user(to, slice);
}

long sys_sched_getattr(int tid, UserAddr to, unsigned bytes, unsigned flags) {
    if (!to || tid < 0 || flags || bytes < SCHED_ATTR_SIZE_VER0 || bytes > page_size) return -EINVAL;
    const Thread* t = thread_of(tid);
    if (!t) return -ESRCH;
    struct sched_attr a {};
    a.size = min<unsigned>(bytes, sizeof a);
    a.sched_policy = t->policy;
    a.sched_flags = t->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
    a.sched_priority = t->real_time;
    a.sched_nice = t->real_time ? 0 : t->process->nice;
    return copy_to_user(to, &a, a.size);
}
long sys_sched_setattr(int tid, UserAddr from, unsigned flags) {
    struct sched_attr a {};
    if (!from || tid < 0 || flags) return -EINVAL;
    if (copy_from_user(&a, from, SCHED_ATTR_SIZE_VER0) < 0) return -EFAULT;
    Thread* t = thread_of(tid);
    if (!t) return -ESRCH;
    if (a.sched_flags & ~static_cast<uint64_t>(SCHED_FLAG_RESET_ON_FORK)) return -EINVAL;
    if (a.sched_priority > 99) return -EINVAL;
    const Status s = set_policy(t, a.sched_policy, static_cast<int>(a.sched_priority), a.sched_flags);
    if (s == 0) t->process->nice = max(-20, min(19, a.sched_nice));
    return s;
}

// 20 - nice, so that a result is never negative; libc turns it round.
long sys_getpriority(int which, int who) {
    if (which < PRIO_PROCESS || which > PRIO_USER) return -EINVAL;
    int nice = 19;
    if (!each_of(which, who, [&](const Process& p) { nice = min(nice, p.nice); })) return -ESRCH;
    return 20 - nice;
}
long sys_setpriority(int which, int who, int nice) {
    if (which < PRIO_PROCESS || which > PRIO_USER) return -EINVAL;
    return each_of(which, who, [&](Process& p) { p.nice = max(-20, min(19, nice)); }) ? 0 : -ESRCH;
}

long sys_getcpu(UserAddr cpu_at, UserAddr node_at) {
    const unsigned zero = 0, here = cpu().id;
    if (cpu_at && put_user(cpu_at, here) < 0) return -EFAULT;
    return node_at ? put_user(node_at, zero) : 0;
}

// The other CPUs are interrupted, and so order their accesses.
long sys_membarrier(int command, unsigned flags) {
    enum : uint32_t {
        global = 1,
        global_expedited = 2,
        register_global = 4,
        private_expedited = 8,
        register_private = 16,
        private_sync = 32,
        register_sync = 64
    };
    constexpr uint32_t all = 127;
    if (flags || command < 0) return -EINVAL;
    const auto c = static_cast<uint32_t>(command);
    uint32_t& registered = current_process()->barrier_registrations;
    switch (c) {
        case 0:
            return all;
        case global:
        case global_expedited:
            if (smp()) barrier_on_others(nullptr);
            return 0;
        case register_global:
        case register_private:
        case register_sync:
            registered |= c;
            return 0;
        case private_expedited:
        case private_sync:
            if (!(registered & c << 1)) return -EPERM;
            if (smp()) barrier_on_others(current_process()->space->table);
            return 0;
        default:
            return -EINVAL;
    }
}
}

}  // namespace stile::os
