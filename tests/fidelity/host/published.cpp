// SPDX-License-Identifier: Apache-2.0
//
// Every figure is of the Ivy Bridge die (3.1 GHz where a unit depends on it) unless its note names another.
#include "tests/fidelity/host/published.h"

namespace stile::fidelity {
namespace {

constexpr auto parameter = Published::parameter, emerges = Published::emerges;

// Units; cycles have none.
constexpr const char *cycles = "", *rate = " B/cycle", *entries = " entries";

constexpr Published rows[] = {
    {"add_chain", "Integer", "`add`, dependent", cycles, 1, "inst", parameter},
    {"add_rate", "Integer", "`add`, independent", cycles, 0.33, "inst", emerges, "three ports"},
    {"nop_rate", "Integer", "`nop`", cycles, 0.25, "inst", emerges, "four slots a cycle"},
    {"zero_rate", "Integer", "`xor r,r`", cycles, 0.25, "inst", emerges, "no port"},
    {"adc_chain", "Integer", "`adc`, dependent", cycles, 2, "inst", parameter},
    {"cmov_chain", "Integer", "`cmov`, dependent", cycles, 2, "inst", parameter},
    {"imul_chain", "Integer", "`imul`, dependent", cycles, 3, "inst", parameter},
    {"imul_rate", "Integer", "`imul`, independent", cycles, 1, "inst", parameter},
    {"shift_chain", "Integer", "`shl r,i`, dependent", cycles, 1, "inst", parameter},
    {"shift_rate", "Integer", "`shl r,i`, independent", cycles, 0.5, "inst", emerges, "two ports"},
    {"lea_chain", "Integer", "`lea`, two parts, dependent", cycles, 1, "inst", parameter},
    {"lea_rate", "Integer", "`lea`, two parts, independent", cycles, 0.5, "inst", emerges, "two ports"},
    {"lea3_chain", "Integer", "`lea`, three parts, dependent", cycles, 3, "inst", parameter},
    {"bsf_chain", "Integer", "`bsf` + `inc`, dependent, each", cycles, 2, "inst", parameter, "3 + 1"},
    {"bswap_chain", "Integer", "`bswap` of 64 bits, dependent", cycles, 2, "inst", parameter},
    {"div32_chain", "Integer", "`div` by 32 bits, dependent", cycles, 22.1, "inst", parameter,
     "dividend and divisor of 32 bits; 19 to 27 for others"},
    {"idiv64_chain", "Integer", "`idiv` by 64 bits, dependent", cycles, 40.6, "inst", parameter,
     "high half 0, both of 63 bits"},

    {"paddd_chain", "SSE2 and x87", "`paddd`, dependent", cycles, 1, "inst", parameter},
    {"paddd_rate", "SSE2 and x87", "`paddd`, independent", cycles, 0.5, "inst", emerges, "two ports"},
    {"pand_rate", "SSE2 and x87", "`pand`, independent", cycles, 0.33, "inst", emerges, "three ports"},
    {"pmullw_chain", "SSE2 and x87", "`pmullw`, dependent", cycles, 5, "inst", parameter},
    {"pmullw_rate", "SSE2 and x87", "`pmullw`, independent", cycles, 1, "inst", parameter},
    {"pshufd_rate", "SSE2 and x87", "`pshufd`, independent", cycles, 0.5, "inst", emerges, "two ports"},
    {"addpd_chain", "SSE2 and x87", "`addpd`, dependent", cycles, 3, "inst", parameter},
    {"addpd_rate", "SSE2 and x87", "`addpd`, independent", cycles, 1, "inst", parameter},
    {"mulpd_chain", "SSE2 and x87", "`mulpd`, dependent", cycles, 5, "inst", parameter},
    {"mulpd_rate", "SSE2 and x87", "`mulpd`, independent", cycles, 1, "inst", parameter},
    {"mul_add_chain", "SSE2 and x87", "`mulpd` + `addpd`, dependent", cycles, 8, "inst", emerges},
    {"mul_beside_add", "SSE2 and x87", "`mulpd` beside `addpd`, two chains", cycles, 5, "inst", emerges,
     "the longer one counts"},
    {"divpd_chain", "SSE2 and x87", "`divpd`, dependent", cycles, 20, "inst", parameter},
    {"divpd_rate", "SSE2 and x87", "`divpd`, independent", cycles, 14, "inst", parameter},
    {"divps_chain", "SSE2 and x87", "`divps`, dependent", cycles, 13, "inst", parameter},
    {"divps_rate", "SSE2 and x87", "`divps`, independent", cycles, 7.08, "inst", parameter},
    {"sqrtpd_chain", "SSE2 and x87", "`sqrtpd`, dependent", cycles, 20, "inst", parameter},
    {"convert_chain", "SSE2 and x87", "`cvttsd2si` + `cvtsi2sd`", cycles, 8, "inst", parameter},
    {"movd_chain", "SSE2 and x87", "`movd` there and back", cycles, 2, "inst", parameter},
    {"fadd_chain", "SSE2 and x87", "`fadd`, dependent", cycles, 3, "inst", parameter},
    {"fmul_chain", "SSE2 and x87", "`fmul`, dependent", cycles, 5, "inst", parameter},

    {"load_rate", "First-level cache", "loads, independent", cycles, 0.5, "inst", emerges, "two ports"},
    {"store_rate", "First-level cache", "stores", cycles, 1, "inst", emerges, "one port for data"},
    {"modify_chain", "First-level cache", "`add m,r`, chained through memory", cycles, 6, "inst", emerges,
     "forwarding and an addition"},
    {"vector_forward_chain", "First-level cache", "`movaps` to memory and back", cycles, 6, "inst", emerges},
    {"push_pop_chain", "First-level cache", "`push` + `pop`", cycles, 5.5, "inst", emerges, "forwarding"},
    {"blocked_forward_chain", "First-level cache", "two stores of 4 bytes, a load of both", cycles, 18,
     "toplev", emerges, "13 more than a forwarded load"},
    {"rep_movs_rate", "First-level cache", "`rep movsb`, 8 KiB", rate, 14.4, "inst", emerges, "copied"},
    {"rep_stos_rate", "First-level cache", "`rep stosb`, 8 KiB", rate, 15.8, "inst", emerges},
    {"rep_lods_element", "First-level cache", "`rep lodsq`, an element", cycles, 2.01, "inst", emerges},
    {"rep_cmps_element", "First-level cache", "`repe cmpsb`, an element", cycles, 2, "inst", emerges},
    {"rep_scas_element", "First-level cache", "`repne scasb`, an element", cycles, 2, "inst", emerges},

    {"load_l1", "Memory", "load to use, first level", cycles, 4, "7cpu", parameter},
    {"load_l2", "Memory", "load to use, second level", cycles, 12, "7cpu", parameter},
    {"load_l3", "Memory", "load to use, third level", cycles, 30, "7cpu", parameter, "26 to 34 by slice"},
    {"load_memory", "Memory", "load to use, memory", cycles, 194, "7cpu", emerges, "30 cycles + 53 ns"},
    {"chase_32k", "Memory", "pointers at random over 32 KiB", cycles, 4, "7cpu", parameter},
    {"chase_64k", "Memory", "64 KiB", cycles, 8, "7cpu", emerges},
    {"chase_128k", "Memory", "128 KiB", cycles, 10, "7cpu", emerges},
    {"chase_256k", "Memory", "256 KiB", cycles, 11, "7cpu", emerges},
    {"chase_512k", "Memory", "512 KiB", cycles, 21, "7cpu", emerges},
    {"chase_1m", "Memory", "1 MiB", cycles, 26, "7cpu", emerges},
    {"chase_2m", "Memory", "2 MiB", cycles, 28, "7cpu", emerges},
    {"chase_4m", "Memory", "4 MiB", cycles, 29, "7cpu", emerges},
    {"line_order_l3", "Memory", "lines in order, third level", cycles, 13, "mem", emerges, "prefetched"},
    {"pair_order_l3", "Memory", "every second line, third level", cycles, 16, "mem", emerges, "prefetched"},
    {"far_order_l3", "Memory", "every fourth line, third level", cycles, 31, "mem", emerges,
     "not prefetched"},
    {"line_order_memory", "Memory", "lines in order, memory", cycles, 17.7, "mem", emerges,
     "prefetched; 20 cycles at 3.5 GHz"},

    {"tlb_second_level", "Translation", "load, third level, 256 pages at random", cycles, 37, "mem", emerges,
     "a miss of the first-level TLB"},
    {"tlb_walk", "Translation", "load, third level, 1,024 pages at random", cycles, 47, "mem", emerges,
     "a page walk"},

    {"clean_elsewhere", "Several cores", "load of a line that another core has read", cycles, 43, "toplev",
     parameter},
    {"modified_elsewhere", "Several cores", "load of a line that another core has modified", cycles, 60,
     "toplev", parameter},
    {"interrupt_message", "Several cores", "interrupt sent to a running core", cycles, 1913, "sky", parameter,
     "Skylake; recalled; to the handler's first instruction"},

    {"mispredict", "Branches", "wrong prediction", cycles, 15, "agner", emerges, "Sandy Bridge: 15 or more"},
    {"return_stack_depth", "Branches", "nested calls whose returns are predicted", entries, 16, "ras",
     parameter},

    {"mfence", "System", "`mfence`", cycles, 36.3, "inst", parameter},
    {"sfence", "System", "`sfence`", cycles, 6, "inst", parameter},
    {"lfence", "System", "`lfence`", cycles, 4.3, "inst", parameter},
    {"lock_add", "System", "`lock add m,r`", cycles, 22, "inst", parameter},
    {"xchg_memory", "System", "`xchg r,m`", cycles, 22, "inst", parameter},
    {"pause", "System", "`pause`", cycles, 10, "inst", parameter},
    {"read_tsc", "System", "`rdtsc`", cycles, 27, "inst", parameter},
    {"push_pop_flags", "System", "`pushfq` + `popfq`", cycles, 23, "inst", parameter},
    {"cpuid", "System", "`cpuid`, leaf 0", cycles, 100.8, "inst", parameter, "340 for leaf 1"},
    {"swapgs", "System", "`swapgs`", cycles, 26, "sky", parameter, "Skylake"},
    {"cr3_flush", "System", "`mov cr3`, the same table", cycles, 186, "sky", parameter, "Skylake"},
    {"syscall_bare", "System", "`syscall` + `sysret`", cycles, 157, "sky", parameter, "Skylake: 82 + 75"},
    {"syscall_kernel", "System", "system call that does nothing", cycles, 181, "sky", emerges,
     "Skylake; with two `swapgs` and a stack",
     "the parts that the same source gives, 82 + 75 and twice 26, are 209: on silicon they overlap, here "
     "each stops the pipeline"},
    {"interrupt_gate", "System", "`int` + `iretq`", cycles, 610, "blitz", parameter,
     "in a virtual machine, processor not stated"},
};

}  // namespace

std::span<const Published> published() { return rows; }

}  // namespace stile::fidelity
