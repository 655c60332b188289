// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/posix_timer.h"

#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

constexpr int most_timers = 256;  // of a process: our choice

siginfo_t* pending_of(PendingSignals& pending, const PosixTimer& t) {
    if (!(pending.set & signal_bit(t.signal))) return nullptr;
    for (QueuedSignal& q : pending.queue)
        if (q.info.si_code == SI_TIMER && q.info._sifields._timer._tid == t.id) return &q.info;
    return nullptr;
}

void expired(Timer& timer) {
    auto* clock = STILE_CONTAINER_OF(&timer, IntervalTimer, timer);
    PosixTimer& t = *STILE_CONTAINER_OF(clock, PosixTimer, clock);
    const auto times = static_cast<int>(min<uint64_t>(clock->advance(), 1 << 30));
    if (!t.signal) return;
    Thread* target = t.tid ? find_thread(t.tid) : nullptr;
    if (target && target->process != t.process) target = nullptr;
    if (t.tid && !target) return;  // its thread is gone
    if (siginfo_t* there = pending_of(target ? target->pending : t.process->pending, t)) {
        int& overrun = there->_sifields._timer._overrun;
        if (__builtin_add_overflow(overrun, times, &overrun)) overrun = 0x7fffffff;
        return;
    }
    siginfo_t info{};
    info.si_signo = t.signal;
    info.si_code = SI_TIMER;
    info._sifields._timer._tid = t.id;
    info._sifields._timer._overrun = times - 1;
    info._sifields._timer._sigval.sival_ptr = reinterpret_cast<void*>(t.value);
    if (target)
        send_signal(target, t.signal, &info);
    else
        send_signal(t.process, t.signal, &info);
}

}  // namespace

PosixTimer* posix_timer_create(Process* p) {
    int id = 0;
    for (const PosixTimer* t = p->posix_timers; t; t = t->next) id = max(id, t->id + 1);
    auto* t = id < most_timers ? knew<PosixTimer>() : nullptr;
    if (!t) return nullptr;
    t->id = id;
    t->process = p;
    t->clock.timer.fire = expired;
    t->next = p->posix_timers;
    p->posix_timers = t;
    return t;
}

PosixTimer* posix_timer_find(Process* p, int id) {
    PosixTimer* t = p->posix_timers;
    while (t && t->id != id) t = t->next;
    return t;
}

void posix_timer_delete(PosixTimer* t) {
    t->clock.cancel();
    PosixTimer** at = &t->process->posix_timers;
    while (*at != t) at = &(*at)->next;
    *at = t->next;
    kdelete(t);
}

void posix_timers_clear(Process* p) {
    while (p->posix_timers) posix_timer_delete(p->posix_timers);
}

void posix_timer_delivered(Process* p, const siginfo_t& info) {
    if (PosixTimer* t = posix_timer_find(p, info._sifields._timer._tid))
        t->overrun = info._sifields._timer._overrun;
}

}  // namespace stile::os
