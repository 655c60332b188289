// SPDX-License-Identifier: Apache-2.0
//
// Signals: dispositions per process, masks per thread, pending ones in both. Standard signals collapse while
// pending, real-time ones queue. Delivery happens on the way back to user mode.
#pragma once

#include <asm/siginfo.h>
#include <asm/signal.h>

#include "os/kernel/base/list.h"

namespace stile::os {

struct Thread;
struct Process;
struct TrapFrame;

using SignalSet = uint64_t;
inline constexpr int signal_count = 64;
inline constexpr unsigned longest_signal_queue = 1024;  // RLIMIT_SIGPENDING: our choice
constexpr SignalSet signal_bit(int sig) { return 1ull << (sig - 1); }
inline constexpr SignalSet signals_unblockable = signal_bit(SIGKILL) | signal_bit(SIGSTOP);

// As rt_sigaction(2) passes it.
struct SignalAction {
    uint64_t handler = 0;
    uint64_t flags = 0;
    uint64_t restorer = 0;
    SignalSet mask = 0;
    uint16_t domain = 0;  // in whose name it runs: that of the code that installed it
};

struct SignalHandlers {
    uint32_t refs = 1;
    SignalAction action[signal_count + 1];
};

struct QueuedSignal {
    Link link;
    siginfo_t info;
};

struct PendingSignals {
    SignalSet set = 0;
    unsigned count = 0;
    List<QueuedSignal, &QueuedSignal::link> queue;
};

inline constexpr int ss_onstack = 1, ss_disable = 2, ss_autodisarm = 1 << 31;  // SS_* of sigaltstack(2)
struct SignalStack {
    uint64_t base = 0, size = 0;
    int flags = ss_disable;
    uint16_t domain = 0;  // with whose rights frames are written there: that of the code that set it up
    // With SS_AUTODISARM a handler counts as off the stack, which it may then give to others.
    bool contains(uint64_t sp) const {
        return !(flags & (ss_disable | ss_autodisarm)) && sp > base && sp - base <= size;
    }
};

// Ignored signals stay ignored, all others get their default action.
void reset_handlers(SignalHandlers* handlers);
// To a process (any thread that does not block it) or to one thread. `info` may be null.
Status send_signal(Process* process, int sig, const siginfo_t* info);
Status send_signal(Thread* thread, int sig, const siginfo_t* info);
// A fault of the running thread: delivered even if blocked (then it kills).
void force_signal(int sig, int code, uint64_t address, const TrapFrame* frame, int key = -1);

bool signal_take(PendingSignals& pending, SignalSet blocked, siginfo_t& out);
void signals_remove(PendingSignals& pending, SignalSet which);
bool signal_is_ignored(const Process* p, int sig);
bool signal_pending(const Thread* t);  // something deliverable waits
void signals_discard(PendingSignals& pending);
[[noreturn]] void die_of_signal(int sig);  // the running process, as if it had been sent
void deliver_signals(TrapFrame* frame);  // on the way to user mode
void signal_recompute(Thread* t);        // after a change of mask or pending sets

}  // namespace stile::os
