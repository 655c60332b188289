// SPDX-License-Identifier: Apache-2.0
//
// Are control words and the memory images of x87 and SSE state those of a processor, and do the exceptions
// that depend on control registers, alignment and pages come before anything changes?
#include <gtest/gtest.h>

#include "tests/unit/fp/native.h"
#include "tests/unit/fp/vendor.h"

namespace stile::model::test {
namespace {

using Code = std::vector<uint8_t>;

class State : public testing::Test {
  protected:
    // `prepare` puts into the buffer what the instruction loads; `forget` clears what the architecture leaves
    // open.
    template <class P, class F>
    void compare(const Code& code, P prepare, F forget) {
        const Native::Stub stub = native_.make(code);
        const uint64_t address = simulated_.make(code);
        for (unsigned i = 0; i < 1000; ++i) {
            FpState want = random_.state(true);
            prepare(want);
            FpState got = want;
            ASSERT_TRUE(native_.run(stub, want));
            ASSERT_EQ(simulated_.run(address, got), -1);
            forget(want);
            forget(got);
            const std::string diff = differences(want, got);
            ASSERT_EQ(diff, "");
        }
    }
    int vector_of(const Code& code, FpState& state) { return simulated_.run(simulated_.make(code), state); }
    CpuState& cpu() { return simulated_.rig().core->state(); }

