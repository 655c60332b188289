// SPDX-License-Identifier: Apache-2.0
//
// Architectural state of one core, and nothing else: what a checkpoint would have to hold.
#pragma once

#include <array>
#include <cstdint>

#include "abi/codoms.h"
#include "isa/uop.h"

namespace stile::model {

// RFLAGS bits (Intel SDM vol. 1, 3.4.3).
namespace flag {
enum : uint32_t {
    CF = 1,
    PF = 4,
    AF = 16,
    ZF = 64,
    SF = 128,
    TF = 256,
    IF = 512,
    DF = 1024,
    OF = 2048,
    NT = 1 << 14,
    RF = 1 << 16,
    AC = 1 << 18,
    ID = 1 << 21
};
inline constexpr uint32_t arithmetic = CF | PF | AF | ZF | SF | OF;
}  // namespace flag

struct alignas(16) Xmm {
    uint64_t lo = 0, hi = 0;
};

struct alignas(16) X87Register {
    uint64_t significand = 0;  // of MMX, the whole register
    uint16_t sign_exponent = 0;
};

struct X87State {
    std::array<X87Register, 9>
        st{};  // physical registers; st(i) = st[(top + i) & 7]; [8] is a temporary of MMX
    uint16_t control = 0x37f, status = 0;
    uint8_t top = 0, tag = 0;  // tag: bit i set = physical register i in use
};

struct SegmentBase {
    uint64_t base = 0;
    uint16_t selector = 0;
};

struct TableRegister {
    uint64_t base = 0;
    uint16_t limit = 0;
};

// {current domain, pending transfer}; see abi/codoms.h.
struct TransferLatch {
    uint16_t tag = 0;
    uint8_t kind = STILE_XFER_SEQ;
    uint64_t return_address = 0;
};

struct CodomsState {
    uint64_t control = 0;       // STILE_MSR_CD_CTL
    TransferLatch latch;        // live at ring 3
    TransferLatch saved_latch;  // of the interrupted ring-3 code, while at ring 0
    uint64_t dcs_ptr = 0, dcs_base = 0, dcs_limit = 0;
    uint64_t kcs = 0;
    uint64_t apl_root = 0;      // where misses of the APL cache are answered from
    uint64_t depth = 0;         // of the running activation
    std::array<stile_cap, STILE_CAP_REGS> caps{};
    uint16_t fault_from = 0, fault_to = 0;
    uint32_t fault_right = 0;  // needed | had << 8
    uint64_t fault_rip = 0;
};

struct CpuState {
    std::array<uint64_t, isa::NUM_REGS> r{};  // isa::ZERO stays 0; temporaries are not architectural
    uint64_t rip = 0;
    // Status flags are kept lazily by the execution engine (model/core/exec/flags.h); the others live here.
    uint32_t rflags_system = 2;  // everything but the arithmetic flags
    std::array<Xmm, 17> xmm{};   // [16] is a temporary
    uint32_t mxcsr = 0x1f80;
    X87State x87;

    uint8_t cpl = 0;
    uint64_t cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, efer = 0;
    SegmentBase fs, gs;
    uint64_t kernel_gs_base = 0;
    uint16_t cs = 0, ss = 0, ds = 0, es = 0, tr = 0, ldtr = 0;
    std::array<uint8_t, 6> segment_ring{3, 3, 3, 3, 3, 3};  // outermost that may keep es, -, -, ds, fs, gs
    uint64_t tss_base = 0;
    TableRegister gdt, idt;
    uint64_t star = 0, lstar = 0, sfmask = 0, cstar = 0, pat = 0x0007040600070406ull, tsc_aux = 0;
    uint32_t pkru = 0;
    CodomsState cd;
    bool halted = false;
};

// Whether misaligned data raises #AC (Intel SDM vol. 3, 6.15, interrupt 17).
inline bool alignment_checked(const CpuState& s) {
    constexpr uint64_t cr0_am = 1 << 18;
    return s.cpl == 3 && (s.rflags_system & flag::AC) && (s.cr0 & cr0_am);
}

}  // namespace stile::model
