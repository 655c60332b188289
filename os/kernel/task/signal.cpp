// SPDX-License-Identifier: Apache-2.0
//
// Sending, pending and choosing signals; the frames on the user stack are signal_frame.cpp's.
#include "os/kernel/task/signal.h"

#include "abi/codoms.h"
#include "abi/marker.h"
#include "os/kernel/arch/trap.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/posix_timer.h"
#include "os/kernel/task/sched.h"
#include "os/kernel/task/signal_frame.h"

namespace stile::os {
namespace {

constexpr int first_realtime = 32;
const auto action_default = reinterpret_cast<uint64_t>(SIG_DFL),
           action_ignore = reinterpret_cast<uint64_t>(SIG_IGN);

constexpr SignalSet ignored_by_default =
    signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH) | signal_bit(SIGCONT);
constexpr SignalSet stopping =
    signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU);

Status queue_signal(PendingSignals& pending, int sig, const siginfo_t* info) {
    if (sig < first_realtime && (pending.set & signal_bit(sig))) return 0;
    auto* q = pending.count < longest_signal_queue ? knew<QueuedSignal>() : nullptr;
    if (!q) return -EAGAIN;
    if (info) {
        q->info = *info;
    } else {
        q->info = {};
        q->info.si_signo = sig;
        q->info.si_code = SI_KERNEL;
    }
    pending.queue.push_back(q);
    pending.count++;
    pending.set |= signal_bit(sig);
    return 0;
}

// Faults come before other signals, so that their context is that of the fault; then the lowest number.
constexpr SignalSet synchronous = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) |
                                  signal_bit(SIGTRAP) | signal_bit(SIGFPE) | signal_bit(SIGSYS);

}  // namespace

// The next signal of this set that is not blocked; true if there was one.
bool signal_take(PendingSignals& pending, SignalSet blocked, siginfo_t& out) {
    const SignalSet ready = pending.set & ~blocked;
    if (!ready) return false;
    const int sig = __builtin_ctzll(ready & synchronous ? ready & synchronous : ready) + 1;
    bool found = false;
    for (QueuedSignal* q = pending.queue.front(); q;) {
        QueuedSignal* next = pending.queue.next(q);
        if (q->info.si_signo == sig) {
            if (found) return true;  // another one of a real-time signal: stays pending
            out = q->info;
            if (out.si_code == SI_TIMER) posix_timer_delivered(current()->process, out);
            found = true;
            pending.queue.remove(q);
            pending.count--;
            kdelete(q);
        }
        q = next;
    }
    pending.set &= ~signal_bit(sig);
    return found;
}

namespace {

void fatal(int sig, const siginfo_t& info) {
    Thread* t = current();
    stile_kill_info k{};
    k.signal = static_cast<uint64_t>(sig);
    k.vector = 0xff;
    k.rip = t->frame()->rip;
    if (t->fault.pending) {
        k.vector = t->fault.vector;
        k.error = t->fault.error;
        k.address = t->fault.address;
        k.from_tag = t->fault.from_tag;
        k.to_tag = t->fault.to_tag;
        k.needed = t->fault.right & 0xff;
        k.had = t->fault.right >> 8 & 0xff;
    }
    STILE_MARK(STILE_MARK_K_KILLED, current_process()->pid, &k, 0);
    exit_process(sig);
}

// Those whose handler would run.
SignalSet caught(const Process* p) {
    SignalSet set = 0;
    for (int sig = 1; sig <= signal_count; sig++) {
        const uint64_t h = p->handlers->action[sig].handler;
        if (h != action_default && h != action_ignore) set |= signal_bit(sig);
    }
    return set;
}

}  // namespace

void die_of_signal(int sig) {
    current()->fault.pending = false;
    fatal(sig, {});
    __builtin_unreachable();
}

bool signal_is_ignored(const Process* p, int sig) {
    const uint64_t h = p->handlers->action[sig].handler;
    return h == action_ignore || (h == action_default && (ignored_by_default & signal_bit(sig)));
}

void signals_discard(PendingSignals& pending) {
    while (QueuedSignal* q = pending.queue.pop_front()) kdelete(q);
    pending.set = 0;
    pending.count = 0;
}

void signals_remove(PendingSignals& pending, SignalSet which) {
    if (!(pending.set & which)) return;
    for (QueuedSignal* q = pending.queue.front(); q;) {
        QueuedSignal* next = pending.queue.next(q);
        if (which & signal_bit(q->info.si_signo)) {
            pending.queue.remove(q);
            pending.count--;
            kdelete(q);
        }
        q = next;
    }
    pending.set &= ~which;
}

bool signal_pending(const Thread* t) { return t->work & work_signal; }

void signal_recompute(Thread* t) {
    const Process* p = t->process;
    const bool due =
        p && (p->exiting || p->stopped || t->must_exit || ((t->pending.set | p->pending.set) & ~t->blocked));
    if (due) return set_work(t, work_signal);
    t->work &= ~static_cast<uint64_t>(work_signal);
    if (t == current()) cpu().work = t->work;
}

