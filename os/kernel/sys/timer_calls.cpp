// SPDX-License-Identifier: Apache-2.0
//
// Interval timers (setitimer, alarm) and timers of timer_create. Those of CPU time are looked at by the tick,
// so they are as exact as it is.
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/posix_timer.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

uint64_t process_cpu_tsc(const Process* p) {
    uint64_t tsc = p->cpu_tsc;
    for (const Thread* t = p->first_thread; t; t = t->sibling)
        tsc += t->cpu_tsc + (cpus[t->cpu]->current == t ? read_tsc() - t->switched_in : 0);
    return tsc;
}

struct UserItimer {
    int64_t interval_s, interval_us, value_s, value_us;
};

constexpr uint64_t longest_s = 1ull << 33;

uint64_t tsc_of(int64_t s, uint64_t ns) {
    const uint64_t total = min<uint64_t>(static_cast<uint64_t>(s), longest_s) * 1000000000ull + ns;
    return total ? max<uint64_t>(ns_to_tsc(total), 1) : 0;
}

UserItimer itimer_value(uint64_t interval_ns, uint64_t left_tsc) {
    const uint64_t every = interval_ns / 1000;
    const uint64_t left = left_tsc ? max<uint64_t>(tsc_to_ns(left_tsc) / 1000, 1) : 0;
    return {static_cast<int64_t>(every / 1000000), static_cast<int64_t>(every % 1000000),
            static_cast<int64_t>(left / 1000000), static_cast<int64_t>(left % 1000000)};
}

Status get_itimer(int which, UserItimer& out) {
    if (which < 0 || which > 2) return -EINVAL;
    const Process* p = current_process();
    if (which == 0) {
        out = itimer_value(p->alarm.interval_ns, p->alarm.left());
        return 0;
    }
    const CpuTimer& t = p->cpu_timers[which - 1];
    const uint64_t now = process_cpu_tsc(p);
    out = itimer_value(t.interval_ns, t.expires_tsc > now ? t.expires_tsc - now : t.expires_tsc ? 1 : 0);
    return 0;
}

}  // namespace

UserTimerSpec timer_value(const IntervalTimer& t) {
    const auto split = [](uint64_t ns) {
        return KernelTimespec{static_cast<int64_t>(ns / 1000000000ull),
                              static_cast<int64_t>(ns % 1000000000ull)};
    };
    const uint64_t left = t.left();
    return {split(t.interval_ns), split(left ? max<uint64_t>(tsc_to_ns(left), 1) : 0)};
}

bool cpu_timers_armed(const Process& p) {
    return p.cpu_timers[0].expires_tsc || p.cpu_timers[1].expires_tsc ||
           p.limits[RLIMIT_CPU].rlim_cur != ~0ull;
}

void cpu_timers_tick(Process* p) {
    for (int i = 0; i < 2; i++) {
        CpuTimer& t = p->cpu_timers[i];
        if (!t.expires_tsc) continue;
        const uint64_t now = process_cpu_tsc(p);
        if (now < t.expires_tsc) continue;
        t.expires_tsc = t.interval_ns ? now + ns_to_tsc(t.interval_ns) : 0;
        send_signal(p, i == 0 ? SIGVTALRM : SIGPROF, nullptr);
    }
    const uint64_t soft = p->limits[RLIMIT_CPU].rlim_cur;
    if (soft == ~0ull) return;
    const uint64_t seconds = tsc_to_ns(process_cpu_tsc(p)) / 1000000000ull;
    if (seconds >= p->limits[RLIMIT_CPU].rlim_max) {
        send_signal(p, SIGKILL, nullptr);
    } else if (seconds >= soft) {
        p->limits[RLIMIT_CPU].rlim_cur = seconds + 1;  // and again every second, as Linux
        send_signal(p, SIGXCPU, nullptr);
    }
}

Status timer_times_from(UserAddr at, TimerTimes& out, bool absolute, bool realtime) {
    UserTimerSpec spec;
    if (get_user(spec, at) < 0) return -EFAULT;
    if (!spec.interval.valid() || !spec.value.valid()) return -EINVAL;
    out.every_ns = min<uint64_t>(static_cast<uint64_t>(spec.interval.sec), longest_s) * 1000000000ull +
                   static_cast<uint64_t>(spec.interval.nsec);
    if (!absolute || !(spec.value.sec || spec.value.nsec)) {
        out.first = tsc_of(spec.value.sec, static_cast<uint64_t>(spec.value.nsec));
        if (out.first) out.first += read_tsc();
        return 0;
    }
    deadline_from(spec.value, true, realtime, out.first);
    return 0;
}

