// SPDX-License-Identifier: Apache-2.0
//
// Ivy Bridge figures. Sources, as cited below:
//   osaca   RRZE-HPC/OSACA, osaca/data/ivb.yml (imports uops.info measurements)
//   llvm    llvm/lib/Target/X86/X86SchedSandyBridge.td; atom: X86ScheduleAtom.td
//   toplev  andikleen/pmu-tools, ivb_client_ratios.py
//   erms    Intel Optimization Reference Manual 3.7.6
//   sky     SkyBridge (EuroSys'19), table of primitive costs, Skylake
//   fsgs    Linux, x86 FSGSBASE series (tag x86-fsgsbase-2020-08-04)
//   xperf   page-fault entry and exit on E5 v3, lastweek.io/notes/xperf
//   inst    InstLatX64, Ivy Bridge parts
//   libmpk  Park et al., libmpk (ATC'19), table of primitive costs, Skylake (recalled)
//   erim    Vahldiek-Oberwagner et al., ERIM (USENIX Security'19), Skylake
//   choice  ours, where no measurement of this part is known; to be swept
#include "model/timing/latency_table.h"

namespace stile::model {
namespace {

using C = isa::OpClass;

constexpr LatencyRow latency_rows[] = {
    {C::alu, "alu", 1, 0, "integer add, logic, move, condition", "osaca, llvm: 1 / 0.33"},
    {C::carry, "carry", 2, 0, "add and subtract with carry", "llvm: 2 / 1; osaca: 1 for one operand pair"},
    {C::cmov, "cmov", 2, 0, "conditional move", "osaca, llvm: 2 / 0.83"},
    {C::bits, "bits", 3, 1, "bit scan", "osaca, llvm: 3 / 1"},
    {C::shift, "shift", 1, 0, "shift and rotate by a constant", "osaca: 1 / 0.5"},
    {C::shift_cl, "shift_cl", 2, 0, "shift and rotate by a register", "osaca: 2 / 1.5; llvm: 3"},
    {C::mul, "mul", 3, 1, "integer multiply", "osaca, llvm: 3 / 1"},
    {C::div32, "div32", 24, 10, "divide, up to 32 bits", "llvm: 25 / 10; choice within 20-28 / 8-11"},
    {C::div64, "div64", 40, 20, "divide, 64 bits, high half the sign",
     "choice: 40-45, throughput half of it"},
    {C::div_wide, "div_wide", 80, 47, "divide, 64 bits, high half more than the sign",
     "osaca: 78-97 at worst; choice"},
    {C::lea, "lea", 1, 0, "address arithmetic", "osaca: 1 / 0.5"},
    {C::lea_complex, "lea_complex", 3, 1, "address arithmetic of three parts, or relative to rip",
     "choice: 3 / 1"},
    {C::branch, "branch", 1, 1, "branch, until its outcome is known", "llvm: port 5 only"},
    {C::load, "load", 0, 0, "integer load, beside the cache's latency", "osaca: 4 = the L1D; 2 per cycle"},
    {C::store, "store", 1, 1, "store, into the store buffer", "osaca: 1 per cycle"},
    {C::lock, "lock", 22, 22, "locked read-modify-write; drains the store buffer", "inst: 22"},
    {C::fence, "fence", 36, 36, "mfence", "inst: 36.3"},
    {C::lfence, "lfence", 3, 3, "lfence, beside the wait for what is older",
     "inst: 4.3, one of them to issue"},
    {C::sfence, "sfence", 5, 5, "sfence", "inst: 6, one of them to issue"},
    {C::string, "string", 35, 35, "start of a repeated string instruction",
     "erms: 35; then 16 bytes per cycle"},
    {C::vec_move, "vec_move", 1, 0, "vector move, logic", "osaca, llvm: 1 / 0.33"},
    {C::vec_int, "vec_int", 1, 0, "vector integer arithmetic, shuffle", "osaca, llvm: 1 / 0.5"},
    {C::vec_shift, "vec_shift", 1, 1, "vector shift", "osaca, llvm: 1 / 1"},
    {C::vec_mul, "vec_mul", 5, 1, "vector integer multiply", "osaca, llvm: 5 / 1"},
    {C::vec_to_int, "vec_to_int", 2, 1, "from a vector to a general register or the flags", "llvm: 2 / 1"},
    {C::int_to_vec, "int_to_vec", 1, 1, "from a general register to a vector", "llvm: 1 / 1"},
    {C::fp_add, "fp_add", 3, 1, "floating-point add, compare, min, max", "osaca, llvm: 3 / 1"},
    {C::fp_mul, "fp_mul", 5, 1, "floating-point multiply", "osaca, llvm: 5 / 1"},
    {C::fp_div, "fp_div", 20, 14, "floating-point divide, double", "osaca: divpd 20 / 14"},
    {C::fp_div_s, "fp_div_s", 13, 7, "floating-point divide, single", "osaca: divps 13 / 7"},
    {C::fp_sqrt, "fp_sqrt", 20, 14, "square root, double", "osaca: sqrtpd 20 / 14"},
    {C::fp_sqrt_s, "fp_sqrt_s", 13, 7, "square root, single", "choice: as divps"},
    {C::fp_cvt, "fp_cvt", 4, 1, "conversion", "llvm: cvtsi2sd 4 / 1"},
    {C::capability, "capability", 1, 0, "CODOMs: capability registers, beside the memory they move",
     "choice: as integer moves"},
    {C::x87, "x87", 3, 1, "x87 arithmetic", "llvm: fadd 3 / 1"},
    {C::x87_slow, "x87_slow", 90, 90, "x87 transcendental, state save and restore",
     "choice: 60-120, serialised microcode"},
    {C::sys_syscall, "sys_syscall", 80, 80, "syscall", "sky: 82 (Skylake)"},
    {C::sys_sysret, "sys_sysret", 72, 72, "sysret", "sky: 75 (Skylake)"},
    {C::sys_iret, "sys_iret", 250, 250, "iretq or far return to ring 3, far call and jump",
     "xperf: about 270 (Haswell)"},
    {C::sys_iret_same, "sys_iret_same", 220, 220, "iretq or far return within ring 0", "choice; atom: 109"},
    {C::sys_int, "sys_int", 330, 330, "exception or int n: delivery to the first handler instruction",
     "choice; xperf: page fault to kernel about 440 with bookkeeping"},
    {C::sys_interrupt, "sys_interrupt", 400, 400,
     "external interrupt: delivery to the first handler instruction",
     "choice: as an exception, and the interrupt controller's answer"},
    {C::sys_wake, "sys_wake", 1400, 1400, "out of hlt (C1), before the interrupt is delivered",
     "choice: 0.6 us with delivery; intel_idle.c declares 1 us"},
    {C::sys_swapgs, "sys_swapgs", 26, 26, "swapgs", "sky: 26 (Skylake); atom: 22"},
    {C::sys_msr_read, "sys_msr_read", 70, 70, "rdmsr", "atom: 78; choice"},
    {C::sys_msr_write, "sys_msr_write", 120, 120, "wrmsr", "choice within 100-300; atom: 202"},
    {C::sys_msr_base, "sys_msr_base", 100, 100, "wrmsr of a segment base", "choice: the lower end of wrmsr"},
    {C::sys_apic_read, "sys_apic_read", 50, 50, "rdmsr of the local APIC (x2APIC)", "choice within 30-70"},
    {C::sys_apic_write, "sys_apic_write", 60, 60, "wrmsr of the local APIC, does not serialise", "choice"},
    {C::sys_apic_icr, "sys_apic_icr", 100, 100, "wrmsr of its interrupt command register, likewise",
     "choice"},
    {C::sys_cr_read, "sys_cr_read", 12, 12, "mov from a control or debug register", "atom: 12"},
    {C::sys_cr3_write, "sys_cr3_write", 190, 190, "mov to cr3, without the misses that follow",
     "sky: 186 (Skylake)"},
    {C::sys_cr3_keep, "sys_cr3_keep", 170, 170, "mov to cr3 that keeps translations (PCID, bit 63)",
     "choice: 20 less than with the flush"},
    {C::sys_cr_write, "sys_cr_write", 200, 200, "mov to another control or debug register",
     "choice; atom: 136"},
    {C::sys_clts, "sys_clts", 30, 30, "clts", "atom: 33"},
    {C::sys_invlpg, "sys_invlpg", 200, 200, "invlpg", "choice within 120-430"},
    {C::sys_segbase, "sys_segbase", 18, 18, "wrfsbase, wrgsbase", "choice; fsgs: less than swapgs"},
    {C::sys_segbase_read, "sys_segbase_read", 8, 8, "rdfsbase, rdgsbase", "choice; fsgs"},
    {C::sys_pkru_read, "sys_pkru_read", 1, 1, "rdpkru", "libmpk: 0.5 (Skylake)"},
    {C::sys_pkru_write, "sys_pkru_write", 23, 23, "wrpkru, beside the wait for what is older",
     "libmpk: 23.3 (Skylake); erim: 11 to 260 by what is around it"},
    {C::sys_segment, "sys_segment", 20, 20, "mov to or from a segment register", "atom: 21"},
    {C::sys_rdtsc, "sys_rdtsc", 27, 27, "rdtsc", "inst: 27"},
    {C::sys_rdtscp, "sys_rdtscp", 32, 32, "rdtscp", "osaca: 23 micro-ops; choice"},
    {C::sys_cpuid, "sys_cpuid", 100, 100, "cpuid", "inst: 101 for leaf 0"},
    {C::sys_pushf, "sys_pushf", 1, 1, "pushf", "osaca: 1 per cycle"},
    {C::sys_popf, "sys_popf", 18, 18, "popf", "inst: pushf and popf together 23"},
    {C::sys_cli, "sys_cli", 5, 5, "cli", "llvm: 5"},
    {C::sys_sti, "sys_sti", 8, 8, "sti", "choice"},
    {C::sys_hlt, "sys_hlt", 60, 60, "hlt, until the core sleeps", "choice"},
    {C::sys_pause, "sys_pause", 10, 10, "pause", "inst: 10"},
    {C::sys_table, "sys_table", 60, 60, "lgdt, lidt, lldt and what stores them", "atom: lgdt 44; choice 60"},
    {C::sys_task, "sys_task", 100, 100, "ltr", "atom: 83; choice"},
    {C::sys_wbinvd, "sys_wbinvd", 1'000'000, 1'000'000, "wbinvd; caches keep their lines",
     "choice: about 1 ms"},
    {C::codoms, "codoms", 2, 2, "CODOMs register instructions, beside the memory they move",
     "choice: registers of the protection unit, as far as a load"},
};
static_assert(std::size(latency_rows) + 1 == static_cast<size_t>(C::count), "one row per class but none");

ClassTable column(Cycles LatencyRow::*what) {
    ClassTable t{};
    for (const LatencyRow& r : latency_rows) t[static_cast<size_t>(r.cls)] = r.*what;
    return t;
}

}  // namespace

std::span<const LatencyRow> latency_table() { return latency_rows; }
ClassTable default_latencies() { return column(&LatencyRow::latency); }
ClassTable default_throughputs() { return column(&LatencyRow::throughput); }

}  // namespace stile::model