namespace {

// What a signal does at once, whoever blocks or ignores it (Linux kernel/signal.c, prepare_signal): stopping
// and continuing cancel each other, and a stopped process has to wake to die.
void before_queueing(Process* p, int sig) {
    const SignalSet cancelled = sig == SIGCONT                      ? stopping
                                : (stopping & signal_bit(sig)) != 0 ? signal_bit(SIGCONT)
                                                                    : 0;
    if (cancelled) {
        signals_remove(p->pending, cancelled);
        for (Thread* t = p->first_thread; t; t = t->sibling) {
            signals_remove(t->pending, cancelled);
            signal_recompute(t);
        }
    }
    if (sig == SIGCONT || sig == SIGKILL) continue_process(p, sig == SIGCONT);
}

bool wants(const Thread* t, int sig) {
    return !(t->blocked & signal_bit(sig)) || (t->waited_for & signal_bit(sig));
}

}  // namespace

Status send_signal(Thread* t, int sig, const siginfo_t* info) {
    Process* p = t->process;
    if (!p || !p->handlers) return -ESRCH;
    before_queueing(p, sig);
    if (signal_is_ignored(p, sig) && !((t->blocked | t->waited_for) & signal_bit(sig))) return 0;
    if (const Status s = queue_signal(t->pending, sig, info); s < 0) return s;
    signal_recompute(t);
    if (wants(t, sig)) wake_for_signal(t);
    p->signal_wait.wake_all();
    return 0;
}

Status send_signal(Process* p, int sig, const siginfo_t* info) {
    if (p->zombie || !p->first_thread || !p->handlers) return 0;
    before_queueing(p, sig);
    Thread* taker = nullptr;
    bool blocked = true;
    for (Thread* t = p->first_thread; t; t = t->sibling) {
        if (wants(t, sig) && (!taker || t == current())) taker = t;
        blocked &= ((t->blocked | t->waited_for) & signal_bit(sig)) != 0;
    }
    if (signal_is_ignored(p, sig) && !blocked) return 0;
    if (const Status s = queue_signal(p->pending, sig, info); s < 0) return s;
    for (Thread* t = p->first_thread; t; t = t->sibling) signal_recompute(t);
    if (taker) wake_for_signal(taker);
    p->signal_wait.wake_all();
    return 0;
}

void force_signal(int sig, int code, uint64_t address, const TrapFrame* frame, int key) {
    Thread* t = current();
    t->fault = {true, static_cast<uint32_t>(frame->vector), frame->error, address, 0, 0, 0};
    if (frame->vector == STILE_VEC_DOMAIN) {
        t->fault.from_tag = read_msr(STILE_MSR_CD_FAULT_FROM);
        t->fault.to_tag = read_msr(STILE_MSR_CD_FAULT_TO);
        t->fault.right = read_msr(STILE_MSR_CD_FAULT_RIGHT);
    }
    SignalAction& a = t->process->handlers->action[sig];
    // In a proxy with no call under way there is nobody to go back to, and no handler could run: it would be
    // held while the instruction faults again and again.
    if ((t->blocked & signal_bit(sig)) || a.handler == action_ignore || dipc_on_visit(t)) {
        a.handler = action_default;
        t->blocked &= ~signal_bit(sig);
    }
    siginfo_t info{};
    info.si_signo = sig;
    info.si_code = code;
    info.si_addr = reinterpret_cast<void*>(address);
    if (key >= 0) info.si_pkey = static_cast<uint32_t>(key);
    // Without memory for the record there is no handler to wait for either.
    if (queue_signal(t->pending, sig, &info) < 0) fatal(sig, info);
    signal_recompute(t);
}

void deliver_signals(TrapFrame* frame) {
    Thread* t = current();
    Process* p = t->process;
    // A handler is code of this process; on a dIPC visit it waits until the thread is back.
    const bool visiting = dipc_on_visit(t);
    const SignalSet held = visiting ? caught(p) : 0;
    for (;;) {
        if (p->exiting || t->must_exit) exit_thread(0);
        if (p->stopped) {
            t->state = ThreadState::stopped;
            schedule();
            continue;
        }
        siginfo_t info;
        if (!signal_take(t->pending, t->blocked | held, info) &&
            !signal_take(p->pending, t->blocked | held, info))
            break;
        const int sig = info.si_signo;
        SignalAction action = p->handlers->action[sig];
        if (action.handler == action_ignore) continue;
        if (action.handler == action_default) {
            if (ignored_by_default & signal_bit(sig)) continue;
            if (stopping & signal_bit(sig)) {
                if (sig == SIGSTOP || !orphaned_group(p)) stop_process(p, sig);
                continue;
            }
            fatal(sig, info);
        }
        t->fault.pending = false;
        if (!push_signal_frame(frame, action, info)) {
            // No room for the frame. Linux makes that a SIGSEGV, whose handler may have a stack of its own.
            if (sig == SIGSEGV || t->blocked & signal_bit(SIGSEGV)) fatal(SIGSEGV, info);
            force_signal(SIGSEGV, SI_KERNEL, 0, frame);
            t->fault.pending = false;  // not this frame's exception
            continue;
        }
        if (action.flags & SA_RESETHAND) p->handlers->action[sig].handler = action_default;
        t->blocked |= action.mask;
        if (!(action.flags & SA_NODEFER)) t->blocked |= signal_bit(sig);
        t->blocked &= ~signals_unblockable;
        set_work(t, work_full_return);
    }
    if (t->restore_blocked) {
        t->blocked = t->saved_blocked;
        t->restore_blocked = false;
    }
    restart_without_handler(frame);
    signal_recompute(t);
    if (visiting && (t->work & work_signal)) {
        t->signals_held = true;
        t->work &= ~static_cast<uint64_t>(work_signal);
        cpu().work = t->work;
    }
}

}  // namespace stile::os