extern "C" {

long sys_getitimer(int which, UserAddr to) {
    UserItimer v;
    const Status s = get_itimer(which, v);
    return s < 0 ? s : put_user(to, v);
}

long sys_setitimer(int which, UserAddr next_at, UserAddr old_at) {
    UserItimer old, next{};
    if (next_at && get_user(next, next_at) < 0) return -EFAULT;
    if (const Status s = get_itimer(which, old); s < 0) return s;
    if (next_at) {  // NULL disarms, as Linux has it
        if (next.value_s < 0 || next.interval_s < 0) return -EINVAL;
        if (static_cast<uint64_t>(next.value_us) >= 1000000 ||
            static_cast<uint64_t>(next.interval_us) >= 1000000)
            return -EINVAL;
    }
    Process* p = current_process();
    const uint64_t every = min<uint64_t>(static_cast<uint64_t>(next.interval_s), longest_s) * 1000000000ull +
                           static_cast<uint64_t>(next.interval_us) * 1000;
    const uint64_t first = tsc_of(next.value_s, static_cast<uint64_t>(next.value_us) * 1000);
    if (which == 0)
        p->alarm.set(first ? read_tsc() + first : 0, every);
    else
        p->cpu_timers[which - 1] = {first ? process_cpu_tsc(p) + first : 0, first ? every : 0};
    return old_at ? put_user(old_at, old) : 0;
}

long sys_alarm(unsigned seconds) {
    Process* p = current_process();
    const uint64_t left = tsc_to_ns(p->alarm.left());
    p->alarm.set(seconds ? read_tsc() + tsc_of(seconds, 0) : 0, 0);
    return static_cast<long>((left + 999999999) / 1000000000ull);
}

long sys_timer_create(int clock, UserAddr event_at, UserAddr id_at) {
    struct {
        uint64_t value;
        int32_t signal, notify, tid, pad;
        uint64_t rest[5];
    } event{};
    static_assert(sizeof event == 64);
    event.signal = SIGALRM;
    Process* p = current_process();
    if (event_at && get_user(event, event_at) < 0) return -EFAULT;
    if (clock < 0 || clock > 11 || clock == 10) return -EINVAL;
    // 2, 3: CPU time, setitimer has it; 4 to 6: clocks that only tell, in Linux too.
    if (clock >= 2 && clock <= 6) return -EOPNOTSUPP;
    if (event.notify != SIGEV_SIGNAL && event.notify != SIGEV_NONE && event.notify != SIGEV_THREAD &&
        event.notify != SIGEV_THREAD_ID)
        return -EINVAL;
    if (event.notify != SIGEV_NONE && (event.signal < 1 || event.signal > signal_count)) return -EINVAL;
    if (event.notify == SIGEV_THREAD_ID) {
        const Thread* target = find_thread(event.tid);
        if (!target || target->process != p) return -EINVAL;
    }
    PosixTimer* t = posix_timer_create(p);
    if (!t) return -EAGAIN;
    t->signal = event.notify == SIGEV_NONE ? 0 : event.signal;
    t->tid = event.notify == SIGEV_THREAD_ID ? event.tid : 0;
    t->value = event_at ? event.value : static_cast<uint64_t>(t->id);
    t->realtime = clock == CLOCK_REALTIME || clock == 8 || clock == 11;
    if (put_user(id_at, t->id) < 0) {
        posix_timer_delete(t);
        return -EFAULT;
    }
    return 0;
}

long sys_timer_settime(int id, int flags, UserAddr next, UserAddr old) {
    PosixTimer* t = posix_timer_find(current_process(), id);
    TimerTimes times;
    UserTimerSpec wanted;
    if (!next) return -EINVAL;
    if (get_user(wanted, next) < 0) return -EFAULT;
    if (!t) return -EINVAL;
    if (const Status s = timer_times_from(next, times, flags & TIMER_ABSTIME, t->realtime); s < 0) return s;
    const UserTimerSpec before = timer_value(t->clock);
    t->clock.set(times.first, times.every_ns);
    t->overrun = 0;
    return old ? put_user(old, before) : 0;
}

long sys_timer_gettime(int id, UserAddr to) {
    const PosixTimer* t = posix_timer_find(current_process(), id);
    return t ? put_user(to, timer_value(t->clock)) : -EINVAL;
}

long sys_timer_getoverrun(int id) {
    const PosixTimer* t = posix_timer_find(current_process(), id);
    return t ? t->overrun : -EINVAL;
}

long sys_timer_delete(int id) {
    PosixTimer* t = posix_timer_find(current_process(), id);
    if (!t) return -EINVAL;
    posix_timer_delete(t);
    return 0;
}
}

}  // namespace stile::os
