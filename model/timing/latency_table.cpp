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
//   choice  ours, where no measurement of this part is known; to be swept
#include "model/timing/latency_table.h"

namespace stile::model {
namespace {

using C = isa::OpClass;

constexpr LatencyRow rows[] = {
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
    {C::lea, "lea", 1, 0, "address arithmetic", "osaca: 1 / 0.5"},
    {C::lea_complex, "lea_complex", 3, 1, "address arithmetic of three parts, or relative to rip",
     "choice: 3 / 1"},
    {C::branch, "branch", 1, 1, "branch, until its outcome is known", "llvm: port 5 only"},
    {C::load, "load", 0, 0, "integer load, beside the cache's latency", "osaca: 4 = the L1D; 2 per cycle"},
    {C::store, "store", 1, 1, "store, into the store buffer", "osaca: 1 per cycle"},
    {C::lock, "lock", 20, 20, "locked read-modify-write; drains the store buffer", "choice within 18-25"},
    {C::fence, "fence", 35, 35, "mfence; lfence and sfence take a seventh of it", "choice: 33-36, 5 and 6"},
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
    {C::x87, "x87", 3, 1, "x87 arithmetic", "llvm: fadd 3 / 1"},
    {C::x87_slow, "x87_slow", 90, 90, "x87 transcendental, state save and restore",
     "choice: 60-120, serialised microcode"},
    {C::sys_syscall, "sys_syscall", 80, 80, "syscall", "sky: 82 (Skylake)"},
    {C::sys_sysret, "sys_sysret", 72, 72, "sysret", "sky: 75 (Skylake)"},
    {C::sys_iret, "sys_iret", 250, 250, "iretq, far return", "xperf: about 270 (Haswell)"},
    {C::sys_int, "sys_int", 330, 330,
     "exception, interrupt or int n: delivery to the first handler instruction",
     "choice; xperf: page fault to kernel about 440 with bookkeeping"},
    {C::sys_swapgs, "sys_swapgs", 26, 26, "swapgs", "sky: 26 (Skylake); atom: 22"},
    {C::sys_msr_read, "sys_msr_read", 70, 70, "rdmsr", "atom: 78; choice"},
    {C::sys_msr_write, "sys_msr_write", 120, 120, "wrmsr", "choice within 100-300; atom: 202"},
    {C::sys_cr_read, "sys_cr_read", 12, 12, "mov from a control or debug register", "atom: 12"},
    {C::sys_cr3_write, "sys_cr3_write", 190, 190, "mov to cr3, without the misses that follow",
     "sky: 186 (Skylake)"},
    {C::sys_cr_write, "sys_cr_write", 200, 200, "mov to another control or debug register",
     "choice; atom: 136"},
    {C::sys_invlpg, "sys_invlpg", 200, 200, "invlpg", "choice within 120-430"},
    {C::sys_segbase, "sys_segbase", 18, 18, "rd/wr fs/gs base", "choice: 8 read, 18 write; fsgs"},
    {C::sys_segment, "sys_segment", 20, 20, "mov to or from a segment register", "atom: 21"},
    {C::sys_rdtsc, "sys_rdtsc", 25, 25, "rdtsc, rdtscp", "osaca: 21 micro-ops; choice 25"},
    {C::sys_cpuid, "sys_cpuid", 150, 150, "cpuid", "choice within 100-250"},
    {C::sys_flags, "sys_flags", 9, 9, "pushf, popf, cli, sti", "choice: popf 18, pushf 1, cli 5, sti 8"},
    {C::sys_hlt, "sys_hlt", 60, 60, "hlt, until the core sleeps", "choice"},
    {C::sys_pause, "sys_pause", 9, 9, "pause", "osaca: 6 micro-ops; choice 9"},
    {C::sys_table, "sys_table", 60, 60, "descriptor tables, wbinvd", "atom: lgdt 44; choice 60"},
    {C::codoms, "codoms", 2, 2, "CODOMs register instructions, beside the memory they move",
     "choice: registers of the protection unit, as far as a load"},
};
static_assert(std::size(rows) + 1 == static_cast<size_t>(C::count), "one row per class but none");

ClassTable column(Cycles LatencyRow::*what) {
    ClassTable t{};
    for (const LatencyRow& r : rows) t[static_cast<size_t>(r.cls)] = r.*what;
    return t;
}

}  // namespace

std::span<const LatencyRow> latency_table() { return rows; }
ClassTable default_latencies() { return column(&LatencyRow::latency); }
ClassTable default_throughputs() { return column(&LatencyRow::throughput); }

}  // namespace stile::model
