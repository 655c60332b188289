// SPDX-License-Identifier: Apache-2.0
//
// System calls on signals; rt_sigreturn is in task/signal_frame.cpp.
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

siginfo_t from_user_process(int sig, int code) {
    siginfo_t info{};
    info.si_signo = sig;
    info.si_code = code;
    info.si_pid = current_process()->pid;
    return info;
}

Status kill_thread(int process, int tid, int sig) {
    if (tid <= 0) return -EINVAL;
    Thread* t = find_thread(tid);
    if (!t || !t->process || (process && t->process->pid != process)) return -ESRCH;
    if (sig < 0 || sig > signal_count) return -EINVAL;
    if (!sig) return 0;
    const siginfo_t info = from_user_process(sig, SI_TKILL);
    return send_signal(t, sig, &info);
}

}  // namespace

extern "C" {

long sys_rt_sigaction(int sig, UserAddr next, UserAddr old, size_t bytes) {
    if (bytes != sizeof(SignalSet)) return -EINVAL;
    constexpr size_t passed = offsetof(SignalAction, domain);
    SignalAction wanted;
    if (next && copy_from_user(&wanted, next, passed) < 0) return -EFAULT;
    if (sig < 1 || sig > signal_count || (next && (signal_bit(sig) & signals_unblockable))) return -EINVAL;
    SignalAction& a = current_process()->handlers->action[sig];
    const SignalAction before = a;
    if (next) {
        // A handler sees, and may change, what it interrupts in every domain of the process.
        if (!dipc_acts_for_process(STILE_OS_CHECK_signal_entry)) return -EPERM;
        wanted.mask &= ~signals_unblockable;
        wanted.domain = calling_domain();
        a = wanted;
        // What is ignored from now on is not pending any more (POSIX, sigaction).
        if (signal_is_ignored(current_process(), sig)) {
            signals_remove(current_process()->pending, signal_bit(sig));
            for (Thread* t = current_process()->first_thread; t; t = t->sibling)
                signals_remove(t->pending, signal_bit(sig));
        }
    }
    return old ? copy_to_user(old, &before, passed) : 0;
}

long sys_rt_sigprocmask(int how, UserAddr set_at, UserAddr old, size_t bytes) {
    if (bytes != sizeof(SignalSet)) return -EINVAL;
    Thread* t = current();
    // The mask is the thread's at home. What a visited process sets is its own, and keeps nothing from
    // anybody: handlers wait for the end of the visit in any case.
    SignalSet& mask = dipc_on_visit(t) ? t->visit_blocked : t->blocked;
    const SignalSet before = mask;
    if (set_at) {
        SignalSet set;
        if (get_user(set, set_at) < 0) return -EFAULT;
        switch (how) {
            case SIG_BLOCK:
                mask |= set;
                break;
            case SIG_UNBLOCK:
                mask &= ~set;
                break;
            case SIG_SETMASK:
                mask = set;
                break;
            default:
                return -EINVAL;
        }
        mask &= ~signals_unblockable;
        signal_recompute(t);
    }
    return old ? put_user(old, before) : 0;
}

long sys_rt_sigpending(UserAddr to, size_t bytes) {
    if (bytes > sizeof(SignalSet)) return -EINVAL;  // less is filled in, as far as it goes
    const SignalSet set = (current()->pending.set | current_process()->pending.set) & current()->blocked;
    return copy_to_user(to, &set, bytes);
}

long sys_rt_sigsuspend(UserAddr mask_at, size_t bytes) {
    SignalSet mask;
    if (bytes != sizeof mask) return -EINVAL;
    if (get_user(mask, mask_at) < 0) return -EFAULT;
    Thread* t = current();
    t->saved_blocked = t->blocked;
    t->blocked = mask & ~signals_unblockable;
    t->restore_blocked = true;
    signal_recompute(t);
    while (sleep(true) == 0) {
    }
    t->restart = Restart::without_handler;
    return -EINTR;
}

long sys_pause() {
    while (sleep(true) == 0) {
    }
    current()->restart = Restart::without_handler;
    return -EINTR;
}

long sys_sigaltstack(UserAddr next, UserAddr old) {
    struct {
        uint64_t base;
        int flags, pad;
        uint64_t size;
    } v{};
    Thread* t = current();
    const uint64_t sp = t->frame()->rsp;
    const bool on_it = t->alt_stack.contains(sp);
    const SignalStack before = t->alt_stack;
    if (next) {
        if (dipc_on_visit(t)) return -EPERM;  // handlers run at home only
        if (!dipc_acts_for_process(STILE_OS_CHECK_signal_entry)) return -EPERM;
        if (get_user(v, next) < 0) return -EFAULT;
        if (on_it) return -EPERM;
        const int mode = v.flags & ~ss_autodisarm;
        if (mode != 0 && mode != ss_disable && mode != ss_onstack) return -EINVAL;
        if (mode == ss_disable)
            t->alt_stack = {0, 0, v.flags};
        else if (v.size < 2048 && (v.size != before.size || v.base != before.base))
            return -ENOMEM;
        else
            t->alt_stack = {v.base, v.size, v.flags & ss_autodisarm, calling_domain()};
    }
    if (!old) return 0;
    v = {before.base, before.flags | (on_it ? ss_onstack : 0), 0, before.size};
    return put_user(old, v);
}

long sys_rt_sigtimedwait(UserAddr set_at, UserAddr info_at, UserAddr timeout, size_t bytes) {
    SignalSet set;
    KernelTimespec ts{};
    if (bytes != sizeof set) return -EINVAL;
    if (get_user(set, set_at) < 0 || (timeout && get_user(ts, timeout) < 0)) return -EFAULT;
    if (!ts.valid()) return -EINVAL;
    set &= ~signals_unblockable;
    Thread* t = current();
    Process* p = t->process;
    uint64_t deadline = 0;
    if (timeout) deadline_from(ts, false, false, deadline);
    siginfo_t info;
    Status s = 0;
    while (!signal_take(t->pending, ~set, info) && !signal_take(p->pending, ~set, info)) {
        if (timeout && !ts.ns()) return -EAGAIN;
        if (s < 0) return s == -ETIMEDOUT ? -EAGAIN : s;
        t->waited_for = set;
        s = sleep(true, deadline);
        t->waited_for = 0;
        t->restart = Restart::never;
    }
    signal_recompute(t);
    if (info_at && put_user(info_at, info) < 0) return -EFAULT;
    return info.si_signo;
}

// A process may pretend to nothing that only the kernel sends, unless to itself.
static Status queued_info(UserAddr at, int sig, int target, siginfo_t& info) {
    if (get_user(info, at) < 0) return -EFAULT;
    info.si_signo = sig;
    const bool kernels = info.si_code >= 0 || info.si_code == SI_TKILL;
    return kernels && target != current()->tid ? -EPERM : 0;
}
long sys_rt_sigqueueinfo(int pid, int sig, UserAddr info_at) {
    siginfo_t info;
    if (const Status s = queued_info(info_at, sig, pid, info); s < 0) return s;
    Process* p = pid > 0 ? find_process(pid) : nullptr;
    if (!p) return -ESRCH;
    if (sig < 0 || sig > signal_count) return -EINVAL;
    return sig ? send_signal(p, sig, &info) : 0;
}
long sys_rt_tgsigqueueinfo(int pid, int tid, int sig, UserAddr info_at) {
    siginfo_t info;
    if (get_user(info, info_at) < 0) return -EFAULT;
    if (pid <= 0 || tid <= 0) return -EINVAL;
    if (const Status s = queued_info(info_at, sig, tid, info); s < 0) return s;
    Thread* t = find_thread(tid);
    if (!t || !t->process || t->process->pid != pid) return -ESRCH;
    if (sig < 0 || sig > signal_count) return -EINVAL;
    return sig ? send_signal(t, sig, &info) : 0;
}

long sys_kill(int pid, int sig) {
    const bool known = sig >= 0 && sig <= signal_count;
    const siginfo_t info = from_user_process(sig, SI_USER);
    if (pid > 0) {
        Process* p = find_process(pid);
        if (!p || !known) return p ? -EINVAL : -ESRCH;
        return sig ? send_signal(p, sig, &info) : 0;
    }
    const Process* self = current_process();
    const int group = pid == 0 ? self->pgid : -pid;
    bool any = false;
    for (Process* p = next_process(nullptr); p; p = next_process(p)) {
        if (pid == -1 ? p == self || p->main : p->pgid != group) continue;
        any = true;
        if (!known) return -EINVAL;
        if (sig) send_signal(p, sig, &info);
    }
    return any ? 0 : -ESRCH;
}
long sys_tkill(int tid, int sig) { return kill_thread(0, tid, sig); }
long sys_tgkill(int process, int tid, int sig) {
    return process > 0 ? kill_thread(process, tid, sig) : -EINVAL;
}
}

}  // namespace stile::os
