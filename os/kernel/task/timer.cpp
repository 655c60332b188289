// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/timer.h"

#include "abi/marker.h"
#include "os/kernel/arch/apic.h"
#include "os/kernel/arch/big_lock.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {
struct alignas(64) TimerQueue {
    List<Timer, &Timer::link> timers;  // sorted by deadline
    uint64_t first = ~0ull;            // the first one's deadline; read without the big lock by its own CPU
    uint64_t next_tick = 0;
    bool idle = false;
};
constinit ListArray<TimerQueue, max_cpus> queues;
constinit uint64_t boot_tsc = 0, tick_period = 0;
constinit uint64_t to_ns = 0, to_tsc = 0;  // 32.32 and 34.30 fixed point

void arm(const TimerQueue& q) {
    uint64_t at = q.idle || !tick_period ? ~0ull : q.next_tick;
    at = min(at, q.first);
    if (at == ~0ull) return apic_arm_timer(0);
    const uint64_t now = read_tsc();
    apic_arm_timer(at > now ? at - now : 1);
}

void look_for_first(TimerQueue& q) {
    const Timer* t = q.timers.front();
    q.first = t ? t->deadline : ~0ull;
}
}  // namespace

void timer_start(Timer& t, uint64_t deadline) {
    timer_cancel(t);
    t.deadline = deadline;
    t.cpu = cpu().id;
    TimerQueue& q = queues[t.cpu];
    Timer* after = q.timers.front();
    while (after && after->deadline <= deadline) after = q.timers.next(after);
    if (after)
        q.timers.insert_before(after, &t);
    else
        q.timers.push_back(&t);
    if (q.timers.front() != &t) return;
    q.first = deadline;
    arm(q);
}

// The hardware timer of another CPU stays armed; it will find that there is nothing to do.
void timer_cancel(Timer& t) {
    if (!t.armed()) return;
    t.link.unlink();
    look_for_first(queues[t.cpu]);
}

bool timer_pending() {
    for (unsigned i = 0; i < cpu_count; i++)
        if (queues[i].first != ~0ull) return true;
    return false;
}

uint64_t tsc_to_ns(uint64_t tsc) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(tsc) * to_ns) >> 32);
}
uint64_t ns_to_tsc(uint64_t ns) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(ns) * to_tsc) >> 30);
}
uint64_t clock_ns() { return tsc_to_ns(read_tsc() - boot_tsc); }

void clock_init() {
    boot_tsc = read_tsc();
    to_ns = (1000000000ull << 32) / boot_info.tsc_hz;
    to_tsc = (boot_info.tsc_hz << 30) / 1000000000ull;
    if (boot_info.tick_hz) tick_period = boot_info.tsc_hz / boot_info.tick_hz;
    clock_start_here();
}

void clock_start_here() {
    TimerQueue& q = queues[cpu().id];
    q.next_tick = read_tsc() + tick_period;
    apic_init();
    arm(q);
}

// A tick that finds nothing to do is over without the big lock.
void timer_interrupt() {
    STILE_MARK(STILE_MARK_K_TICK_BEGIN, 0, 0, 0);
    apic_end_of_interrupt();
    TimerQueue& q = queues[cpu().id];
    const uint64_t now = read_tsc();
    const bool tick = tick_period && now >= q.next_tick;
    if (q.first <= now) {
        big_lock();
        for (Timer* t; (t = q.timers.front()) && t->deadline <= now;) {
            q.timers.remove(t);
            t->fire(*t);
        }
        look_for_first(q);
    }
    if (tick) {
        q.next_tick += ((now - q.next_tick) / tick_period + 1) * tick_period;
        if (scheduler_tick_due()) {
            big_lock();
            scheduler_tick();
        }
    }
    arm(q);
    STILE_MARK(STILE_MARK_K_TICK_END, 0, 0, 0);
}

void timer_enter_idle() {
    TimerQueue& q = queues[cpu().id];
    q.idle = true;
    arm(q);
}

void timer_leave_idle() {
    TimerQueue& q = queues[cpu().id];
    q.idle = false;
    const uint64_t now = read_tsc();
    if (tick_period && now >= q.next_tick) q.next_tick = now + tick_period;
    arm(q);
}

}  // namespace stile::os
