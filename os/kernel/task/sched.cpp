// SPDX-License-Identifier: Apache-2.0
//
// The scheduler and the switch. A switch is: page table if it differs, what user mode may have left in
// registers that the kernel does not use (FXSAVE image, FS and GS bases, domain state), kernel stacks.
#include "os/kernel/task/sched.h"

#include <linux/sched.h>

#include <new>

#include "abi/marker.h"
#include "os/kernel/arch/big_lock.h"
#include "os/kernel/arch/smp.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/phase.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"

extern "C" {
stile::os::Thread* switch_stacks(stile::os::Thread* from, stile::os::Thread* to);
void thread_first_run(stile::os::Thread* left);
}

namespace stile::os {
namespace {

// Since when there are real-time threads switches look for them on other CPUs.
constinit bool real_time_used = false;

struct alignas(64) RunQueue {
    List<Thread, &Thread::run_link> threads;  // real-time ones first, by priority
    unsigned length = 0;                      // kept with several CPUs only

    template <bool several>
    void push(Thread* t) {
        if (t->real_time) [[unlikely]]
            insert(t, false);
        else
            threads.push_back(t);
        if (several) length++;
    }
    // Behind those of its priority, or before them.
    PHASE(schedule) [[gnu::noinline]] void insert(Thread* t, bool first) {
        Thread* at = threads.front();
        while (at && (first ? at->real_time > t->real_time : at->real_time >= t->real_time))
            at = threads.next(at);
        at ? threads.insert_before(at, t) : threads.push_back(t);
    }
    template <bool several>
    void remove(Thread* t) {
        threads.remove(t);
        if (several) length--;
    }
};
constinit ListArray<RunQueue, max_cpus> run_queues;

template <bool several>
[[gnu::always_inline]] inline RunQueue& own_queue() {
    return run_queues[several ? cpu().id : 0];
}

// Of threads outside dIPC: domain 0, no capabilities.
alignas(64) constinit stile_cd_state no_domain_state{};

alignas(16) constinit char idle_memory[sizeof(Thread)]{};

inline uint64_t user_gs_base() {
    uint64_t v;
    asm volatile("swapgs\n rdgsbase %0\n swapgs" : "=r"(v));
    return v;
}
inline void set_user_gs_base(uint64_t v) { asm volatile("swapgs\n wrgsbase %0\n swapgs" : : "r"(v)); }

}  // namespace

PHASE(schedule) void save_user_bases(Thread* t) {
    if (!cpu().has_fsgsbase) return;
    asm volatile("rdfsbase %0" : "=r"(t->fs_base));
    t->gs_base = user_gs_base();
}

namespace {

PHASE(schedule) inline void save_user_state(Thread* t, const Cpu& c) {
    if (!t->fpu) return;
    asm volatile("fxsave64 (%0)" : : "r"(t->fpu) : "memory");
    save_user_bases(t);
    if (t->cd_state) stile_cd_save(t->cd_state);
    if (c.has_keys) t->pkru = read_pkru();
}

template <bool several>
[[gnu::always_inline]] inline void restore_user_state(Thread* t, const Thread* from) {
    if (!t->fpu) return;
    Cpu& c = cpu_of<several>();
    if (c.fpu_owner != t || (several && t->fpu_cpu != c.id)) {
        asm volatile("fxrstor64 (%0)" : : "r"(t->fpu) : "memory");
        c.fpu_owner = t;
        if (several) t->fpu_cpu = c.id;
    }
    if (c.has_fsgsbase) {
        // The idle loop does not touch the bases, but who ran before it may be anybody.
        asm volatile("wrfsbase %0" : : "r"(t->fs_base));
        if (t->gs_base || !from->fpu || from->gs_base) set_user_gs_base(t->gs_base);
    } else {
        write_msr(msr_fs_base, t->fs_base);
        write_msr(msr_kernel_gs_base, t->gs_base);
    }
    if (c.has_keys && t->pkru != read_pkru()) write_pkru(t->pkru);
    if (t->cd_state) {
        if (several) apl_refresh();
        if (boot_info.flush_apl) stile_cd_aplinv(~0ull);
        stile_cd_restore(t->cd_state);
        c.domain_state_used = true;
    } else if (c.domain_state_used) {
        stile_cd_restore(&no_domain_state);
        c.domain_state_used = false;
    }
}

// g++ 12 puts templates into no section of our choice: they are in line in functions that have one.

// On the stack of the thread entered.
template <bool several>
[[gnu::always_inline]] inline void finish_switch() {
    Cpu& c = cpu_of<several>();
    if (Thread* dead = c.dead) {
        c.dead = nullptr;
        thread_put(dead);
    }
}

template <bool several>
[[gnu::always_inline]] inline void switch_of(Thread* next) {
    Cpu& c = cpu_of<several>();
    Thread* prev = c.current;
    const uint64_t now = read_tsc();
    prev->cpu_tsc += now - prev->switched_in;
    next->switched_in = now;
    if (prev->state == ThreadState::dead)
        c.dead = prev;
    else
        save_user_state(prev, c);
    if (next->process && next->process->space) {
        PageTable* table = next->process->space->table;
        several ? page_table_activate(table) : page_table_activate_single(table);
    }
    c.current = next;
    if (several) next->cpu = c.id;
    c.work = next->work;
    set_kernel_stack(c, next->kernel_stack);
    restore_user_state<several>(next, prev);
    STILE_MARK(STILE_MARK_K_SWITCH, prev->tid, next->tid, 0);
    switch_stacks(prev, next);
    finish_switch<several>();
}

PHASE(schedule) [[gnu::noinline]] void switch_single(Thread* next) { switch_of<false>(next); }
PHASE(schedule) [[gnu::noinline]] void switch_several(Thread* next) { switch_of<true>(next); }

template <bool several>
[[gnu::always_inline]] inline void switch_to(Thread* next) {
    several ? switch_several(next) : switch_single(next);
}

}  // namespace

void scheduler_init() {
    auto* idle = new (idle_memory) Thread;
    idle->tid = 0;
    cpu().idle = cpu().current = idle;
}

bool scheduler_add(Cpu& c) {
    auto* idle = knew<Thread>();
    if (!idle) return false;
    idle->cpu = c.id;
    c.idle = c.current = idle;
    return true;
}

uint64_t cpus_online() { return ~0ull >> (max_cpus - cpu_count); }

namespace {

PHASE(schedule) bool idles(unsigned id) {
    const Cpu& c = *cpus[id];
    return c.current == c.idle && run_queues[id].threads.empty();
}

// Where the thread with the lowest priority runs; `best` of equals.
PHASE(schedule) unsigned least_urgent(uint64_t allowed, unsigned best) {
    for (uint64_t left = allowed; left; left &= left - 1) {
        const auto id = static_cast<unsigned>(__builtin_ctzll(left));
        if (cpus[id]->current->real_time < cpus[best]->current->real_time) best = id;
    }
    return best;
}

// The policy of sched.h.
PHASE(schedule) unsigned place(const Thread* t) {
    const uint64_t allowed = t->allowed & cpus_online();
    const bool last_allowed = allowed >> t->cpu & 1;
    if (last_allowed && idles(t->cpu)) return t->cpu;
    for (uint64_t left = allowed; left; left &= left - 1)
        if (const auto id = static_cast<unsigned>(__builtin_ctzll(left)); idles(id)) return id;
    const unsigned last = last_allowed ? t->cpu : static_cast<unsigned>(__builtin_ctzll(allowed));
    return t->real_time ? least_urgent(allowed, last) : last;
}

PHASE(schedule) [[gnu::noinline]] void displace_for(const Thread* t) {
    Thread* running = cpus[t->cpu]->current;
    if (running != cpus[t->cpu]->idle && running->real_time < t->real_time)
        set_work(running, work_reschedule);
}

template <bool several>
[[gnu::always_inline]] inline void enqueue(Thread* t) {
    if (several) {
        t->cpu = place(t);
        run_queues[t->cpu].push<true>(t);
        // Of a queue that had somebody in it already its CPU has been told.
        if (cpus[t->cpu]->waiting && run_queues[t->cpu].length == 1) cpu_kick(*cpus[t->cpu]);
    } else {
        run_queues[0].push<false>(t);
    }
    if (t->real_time) [[unlikely]]
        displace_for(t);
}

PHASE(schedule) Thread* steal() {
    const uint64_t own = cpu().bit;
    Thread* found = nullptr;
    unsigned longest = 0;
    for (unsigned i = 0; i < cpu_count; i++) {
        RunQueue& q = run_queues[i];
        if (q.length <= longest) continue;
        for (Thread& t : q.threads)
            if (t.allowed & own) {
                found = &t;
                longest = q.length;
                break;
            }
    }
    if (found) run_queues[found->cpu].remove<true>(found);
    return found;
}

// The most urgent real-time thread on other CPUs' queues, if it is more so than all on ours.
PHASE(schedule) [[gnu::noinline]] Thread* more_urgent_elsewhere() {
    const Thread* own = own_queue<true>().threads.front();
    unsigned priority = own ? own->real_time : 0;
    Thread* found = nullptr;
    for (unsigned i = 0; i < cpu_count; i++)
        for (Thread& t : run_queues[i].threads) {
            if (t.real_time <= priority) break;
            if (!(t.allowed & cpu().bit)) continue;
            found = &t;
            priority = t.real_time;
        }
    if (found) run_queues[found->cpu].remove<true>(found);
    return found;
}

template <bool several>
[[gnu::always_inline]] inline Thread* next_thread() {
    RunQueue& q = own_queue<several>();
    if (several && real_time_used) [[unlikely]] {
        if (Thread* t = more_urgent_elsewhere()) return t;
    }
    if (Thread* t = q.threads.front()) {
        q.remove<several>(t);
        return t;
    }
    return several ? steal() : nullptr;
}

template <bool several>
[[gnu::always_inline]] inline void schedule_of() {
    Thread* next = next_thread<several>();
    if (!next) next = cpu_of<several>().idle;
    if (next != cpu_of<several>().current) switch_to<several>(next);
}

}  // namespace

PHASE(schedule) void schedule() { smp() ? schedule_of<true>() : schedule_of<false>(); }

PHASE(schedule) void yield() {
    Thread* t = current();
    if (smp() && !(t->allowed & cpu().bit)) {
        enqueue<true>(t);
    } else if (!somebody_waits_to_run()) {
        if (smp()) big_lock_relax();
        return;
    } else {
        smp() ? own_queue<true>().push<true>(t) : own_queue<false>().push<false>(t);
    }
    schedule();
}

PHASE(schedule) void displace() {
    Thread* t = current();
    const bool look_elsewhere = smp() && real_time_used && (t->allowed & cpu().bit);
    if (!look_elsewhere && (!t->real_time || smp())) return yield();
    RunQueue& q = smp() ? own_queue<true>() : own_queue<false>();
    const bool last = !t->real_time || t->slice_over;
    t->slice_over = false;
    q.insert(t, !last);
    if (smp()) q.length++;
    schedule();
}

PHASE(schedule) void make_runnable(Thread* t) {
    t->state = ThreadState::runnable;
    if (smp()) {
        if (t != cpu().current) enqueue<true>(t);
    } else {
        if (t != cpu0.current) enqueue<false>(t);
    }
}

PHASE(schedule) bool wake(Thread* t) {
    if (t->state != ThreadState::sleeping && t->state != ThreadState::sleeping_hard) return false;
    make_runnable(t);
    return true;
}

PHASE(schedule) bool wake_for_signal(Thread* t) { return t->state == ThreadState::sleeping && wake(t); }

PHASE(schedule) void set_work(Thread* t, uint64_t flags) {
    const uint64_t had = t->work;
    t->work |= flags;
    Cpu& c = *cpus[t->cpu];
    if (c.current != t) return;
    c.work = t->work;
    if (smp() && (flags & ~had)) cpu_kick(c);  // what it had it has been told already
}

PHASE(schedule) bool somebody_waits_to_run() {
    return !(smp() ? own_queue<true>() : own_queue<false>()).threads.empty();
}

bool scheduler_tick_due() {
    const Thread* t = current();
    return !smp() || somebody_waits_to_run() || t->signals_held ||
           (t->process && cpu_timers_armed(*t->process));
}

void scheduler_tick() {
    Thread* t = cpu().current;
    if (t->signals_held && !dipc_on_visit(t)) {
        t->signals_held = false;
        signal_recompute(t);
    }
    if (t->process && t->process->files) cpu_timers_tick(t->process);
    if (!somebody_waits_to_run() || t == cpu().idle) return;
    if (t->real_time) {
        // Of its priority: others of SCHED_RR take turns, SCHED_FIFO goes on.
        const Thread* next = (smp() ? own_queue<true>() : own_queue<false>()).threads.front();
        t->slice_over = t->policy == SCHED_RR && next->real_time == t->real_time;
        if (next->real_time < t->real_time || (next->real_time == t->real_time && !t->slice_over)) return;
    }
    set_work(t, work_reschedule);
}

void set_scheduling(Thread* t, uint8_t policy, uint8_t real_time) {
    const bool queued = t->run_link.linked();
    if (queued) smp() ? run_queues[t->cpu].remove<true>(t) : run_queues[0].remove<false>(t);
    const bool less = real_time < t->real_time;
    t->policy = policy;
    t->real_time = real_time;
    if (real_time) real_time_used = true;
    if (queued) return smp() ? enqueue<true>(t) : enqueue<false>(t);
    // A running one may have become less urgent than somebody who waits, here or elsewhere.
    if (less && cpus[t->cpu]->current == t) set_work(t, work_reschedule);
}

PHASE(schedule) void switch_directly_to(Thread* t) {
    if (smp() && !(t->allowed & cpu().bit)) {  // not here
        make_runnable(t);
        return schedule();
    }
    t->state = ThreadState::runnable;
    if (t != cpu().current) (smp() ? switch_several(t) : switch_single(t));
}

Status set_allowed(Thread* t, uint64_t mask) {
    mask &= cpus_online();
    if (!mask) return -EINVAL;
    t->allowed = mask;
    if (mask >> t->cpu & 1) return 0;
    if (t->run_link.linked()) {
        run_queues[t->cpu].remove<true>(t);
        enqueue<true>(t);
    } else if (t == current()) {
        yield();
    } else if (cpus[t->cpu]->current == t) {  // it goes on its way to user mode; as Linux we wait for that
        set_work(t, work_reschedule);
        t->refs++;
        while (cpus[t->cpu]->current == t && !(t->allowed & cpus[t->cpu]->bit)) yield();
        thread_put(t);
    }
    return 0;
}

namespace {

// Nobody runs, nobody is about to, and no timer will change that.
bool deadlocked() {
    for (unsigned i = 0; i < cpu_count; i++)
        if (!run_queues[i].threads.empty() || (!cpus[i]->waiting && cpus[i] != &cpu())) return false;
    return !timer_pending();
}

[[noreturn]] void report_deadlock() {
    STILE_MARK(STILE_MARK_K_DEADLOCK, 0, 0, 0);
    printk("kernel: deadlock: nothing can run and nothing can wake anybody\n");
    for (Process* p = next_process(nullptr); p; p = next_process(p))
        printk("  process %d %s: %u thread%s%s\n", p->pid, p->name, p->live_threads,
               p->live_threads == 1 ? "" : "s", p->zombie ? ", zombie" : " asleep");
    power_off(STILE_POWER_DEADLOCK);
}

}  // namespace

void idle_loop() {
    Cpu& c = cpu();
    for (;;) {
        if (Thread* t = smp() ? next_thread<true>() : next_thread<false>()) {
            (smp() ? switch_several(t) : switch_single(t));
            continue;
        }
        if (deadlocked()) report_deadlock();
        timer_enter_idle();
        c.waiting = true;
        big_unlock();
        asm volatile("sti; hlt; cli" : : : "memory");
        big_lock();
        c.waiting = false;
        timer_leave_idle();
    }
}

}  // namespace stile::os

extern "C" PHASE(schedule) void thread_first_run(stile::os::Thread*) {
    using namespace stile::os;
    smp() ? finish_switch<true>() : finish_switch<false>();
    Thread* t = current();
    if (t->kernel_entry) {
        t->kernel_entry(t->kernel_argument);
        exit_thread(0);
    }
    STILE_MARK(STILE_MARK_K_CURRENT, t->tid, current_process()->pid, 0);
}
