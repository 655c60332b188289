// SPDX-License-Identifier: Apache-2.0
//
// Job control: stopping a process, continuing it, and what its parent hears of either. A stopped process is
// one whose threads do not return to user mode: they wait in deliver_signals until SIGCONT or death.
#include <asm/siginfo.h>

#include "os/kernel/task/sched.h"

namespace stile::os {

void notify_parent(Process* p, int code, int status) {
    Process* parent = p->parent;
    if (!parent || parent->zombie || !parent->handlers) return;
    const bool died = code != CLD_STOPPED && code != CLD_CONTINUED;
    const int sig = died ? p->exit_signal : SIGCHLD;
    const bool silent = !died && (parent->handlers->action[SIGCHLD].flags & SA_NOCLDSTOP);
    if (sig && !silent) {
        siginfo_t info{};
        info.si_signo = sig;
        info.si_code = code;
        info.si_pid = p->pid;
        info.si_status = status;
        info.si_utime = static_cast<long>(tsc_to_ns(p->cpu_tsc) / 10000000ull);
        send_signal(parent, sig, &info);
    }
    parent->child_wait.wake_all();
}

void stop_process(Process* p, int sig) {
    if (p->stopped || p->exiting) return;
    p->stopped = true;
    p->stop_signal = sig;
    p->report = WaitReport::stopped;
    for (Thread* t = p->first_thread; t; t = t->sibling) {
        set_work(t, work_signal);
        if (t != current()) wake_for_signal(t);
    }
    notify_parent(p, CLD_STOPPED, sig);
}

void continue_process(Process* p, bool report) {
    if (!p->stopped) return;
    p->stopped = false;
    for (Thread* t = p->first_thread; t; t = t->sibling) {
        if (t->state == ThreadState::stopped) make_runnable(t);
        signal_recompute(t);
    }
    if (!report) return;
    p->report = WaitReport::continued;
    notify_parent(p, CLD_CONTINUED, SIGCONT);
}

bool orphaned_group(const Process* p) {
    for (const Process* m = next_process(nullptr); m; m = next_process(const_cast<Process*>(m))) {
        if (m->pgid != p->pgid || m->sid != p->sid || m->zombie || !m->parent) continue;
        if (m->parent->pgid != m->pgid && m->parent->sid == m->sid) return false;
    }
    return true;
}

}  // namespace stile::os
