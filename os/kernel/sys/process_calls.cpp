// SPDX-License-Identifier: Apache-2.0
//
// System calls about the process, the thread and the machine.
#include <asm/prctl.h>
#include <linux/sysinfo.h>
#include <linux/times.h>
#include <linux/utsname.h>

#include "os/kernel/base/boot_info.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/page.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/sched.h"

namespace stile::os {

uint64_t random_u64() {
    // splitmix64 (Steele, Lea, Flood 2014) over the run's seed: as unpredictable as a reproducible run can
    // be.
    static uint64_t state = 0;
    if (!state) state = boot_info.seed;
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

extern "C" {

long sys_getpid() { return current_process()->pid; }
long sys_gettid() { return current()->tid; }
long sys_getppid() {
    const Process* parent = current_process()->parent;
    return parent ? parent->pid : current_process()->main ? 0 : 1;  // orphans: as if init had them
}

// Where the kernel writes when the thread ends is the thread's affair at home, not that of a process it
// visits.
long sys_set_tid_address(UserAddr at) {
    if (dipc_on_visit(current())) return -EPERM;
    current()->clear_child_tid = at;
    current()->clear_child_tid_domain = calling_domain();
    return current()->tid;
}
long sys_set_robust_list(UserAddr at, size_t length) {
    if (length != 24) return -EINVAL;
    if (dipc_on_visit(current())) return -EPERM;
    current()->robust_list = at;
    current()->robust_list_domain = calling_domain();
    return 0;
}

long sys_get_robust_list(int tid, UserAddr head_at, UserAddr length_at) {
    const Thread* t = tid ? find_thread(tid) : current();
    const size_t length = 24;
    if (!t) return -ESRCH;
    if (t->process != current_process()) return -EPERM;
    if (put_user(length_at, length) < 0) return -EFAULT;
    return put_user(head_at, t->robust_list);
}

long sys_arch_prctl(int code, uint64_t argument) {
    Thread* t = current();
    const bool direct_access = cpu().has_fsgsbase;
    switch (code) {
        case ARCH_SET_FS:
            if (argument >= user_top) return -EPERM;
            t->fs_base = argument;
            if (direct_access)
                asm volatile("wrfsbase %0" : : "r"(argument));
            else
                write_msr(msr_fs_base, argument);
            return 0;
        case ARCH_GET_FS: {
            uint64_t v = t->fs_base;
            if (direct_access) asm volatile("rdfsbase %0" : "=r"(v));
            return put_user(argument, v);
        }
        case ARCH_SET_GS:
            if (argument >= user_top) return -EPERM;
            t->gs_base = argument;
            write_msr(msr_kernel_gs_base, argument);
            return 0;
        case ARCH_GET_GS: {
            const uint64_t v = read_msr(msr_kernel_gs_base);
            return put_user(argument, v);
        }
        default:
            return -EINVAL;
    }
}

long sys_uname(UserAddr to) {
    static constexpr struct new_utsname name { "Linux", "stile", "6.1.0-stile", "#1", "x86_64", "(none)" };
    return put_user(to, name);
}

long sys_sysinfo(UserAddr to) {
    struct sysinfo s {};
    s.uptime = static_cast<long>(clock_ns() / 1000000000ull);
    s.totalram = total_page_count() * page_size;
    s.freeram = free_page_count() * page_size;
    s.mem_unit = 1;
    for (Process* p = next_process(nullptr); p; p = next_process(p)) s.procs++;
    return put_user(to, s);
}

long sys_getrandom(UserAddr to, size_t n, unsigned flags) {
    constexpr unsigned random = 2, insecure = 4;
    if ((flags & ~7u) || (flags & (random | insecure)) == (random | insecure)) return -EINVAL;
    n = min<size_t>(n, INT32_MAX);
    if (!user_range_ok(to, n)) return -EFAULT;
    for (size_t done = 0; done < n;) {
        const uint64_t v = random_u64();
        const size_t take = min<size_t>(n - done, 8);
        const size_t missed = user_copy_out(to + done, &v, take);
        done += take - missed;
        if (missed) return done ? static_cast<long>(done) : -EFAULT;
    }
    return static_cast<long>(n);
}

long sys_times(UserAddr to) {
    const Process* p = current_process();
    const auto ticks = [](uint64_t tsc) { return static_cast<long>(tsc_to_ns(tsc) / 10000000ull); };
    struct tms t {};
    t.tms_utime = ticks(p->cpu_tsc + current()->cpu_tsc + read_tsc() - current()->switched_in);
    t.tms_cutime = ticks(p->child_cpu_tsc);
    if (to && put_user(to, t) < 0) return -EFAULT;
    return static_cast<long>(clock_ns() / 10000000ull);
}
}

}  // namespace stile::os
