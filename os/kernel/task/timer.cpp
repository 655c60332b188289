// SPDX-License-Identifier: Apache-2.0
#include "os/kernel/task/timer.h"

#include "abi/marker.h"
#include "os/kernel/arch/apic.h"
#include "os/kernel/arch/cpu.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {
constinit List<Timer, &Timer::link> timers;  // sorted by deadline
constinit uint64_t boot_tsc = 0, tick_period = 0, next_tick = 0;
constinit uint64_t to_ns = 0, to_tsc = 0;  // 32.32 and 34.30 fixed point
constinit bool idle = false;

void arm() {
    uint64_t at = idle || !tick_period ? ~0ull : next_tick;
    if (const Timer* first = timers.front()) at = min(at, first->deadline);
    if (at == ~0ull) return apic_arm_timer(0);
    const uint64_t now = read_tsc();
    apic_arm_timer(at > now ? at - now : 1);
}
}  // namespace

void timer_start(Timer& t, uint64_t deadline) {
    timer_cancel(t);
    t.deadline = deadline;
    Timer* after = timers.front();
    while (after && after->deadline <= deadline) after = timers.next(after);
    if (after)
        timers.insert_before(after, &t);
    else
        timers.push_back(&t);
    if (timers.front() == &t) arm();
}

void timer_cancel(Timer& t) {
    if (t.armed()) timers.remove(&t);
}

bool timer_pending() { return !timers.empty(); }

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
    next_tick = boot_tsc + tick_period;
    apic_init();
    arm();
}

void timer_interrupt() {
    STILE_MARK(STILE_MARK_K_TICK_BEGIN, 0, 0, 0);
    apic_end_of_interrupt();
    const uint64_t now = read_tsc();
    for (Timer* t; (t = timers.front()) && t->deadline <= now;) {
        timers.remove(t);
        t->fire(*t);
    }
    if (tick_period && now >= next_tick) {
        next_tick += ((now - next_tick) / tick_period + 1) * tick_period;
        scheduler_tick();
    }
    arm();
    STILE_MARK(STILE_MARK_K_TICK_END, 0, 0, 0);
}

void timer_enter_idle() {
    idle = true;
    arm();
}

void timer_leave_idle() {
    idle = false;
    const uint64_t now = read_tsc();
    if (tick_period && now >= next_tick) next_tick = now + tick_period;
    arm();
}

}  // namespace stile::os
