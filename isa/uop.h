// SPDX-License-Identifier: Apache-2.0
//
// Micro-operations: what an x86-64 instruction becomes, once, before it is executed many times.
//
// A micro-op reads registers a, b, c and an immediate, and writes register dst. Memory micro-ops address
// a + (b << scale) + disp + segment base. Registers are one flat array: the 16 general ones, four
// temporaries, a zero, and the virtual address of the block's first byte, so that absent base, absent index
// and RIP-relative addressing need no special case. An instruction that can fault does so in a micro-op that
// comes before any that changes architectural state: `ldw` (load and check for write) makes a later store
// to the same place safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace stile::isa {

// clang-format off
enum Reg : uint8_t {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
    T0, T1, T2, T3,  // live within one instruction only
    ZERO,            // always 0
    PCBASE,          // virtual address of the first byte of the running block
    NUM_REGS,
    // Fields of floating-point and vector micro-ops only (isa/ops_fp.def): not in the flat array.
    XMM0 = 32,       // XMM0 + i, i in 0..15
    XMM_TEMP = 48,   // lives within one instruction only
    X87 = 49,        // the x87 stack as a whole
    MMX0 = 50,       // MMX0 + i, i in 0..7
    MMX_TEMP = 58,   // lives within one instruction only
    CAP0 = 59,       // CAP0 + i, i in 0..7: capability registers, which micro-ops name in imm
    CAPS = 67,       // the depth and the domain capability stack
    NUM_NAMED_REGS   // for who keeps something for each of them
};

enum Seg : uint8_t { SEG_NONE, SEG_FS, SEG_GS };

// Latency class, looked up in the machine's table of instruction latencies.
enum class OpClass : uint8_t {
    none,  // takes no execution slot (markers, nop)
    alu, carry, cmov, bits, shift, shift_cl, mul, div32, div64, div_wide, lea, lea_complex, branch, load, store, lock,
    fence, lfence, sfence, string, vec_move, vec_int, vec_shift, vec_mul, vec_to_int, int_to_vec, fp_add, fp_mul, fp_div,
    fp_div_s, fp_sqrt, fp_sqrt_s, fp_cvt, capability, x87, x87_slow,
    sys_syscall, sys_sysret, sys_iret, sys_iret_same, sys_int, sys_interrupt, sys_wake, sys_swapgs,
    sys_msr_read, sys_msr_write, sys_msr_base, sys_apic_read, sys_apic_write, sys_apic_icr,
    sys_cr_read, sys_cr3_write, sys_cr3_keep, sys_cr_write, sys_clts, sys_invlpg, sys_segbase, sys_segbase_read,
    sys_pkru_read, sys_pkru_write,
    sys_segment, sys_rdtsc, sys_rdtscp, sys_cpuid, sys_pushf, sys_popf, sys_cli, sys_sti, sys_hlt, sys_pause,
    sys_table, sys_task, sys_wbinvd, codoms, count
};

// clang-format on

// What every micro-op of a kind has in common; one row per line of ops.def.
struct OpInfo {
    const char* name;
    OpClass cls;
    bool reads_a, reads_b, reads_c, writes_dst;
    bool reads_flags, writes_flags;
    bool load, store;  // appends one event per access to the block's memory log
    bool ends_block;
};

enum class Op : uint16_t {
#define STILE_OP(name, ...) name,
#include "isa/ops.def"
#undef STILE_OP
    count
};
const OpInfo& op_info(Op op);

struct Uop {
    const void* handler = nullptr;  // filled in by whoever executes; nothing in isa/ reads it
    uint64_t imm = 0;
    int32_t disp = 0;
    Op op{};
    uint8_t dst = ZERO, a = ZERO, b = ZERO, c = ZERO;
    uint8_t scale = 0;  // shift count of b in an address
    uint8_t seg = SEG_NONE;
    uint8_t size = 0;  // operand size in bytes where the op's name does not say it
    uint8_t insn = 0;  // index of the instruction within the block
    uint8_t aux = 0;   // condition code, repeat kind, x87 or shuffle selector: the op defines it
    bool stack = false;  // a memory operand of the stack segment, though `a` no longer is RSP or RBP
};
static_assert(sizeof(Uop) == 32);

// One instruction of a block: where it is, and where its micro-ops begin.
struct InsnInfo {
    uint16_t offset;    // bytes from the block's first byte
    uint8_t length;     // bytes
    uint8_t first_uop;  // blocks hold at most 255 micro-ops
};

struct BlockCode {
    std::vector<Uop> uops;  // the last one ends the block
    std::vector<InsnInfo> insns;
    uint32_t bytes = 0;       // length of all instructions together
    unsigned markers = 0;     // how many of the instructions are markers, which do not count
    bool straddles = false;   // one instruction that continues on the next page
    bool needs_more = false;  // empty block: the bytes end inside the first instruction
};

}  // namespace stile::isa
