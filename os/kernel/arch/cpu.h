// SPDX-License-Identifier: Apache-2.0
//
// The processor: control registers, MSRs, and the per-CPU block that GS points to while in the kernel.
//
// The kernel runs with interrupts off from entry to exit; only the idle loop opens them, around `hlt`. So a
// kernel path is never interrupted and needs no lock on one CPU. Preemption takes place on the way back to
// user mode (task/sched.h).
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

struct Thread;
struct PageTable;

struct Cpu {
    Thread* current;        // gs:0
    uint64_t kernel_stack;  // gs:8   top of the current thread's kernel stack
    uint64_t user_rsp;      // gs:16  scratch of the system-call entry
    uint64_t work;          // gs:24  not 0: look at work flags before returning to user mode
    PageTable* page_table;  // the one in CR3
    Thread* fpu_owner;      // whose FXSAVE image is in the registers
    Thread* idle;
    Thread* dead;  // left for the last time; freed by whoever runs next
    bool has_fsgsbase, has_pcid;
    bool domain_state_used;  // the domain registers hold a dIPC thread's state
};
extern Cpu cpu0;
inline Cpu& cpu() { return cpu0; }

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

void cpu_init();                      // GDT, TSS, IDT, system-call MSRs, CR4 features
void set_kernel_stack(uint64_t top);  // for entries from ring 3: TSS.rsp0 and gs:8

}  // namespace stile::os
