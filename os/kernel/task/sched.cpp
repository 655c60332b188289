// SPDX-License-Identifier: Apache-2.0
//
// The scheduler and the switch. A switch is: page table if it differs, what user mode may have left in
// registers that the kernel does not use (FXSAVE image, FS and GS bases, domain state), kernel stacks.
#include "os/kernel/task/sched.h"

#include <new>

#include "abi/marker.h"
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

constinit List<Thread, &Thread::run_link> run_queue;

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

PHASE(schedule) inline void save_user_state(Thread* t) {
    if (!t->fpu) return;
    asm volatile("fxsave64 (%0)" : : "r"(t->fpu) : "memory");
    save_user_bases(t);
    if (t->cd_state) stile_cd_save(t->cd_state);
}

PHASE(schedule) inline void restore_user_state(Thread* t, const Thread* from) {
    if (!t->fpu) return;
    if (cpu().fpu_owner != t) {
        asm volatile("fxrstor64 (%0)" : : "r"(t->fpu) : "memory");
        cpu().fpu_owner = t;
    }
    if (cpu().has_fsgsbase) {
        // The idle loop does not touch the bases, but who ran before it may be anybody.
        asm volatile("wrfsbase %0" : : "r"(t->fs_base));
        if (t->gs_base || !from->fpu || from->gs_base) set_user_gs_base(t->gs_base);
    } else {
        write_msr(msr_fs_base, t->fs_base);
        write_msr(msr_kernel_gs_base, t->gs_base);
    }
    if (t->cd_state) {
        stile_cd_restore(t->cd_state);
        cpu().domain_state_used = true;
    } else if (cpu().domain_state_used) {
        stile_cd_restore(&no_domain_state);
        cpu().domain_state_used = false;
    }
}

// On the stack of the thread entered.
PHASE(schedule) void finish_switch() {
    Cpu& c = cpu();
    if (Thread* dead = c.dead) {
        c.dead = nullptr;
        thread_put(dead);
    }
}

PHASE(schedule) void switch_to(Thread* next) {
    Cpu& c = cpu();
    Thread* prev = c.current;
    const uint64_t now = read_tsc();
    prev->cpu_tsc += now - prev->switched_in;
    next->switched_in = now;
    if (prev->state == ThreadState::dead)
        c.dead = prev;
    else
        save_user_state(prev);
    if (next->process && next->process->space) page_table_activate(next->process->space->table);
    c.current = next;
    c.work = next->work;
    set_kernel_stack(next->kernel_stack);
    restore_user_state(next, prev);
    STILE_MARK(STILE_MARK_K_SWITCH, prev->tid, next->tid, 0);
    switch_stacks(prev, next);
    finish_switch();
}

}  // namespace

void scheduler_init() {
    auto* idle = new (idle_memory) Thread;
    idle->tid = 0;
    cpu().idle = cpu().current = idle;
}

PHASE(schedule) void schedule() {
    Thread* next = run_queue.pop_front();
    if (!next) next = cpu().idle;
    if (next != cpu().current) switch_to(next);
}

PHASE(schedule) void yield() {
    Thread* t = current();
    if (run_queue.empty()) return;
    run_queue.push_back(t);
    schedule();
}

PHASE(schedule) void make_runnable(Thread* t) {
    t->state = ThreadState::runnable;
    if (t != cpu().current) run_queue.push_back(t);
}

PHASE(schedule) bool wake(Thread* t) {
    if (t->state != ThreadState::sleeping && t->state != ThreadState::sleeping_hard) return false;
    make_runnable(t);
    return true;
}

PHASE(schedule) bool wake_for_signal(Thread* t) { return t->state == ThreadState::sleeping && wake(t); }

PHASE(schedule) void set_work(Thread* t, uint64_t flags) {
    t->work |= flags;
    if (t == cpu().current) cpu().work = t->work;
}

PHASE(schedule) bool somebody_waits_to_run() { return !run_queue.empty(); }

void scheduler_tick() {
    Thread* t = cpu().current;
    if (t->signals_held && !dipc_on_visit(t)) {
        t->signals_held = false;
        signal_recompute(t);
    }
    if (t->process && t->process->files) cpu_timers_tick(t->process);
    if (somebody_waits_to_run() && cpu().current != cpu().idle) set_work(cpu().current, work_reschedule);
}

PHASE(schedule) void switch_directly_to(Thread* t) {
    t->state = ThreadState::runnable;
    if (t != cpu().current) switch_to(t);
}

void idle_loop() {
    for (;;) {
        if (somebody_waits_to_run()) {
            schedule();
            continue;
        }
        if (!timer_pending()) {
            STILE_MARK(STILE_MARK_K_DEADLOCK, 0, 0, 0);
            printk("kernel: deadlock: nothing can run and nothing can wake anybody\n");
            for (Process* p = next_process(nullptr); p; p = next_process(p))
                printk("  process %d %s: %u thread%s%s\n", p->pid, p->name, p->live_threads,
                       p->live_threads == 1 ? "" : "s", p->zombie ? ", zombie" : " asleep");
            power_off(STILE_POWER_DEADLOCK);
        }
        timer_enter_idle();
        asm volatile("sti; hlt; cli" : : : "memory");
        timer_leave_idle();
    }
}

}  // namespace stile::os

extern "C" PHASE(schedule) void thread_first_run(stile::os::Thread*) {
    using namespace stile::os;
    finish_switch();
    Thread* t = current();
    if (t->kernel_entry) {
        t->kernel_entry(t->kernel_argument);
        exit_thread(0);
    }
    STILE_MARK(STILE_MARK_K_CURRENT, t->tid, current_process()->pid, 0);
}
