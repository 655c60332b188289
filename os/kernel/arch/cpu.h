// SPDX-License-Identifier: Apache-2.0
//
// The processor: control registers, MSRs, and the per-CPU block that GS points to while in the kernel.
//
// The kernel runs with interrupts off from entry to exit; only the idle loop opens them, around `hlt`. So a
// kernel path is never interrupted; between CPUs there is the big lock (arch/big_lock.h). Preemption takes
// place on the way back to user mode (task/sched.h).
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

struct Thread;
struct PageTable;

struct CpuTables;  // GDT, TSS and the stack of double faults

inline constexpr unsigned max_cpus = 64;

struct alignas(64) Cpu {
    Thread* current = nullptr;        // gs:0
    uint64_t kernel_stack = 0;        // gs:8   top of the current thread's kernel stack
    uint64_t user_rsp = 0;            // gs:16  scratch of the system-call entry
    uint64_t work = 0;                // gs:24  not 0: look at work flags before returning to user mode
    Cpu* self = nullptr;              // gs:32  this block
    uint64_t locked = 0;              // gs:40  1: this CPU holds the big lock
    uint64_t bit = 0;                 // 1 << id, in masks of CPUs
    PageTable* page_table = nullptr;  // the one in CR3
    Thread* fpu_owner = nullptr;      // whose FXSAVE image is in the registers, if Thread::fpu_cpu agrees
    Thread* idle = nullptr;
    Thread* dead = nullptr;  // left for the last time; freed by whoever runs next
    CpuTables* tables = nullptr;
    unsigned id = 0;  // that of its local APIC, too
    bool has_fsgsbase = false, has_pcid = false, has_keys = false;
    bool domain_state_used = false;  // the domain registers hold a dIPC thread's state
    bool domains_on = false;         // domain checks are switched on here
    bool apl_stale = false;  // grants changed while the APL cache was not used here: to be emptied first
    bool waiting = false;    // in the idle loop without the lock: touches no user address before it has it
    bool online = false;
    uint64_t lock_waits = 0, lock_wait_tsc = 0;  // how often and how long it has waited for the big lock
    alignas(64) uint32_t request = 0;            // 1: another CPU wants something (mm/shootdown.h); 0: done

    constexpr Cpu(unsigned number, CpuTables* its)
        : self(this), bit(1ull << number), tables(its), id(number) {}
};
extern Cpu cpu0;
extern Cpu* cpus[max_cpus];  // [0] is cpu0, where the kernel boots
extern unsigned cpu_count;
extern bool several_cpus;  // set before the second one starts, and then for good

inline bool smp() { return __builtin_expect(several_cpus, false); }

// A thread that sleeps may wake up on another CPU, so this is not kept across schedule().
inline Cpu& cpu() {
    Cpu* c;
    asm volatile("movq %%gs:32, %0" : "=r"(c));
    return *c;
}

// The same where it is known at compile time whether there are several: the switch has a version for each, so
// that with one CPU everything is at a fixed address.
template <bool several>
inline Cpu& cpu_of() {
    if constexpr (several)
        return cpu();
    else
        return cpu0;
}

// The running thread. Not volatile: it is the same before and after a switch of this thread away and back.
inline Thread* current() {
    Thread* t;
    asm("movq %%gs:0, %0" : "=r"(t));
    return t;
}

enum Selector : uint16_t {
    sel_kernel_code = 0x08,
    sel_kernel_data = 0x10,
    sel_user_data = 0x18 | 3,
    sel_user_code = 0x20 | 3,  // order fixed by sysret (SDM vol. 2, SYSRET)
    sel_tss = 0x28
};

enum Msr : uint32_t {
    msr_apic_base = 0x1b,
    msr_efer = 0xc0000080,
    msr_star = 0xc0000081,
    msr_lstar = 0xc0000082,
    msr_fmask = 0xc0000084,
    msr_fs_base = 0xc0000100,
    msr_gs_base = 0xc0000101,
    msr_kernel_gs_base = 0xc0000102
};

enum Rflags : uint64_t {
    flag_cf = 1,
    flag_tf = 1 << 8,
    flag_if = 1 << 9,
    flag_df = 1 << 10,
    flag_iopl = 3 << 12,
    flag_nt = 1 << 14,
    flag_rf = 1 << 16,
    flag_ac = 1 << 18
};

inline uint64_t read_msr(uint32_t msr) {
    uint32_t lo, hi;
    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return lo | static_cast<uint64_t>(hi) << 32;
}
inline void write_msr(uint32_t msr, uint64_t v) {
    asm volatile("wrmsr"
                 :
                 : "c"(msr), "a"(static_cast<uint32_t>(v)), "d"(static_cast<uint32_t>(v >> 32))
                 : "memory");
}
inline uint64_t read_cr2() {
    uint64_t v;
    asm volatile("movq %%cr2, %0" : "=r"(v));
    return v;
}
inline uint64_t read_cr3() {
    uint64_t v;
    asm volatile("movq %%cr3, %0" : "=r"(v));
    return v;
}
inline void write_cr3(uint64_t v) { asm volatile("movq %0, %%cr3" : : "r"(v) : "memory"); }
inline uint64_t read_cr4() {
    uint64_t v;
    asm volatile("movq %%cr4, %0" : "=r"(v));
    return v;
}
inline void write_cr4(uint64_t v) { asm volatile("movq %0, %%cr4" : : "r"(v) : "memory"); }
inline void invlpg(uint64_t vaddr) { asm volatile("invlpg (%0)" : : "r"(vaddr) : "memory"); }
inline uint64_t read_tsc() {
    uint32_t lo, hi;
    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return lo | static_cast<uint64_t>(hi) << 32;
}
struct CpuidResult {
    uint32_t eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(uint32_t leaf, uint32_t sub = 0) {
    CpuidResult r;
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(sub));
    return r;
}

void cpu_init(Cpu& c);                        // on that CPU: GDT, TSS, IDT, system-call MSRs, CR4 features
Cpu* cpu_create(unsigned id);                 // its block and tables; nullptr: no memory
void set_kernel_stack(Cpu& c, uint64_t top);  // for entries from ring 3: TSS.rsp0 and gs:8

}  // namespace stile::os