    Native native_;
    Simulated simulated_;
    Operands random_{7};
};

const auto nothing = [](FpState&) {};

void clear(FpState& s, unsigned from, unsigned to) {
    std::fill(s.memory.begin() + from, s.memory.begin() + to, 0);
}

TEST_F(State, ControlWordKeepsWhatAProcessorKeeps) {
    // fldcw [rdi]; fnstcw [rdi + 16], also where the new masks make an old exception pending
    // Which of the reserved bits stay is the vendor's choice; ours: bit 6 is 1, 7 and 13 to 15 are 0.
    compare(
        {0xd9, 0x2f, 0xd9, 0x7f, 0x10}, [this](FpState& s) { s.status() |= random_.bits() & 0x3f; },
        [](FpState& s) {
            if (host_is_amd()) return;
            s.control() &= 0x1f3f;
            s.memory[16] &= 0x3f;
            s.memory[17] &= 0x1f;
            s.status() &= 0x38ff;
        });
    FpState s = random_.state();
    s.control() = 0x37f;
    s.memory[0] = s.memory[1] = 0xff;
    EXPECT_EQ(vector_of({0xd9, 0x2f}, s), -1);
    EXPECT_EQ(s.control(), 0x1f7f);
}

TEST_F(State, StatusWordToMemoryAndAx) {
    compare(
        {0xdd, 0x3f, 0xdf, 0xe0}, [this](FpState& s) { s.status() |= random_.bits() & 0x473f; }, nothing);
}

// Bytes 12 to 25 (6 to 13 of the short form) point to the last instruction and operand: ours are zero.
TEST_F(State, EnvironmentImage) {
    compare({0xd9, 0x37}, nothing, [](FpState& s) { clear(s, 12, 28); });       // fnstenv [rdi]
    compare({0x66, 0xd9, 0x37}, nothing, [](FpState& s) { clear(s, 6, 14); });  // the short form
}

TEST_F(State, EnvironmentLoads) {
    compare({0xd9, 0x27}, nothing, nothing);  // fldenv [rdi] of anything
    compare({0x66, 0xd9, 0x27}, nothing, nothing);
}

TEST_F(State, SaveAndRestore) {
    compare({0xdd, 0x37}, nothing, [](FpState& s) { clear(s, 12, 28); });  // fnsave [rdi]
    compare({0x66, 0xdd, 0x37}, nothing, [](FpState& s) { clear(s, 6, 14); });
    compare({0xdd, 0x27}, nothing, nothing);  // frstor [rdi]
    compare({0x66, 0xdd, 0x27}, nothing, nothing);
}

TEST_F(State, FxsaveImage) {
    // Pointers; and which bits MXCSR has, of which processors differ.
    const auto pointers = [](FpState& s) {
        clear(s, 5, 24);
        clear(s, 28, 32);
    };
    compare({0x0f, 0xae, 0x07}, nothing, pointers);
    compare({0x48, 0x0f, 0xae, 0x07}, nothing, pointers);
    // fxrstor takes what fxsave gives, with any MXCSR that has no reserved bit.
    compare(
        {0x0f, 0xae, 0x0f}, [](FpState& s) { clear(s, 26, 28); }, nothing);
    compare(
        {0x48, 0x0f, 0xae, 0x0f}, [](FpState& s) { clear(s, 26, 28); }, nothing);
}

TEST_F(State, MxcsrLoadsAndStores) {
    // ldmxcsr [rdi]; stmxcsr [rdi + 16]
    compare(
        {0x0f, 0xae, 0x17, 0x0f, 0xae, 0x5f, 0x10}, [](FpState& s) { clear(s, 2, 4); }, nothing);
}

TEST_F(State, ReservedMxcsrBitsAreRefused) {
    for (const Code& code : {Code{0x0f, 0xae, 0x17}, Code{0x0f, 0xae, 0x0f}}) {  // ldmxcsr, fxrstor
        FpState s = random_.state();
        const unsigned at = code.back() == 0x17 ? 0 : 24;
        clear(s, 0, 512);
        s.memory[at + 2] = 1;
        const uint32_t before = s.mxcsr();
        EXPECT_EQ(vector_of(code, s), VEC_GP);
        EXPECT_EQ(s.mxcsr(), before);
    }
}

TEST_F(State, ControlRegistersDecideWhetherTheUnitsRun) {
    const Code sse{0x0f, 0x58, 0xc1}, x87{0xd9, 0xe8}, wait{0x9b}, save{0x0f, 0xae, 0x07};
    const uint64_t cr0 = cpu().cr0, cr4 = cpu().cr4;
    const uint64_t mp = 2, em = 4, ts = 8, osfxsr = 0x200;
    struct Case {
        uint64_t cr0_set, cr0_clear, cr4_clear;
        int sse, x87, wait, save;
    };
    const Case cases[] = {{mp, 0, 0, -1, -1, -1, -1},
                          {ts | mp, 0, 0, VEC_NM, VEC_NM, VEC_NM, VEC_NM},
                          {ts, mp, 0, VEC_NM, VEC_NM, -1, VEC_NM},
                          {em, 0, 0, VEC_UD, VEC_NM, -1, VEC_NM},
                          {em | ts | mp, 0, 0, VEC_UD, VEC_NM, VEC_NM, VEC_NM},
                          {0, 0, osfxsr, VEC_UD, -1, -1, -1}};
    for (const Case& c : cases) {
        cpu().cr0 = (cr0 & ~c.cr0_clear) | c.cr0_set;
        cpu().cr4 = cr4 & ~c.cr4_clear;
        FpState s;
        s.control() = 0x37f;
        s.mxcsr() = 0x1f80;
        FpState one = s, two = s, three = s, four = s;
        EXPECT_EQ(vector_of(sse, one), c.sse) << std::hex << c.cr0_set << " " << c.cr4_clear;
        EXPECT_EQ(vector_of(x87, two), c.x87) << std::hex << c.cr0_set;
        EXPECT_EQ(vector_of(wait, three), c.wait) << std::hex << c.cr0_set;
        EXPECT_EQ(vector_of(save, four), c.save) << std::hex << c.cr0_set;
        EXPECT_EQ(two.tags(), c.x87 < 0 ? 0x80 : 0);
    }
}

TEST_F(State, PendingExceptionStopsTheNextWaitingInstruction) {
    FpState s = random_.state();
    s.control() = 0x37e;  // invalid is unmasked
    s.status() = 1;
    const auto run = [&s, this](const Code& code) {
        FpState copy = s;
        return vector_of(code, copy);
    };
    EXPECT_EQ(run({0xd9, 0xe8}), VEC_MF);          // fld1
    EXPECT_EQ(run({0x9b}), VEC_MF);                // fwait
    EXPECT_EQ(run({0xdd, 0x1f}), VEC_MF);          // fstp [rdi]
    EXPECT_EQ(run({0xd9, 0x2f}), VEC_MF);          // fldcw
    EXPECT_EQ(run({0xdf, 0xe0}), -1);              // fnstsw ax
    EXPECT_EQ(run({0xd9, 0x37}), -1);              // fnstenv
    EXPECT_EQ(run({0xdb, 0xe2, 0x9b}), -1);        // fnclex; fwait
    EXPECT_EQ(run({0xdb, 0xe3, 0xd9, 0xe8}), -1);  // fninit; fld1
}

TEST_F(State, SimdExceptionNeedsItsVectorSwitchedOn) {
    const Code sqrt{0xf2, 0x0f, 0x51, 0xc0};  // sqrtsd xmm0, xmm0
    FpState s;
    s.control() = 0x37f;
    s.mxcsr() = 0x1f80 & ~0x80u;
    s.xmm(0)[7] = 0xc0;  // negative
    FpState with = s, without = s;
    EXPECT_EQ(vector_of(sqrt, with), VEC_XM);
    EXPECT_EQ(with.mxcsr(), s.mxcsr() | 1);
    EXPECT_EQ(with.xmm(0)[7], 0xc0);
    cpu().cr4 &= ~0x400ull;
    EXPECT_EQ(vector_of(sqrt, without), VEC_UD);
}

TEST_F(State, AlignmentIsAskedForWhereTheArchitectureDoes) {
    const auto run = [this](const Code& code) {
        FpState s = random_.state();
        return vector_of(code, s);
    };
    EXPECT_EQ(run({0x0f, 0x28, 0x47, 0x08}), VEC_GP);        // movaps xmm0, [rdi + 8]
    EXPECT_EQ(run({0x0f, 0x29, 0x47, 0x08}), VEC_GP);        // movaps [rdi + 8], xmm0
    EXPECT_EQ(run({0x66, 0x0f, 0xfe, 0x47, 0x04}), VEC_GP);  // paddd xmm0, [rdi + 4]
    EXPECT_EQ(run({0x66, 0x0f, 0xe7, 0x47, 0x04}), VEC_GP);  // movntdq
    EXPECT_EQ(run({0x0f, 0xae, 0x47, 0x08}), VEC_GP);        // fxsave [rdi + 8]
    EXPECT_EQ(run({0x0f, 0x10, 0x47, 0x07}), -1);            // movups
    EXPECT_EQ(run({0xf2, 0x0f, 0x58, 0x47, 0x01}), -1);      // addsd xmm0, [rdi + 1]
    EXPECT_EQ(run({0x0f, 0x5a, 0x47, 0x01}), -1);            // cvtps2pd xmm0, [rdi + 1]: 8 bytes
}

// Stores that run into a page that is not there: 0x500000 is the first such, rdi is 0x200000.
TEST_F(State, FaultingStoresLeaveEverythingAsItWas) {
    const Code stores[] = {
        {0xdb, 0xbf, 0xfa, 0xff, 0x2f, 0x00},        // fstp tbyte [rdi + 0x2ffffa]
        {0xdd, 0x9f, 0xfc, 0xff, 0x2f, 0x00},        // fstp qword [rdi + 0x2ffffc]
        {0xdd, 0xb7, 0xc0, 0xff, 0x2f, 0x00},        // fnsave [rdi + 0x2fffc0]
        {0x0f, 0xae, 0x87, 0x00, 0xff, 0x2f, 0x00},  // fxsave [rdi + 0x2fff00]
        {0x0f, 0xae, 0x87, 0x60, 0xfe, 0x2f, 0x00},  // fxsave [rdi + 0x2ffe60]: 416 bytes, and 96 not written
        {0x0f, 0xae, 0x8f, 0x60, 0xfe, 0x2f, 0x00},  // fxrstor
        {0x0f, 0x11, 0x87, 0xf8, 0xff, 0x2f, 0x00},  // movups [rdi + 0x2ffff8], xmm0
        {0xd9, 0x87, 0xfe, 0xff, 0x2f, 0x00},        // fld dword [rdi + 0x2ffffe]
    };
    uint8_t* page = simulated_.rig().memory.host(0x4ff000);
    for (const Code& code : stores) {
        std::fill_n(page, 4096, 0x5a);
        const FpState start = random_.state();
        FpState before = start, after = start;
        EXPECT_EQ(vector_of(code, after), VEC_PF);
        EXPECT_EQ(cpu().cr2 >> 12, 0x500u);
        EXPECT_EQ(differences(before, after), "");
        EXPECT_EQ(std::count(page, page + 4096, 0x5a), 4096);
    }
}

// The whole operand must be writable, selected or not: 0x500000 is not mapped.
TEST_F(State, MaskedStoreChecksAllBytesAndTouchesSelectedOnes) {
    const Code code{0x48, 0x81, 0xc7, 0xf8, 0xff, 0x2f,
                    0,    0x66, 0x0f, 0xf7, 0xc1};  // rdi + 0x2ffff8; maskmovdqu
    uint8_t* page = simulated_.rig().memory.host(0x4ff000);
    std::fill_n(page, 4096, 0x5a);
    FpState s = random_.state();
    std::fill_n(s.xmm(1), 16, uint8_t{0});
    for (const uint8_t first : {0, 0x80}) {
        s.xmm(1)[0] = first;
        FpState copy = s;
        EXPECT_EQ(vector_of(code, copy), VEC_PF);
        EXPECT_EQ(cpu().cr2, 0x500000u);
        EXPECT_EQ(std::count(page, page + 4096, 0x5a), 4096);
    }
    Code inside = code;
    inside[3] = 0xf0;  // the last 16 bytes of the page
    FpState copy = s;
    std::fill_n(copy.xmm(0), 16, uint8_t{0x77});
    EXPECT_EQ(vector_of(inside, copy), -1);
    EXPECT_EQ(page[4080], 0x77);
    EXPECT_EQ(std::count(page, page + 4096, 0x5a), 4095);
}

}  // namespace
}  // namespace stile::model::test
