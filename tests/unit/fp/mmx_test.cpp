// SPDX-License-Identifier: Apache-2.0
//
// Do MMX and x87 share their registers as on a processor, and does MMX raise what it should, in the right
// order and before anything changes?
#include <gtest/gtest.h>

#include "tests/unit/fp/native.h"

namespace stile::model::test {
namespace {

using Code = std::vector<uint8_t>;
constexpr uint64_t em = 4, ts = 8, osfxsr = 0x200;

class Mmx : public testing::Test {
  protected:
    // On the host and here, from stacks in any state; `first`, `bytes`: memory that is not compared.
    void compare(const char* what, const Code& code, unsigned first = 0, unsigned bytes = 0) {
        const Native::Stub stub = native_.make(code);
        const uint64_t address = simulated_.make(code);
        for (unsigned i = 0; i < 1000; ++i) {
            FpState want = random_.state(true), got = want;
            ASSERT_TRUE(native_.run(stub, want)) << what;
            ASSERT_EQ(simulated_.run(address, got), -1) << what;
            std::fill_n(want.memory.begin() + first, bytes, uint8_t{0});
            std::fill_n(got.memory.begin() + first, bytes, uint8_t{0});
            ASSERT_EQ(differences(want, got), "") << what;
        }
    }
    int vector_of(const Code& code, FpState& state) { return simulated_.run(simulated_.make(code), state); }
    int vector_of(const Code& code) {
        FpState s = plain();
        return vector_of(code, s);
    }
    // Exceptions masked, none pending, some registers in use.
    FpState plain() {
        FpState s = random_.state(true);
        s.control() = 0x37f;
        s.mxcsr() = 0x1f80;
        return s;
    }
    CpuState& cpu() { return simulated_.rig().core->state(); }

    Native native_;
    Simulated simulated_;
    Operands random_{11};
};

TEST_F(Mmx, SharesItsRegistersWithX87) {
    // fincstp; movq mm3, [rdi]; fld st(3): what MMX wrote is a NaN to x87
    compare("movq, fld", {0xd9, 0xf7, 0x0f, 0x6f, 0x1f, 0xd9, 0xc3});
    // fld tbyte [rdi]; movq [rdi + 64], mm7; movq [rdi + 72], mm0
    compare("fld, movq", {0xdb, 0x2f, 0x0f, 0x7f, 0x7f, 0x40, 0x0f, 0x7f, 0x47, 0x48});
    // paddb mm0, mm1; emms; fld1; fld tbyte [rdi]; faddp
    compare("emms", {0x0f, 0xfc, 0xc1, 0x0f, 0x77, 0xd9, 0xe8, 0xdb, 0x2f, 0xde, 0xc1});
    // fninit; pcmpeqd mm5, mm5; fxam; fstp st(1); fxam
    compare("fxam", {0xdb, 0xe3, 0x0f, 0x76, 0xed, 0xd9, 0xe5, 0xdd, 0xd9, 0xd9, 0xe5});
}

TEST_F(Mmx, IsInEveryImageOfTheUnit) {
    // movd mm2, eax; fnsave [rdi]: tag word, registers
    compare("fnsave", {0x0f, 0x6e, 0xd0, 0xdd, 0x37}, 12, 16);
    // movd mm2, eax; fnstenv [rdi]
    compare("fnstenv", {0x0f, 0x6e, 0xd0, 0xd9, 0x37}, 12, 16);
    // movq mm1, [rdi + 8]; fxsave [rdi]; movq mm1, mm2; fxrstor [rdi]
    compare("fxsave", {0x0f, 0x6f, 0x4f, 0x08, 0x0f, 0xae, 0x07, 0x0f, 0x6f, 0xca, 0x0f, 0xae, 0x0f}, 5, 27);
    // frstor [rdi]; paddw mm1, mm2
    compare("frstor", {0xdd, 0x27, 0xdb, 0xe2, 0x0f, 0xfd, 0xca});
}

TEST_F(Mmx, RexDoesNotReachMmxRegisters) {
    compare("paddb", {0x4d, 0x0f, 0xfc, 0xc1});
    compare("movq2dq", {0xf3, 0x4d, 0x0f, 0xd6, 0xc1});     // xmm8, mm1
    compare("movdq2q", {0xf2, 0x45, 0x0f, 0xd6, 0xc1});     // mm0, xmm9
    compare("pmovmskb", {0x44, 0x0f, 0xd7, 0xc1});          // r8d, mm1
    compare("movq", {0x49, 0x0f, 0x6e, 0xc8});              // mm1, r8
    compare("pinsrw", {0x45, 0x0f, 0xc4, 0xc8, 0x07});      // mm1, r8d, 3
    compare("movq store", {0x4c, 0x0f, 0x7f, 0x4f, 0x10});  // [rdi + 16], mm1
}

TEST_F(Mmx, ControlRegistersDecideWhetherItRuns) {
    const Code paddb{0x0f, 0xfc, 0xc1}, emms{0x0f, 0x77}, pavgb{0x0f, 0xe0, 0xc1},
        movq2dq{0xf3, 0x0f, 0xd6, 0xc1}, cvtpi2pd_m{0x66, 0x0f, 0x2a, 0x07};
    struct Case {
        uint64_t cr0_set, cr4_clear;
        int mmx, both;
    };
    const Case cases[] = {{0, 0, -1, -1},          {ts, 0, VEC_NM, VEC_NM},
                          {em, 0, VEC_UD, VEC_UD}, {em | ts, 0, VEC_UD, VEC_UD},
                          {0, osfxsr, -1, VEC_UD}, {ts, osfxsr, VEC_NM, VEC_UD}};
    const uint64_t cr0 = cpu().cr0, cr4 = cpu().cr4;
    for (const Case& c : cases) {
        cpu().cr0 = cr0 | c.cr0_set;
        cpu().cr4 = cr4 & ~c.cr4_clear;
        for (const Code& code : {paddb, emms, pavgb})
            EXPECT_EQ(vector_of(code), c.mmx) << std::hex << c.cr0_set;
        for (const Code& code : {movq2dq, cvtpi2pd_m})
            EXPECT_EQ(vector_of(code), c.both) << std::hex << c.cr0_set;
        cpu().cr0 = cr0;
        cpu().cr4 = cr4;
    }
}

TEST_F(Mmx, PendingX87ExceptionComesFirst) {
    const uint64_t cr0 = cpu().cr0;
    const auto run = [this](const Code& code, uint64_t set = 0) {
        FpState s = plain();
        s.control() = 0x37e;
        s.status() |= 1;
        const FpState before = s;
        cpu().cr0 |= set;
        const int vector = vector_of(code, s);
        cpu().cr0 &= ~set;
        if (vector != -1) {
            EXPECT_EQ(s.tags(), before.fx[4]);
        }
        return vector;
    };
    EXPECT_EQ(run({0x0f, 0xfc, 0xc1}), VEC_MF);          // paddb
    EXPECT_EQ(run({0x0f, 0x77}), VEC_MF);                // emms
    EXPECT_EQ(run({0xf2, 0x0f, 0xd6, 0xc1}), VEC_MF);    // movdq2q
    EXPECT_EQ(run({0x0f, 0x2d, 0xc1}), VEC_MF);          // cvtps2pi
    EXPECT_EQ(run({0x66, 0x0f, 0x2a, 0xc1}), VEC_MF);    // cvtpi2pd xmm0, mm1
    EXPECT_EQ(run({0x66, 0x0f, 0x2a, 0x07}), -1);        // cvtpi2pd xmm0, [rdi]
    EXPECT_EQ(run({0xdb, 0xe2, 0x0f, 0xfc, 0xc1}), -1);  // fnclex; paddb
    EXPECT_EQ(run({0x0f, 0xfc, 0xc1}, ts), VEC_NM);      // the task switch before that
    EXPECT_EQ(run({0x0f, 0xfc, 0xc1}, em), VEC_UD);      // no MMX at all
    // paddb mm0, [rdi + 0x300000], which is not mapped
    EXPECT_EQ(run({0x0f, 0xfc, 0x87, 0, 0, 0x30, 0}), VEC_MF);
    // An x87 instruction of the same block may leave one: fld1; fldz; fdivp; paddb
    FpState s = plain();
    s.tags() = 0;
    s.control() = 0x37b;
    EXPECT_EQ(vector_of({0x0f, 0x77, 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x0f, 0xfc, 0xc1}, s), VEC_MF);
    EXPECT_EQ(cpu().cr0, cr0);
}

// 0x500000 is not mapped; rdi is 0x200000.
TEST_F(Mmx, FaultingAccessesLeaveTheUnitToX87) {
    const Code accesses[] = {{0x0f, 0x6f, 0x87, 0xfc, 0xff, 0x2f, 0x00},         // movq mm0, [rdi + 0x2ffffc]
                             {0x0f, 0x7f, 0x87, 0xfc, 0xff, 0x2f, 0x00},         // movq [...], mm0
                             {0x0f, 0xe7, 0x87, 0xfc, 0xff, 0x2f, 0x00},         // movntq
                             {0x0f, 0x7e, 0x87, 0xfe, 0xff, 0x2f, 0x00},         // movd [rdi + 0x2ffffe], mm0
                             {0x0f, 0xfc, 0x87, 0xfc, 0xff, 0x2f, 0x00},         // paddb
                             {0x0f, 0xc4, 0x87, 0xff, 0xff, 0x2f, 0x00, 1},      // pinsrw
                             {0x0f, 0x2d, 0x87, 0xfc, 0xff, 0x2f, 0x00},         // cvtps2pi
                             {0x66, 0x0f, 0x2d, 0x87, 0x00, 0x00, 0x30, 0x00}};  // cvtpd2pi
    uint8_t* page = simulated_.rig().memory.host(0x4ff000);
    for (const Code& code : accesses) {
        std::fill_n(page, 4096, 0x5a);
        FpState before = plain(), after = before;
        EXPECT_EQ(vector_of(code, after), VEC_PF);
        EXPECT_EQ(cpu().cr2, 0x500000u);
        EXPECT_EQ(differences(before, after), "");
        EXPECT_EQ(std::count(page, page + 4096, 0x5a), 4096);
    }
    // Eight bytes need no alignment, sixteen do.
    FpState before = plain(), after = before;
    EXPECT_EQ(vector_of({0x66, 0x0f, 0x2d, 0x47, 0x08}, after), VEC_GP);  // cvtpd2pi mm0, [rdi + 8]
    EXPECT_EQ(differences(before, after), "");
    EXPECT_EQ(vector_of({0x0f, 0xfc, 0x47, 0x03}), -1);
    EXPECT_EQ(vector_of({0x0f, 0x2d, 0x47, 0x03}), -1);
}

TEST_F(Mmx, MaskedStoreWritesSelectedBytes) {
    FpState s = plain();
    for (unsigned i = 0; i < 8; ++i) s.memory[256 + i] = static_cast<uint8_t>(0x80 >> (i & 1));
    // movq mm1, [rdi + 256]; pcmpeqd mm0, mm0; maskmovq mm0, mm1
    ASSERT_EQ(vector_of({0x0f, 0x6f, 0x8f, 0, 1, 0, 0, 0x0f, 0x76, 0xc0, 0x0f, 0xf7, 0xc1}, s), -1);
    const uint8_t* now = simulated_.rig().memory.host(data_at);
    EXPECT_EQ(now[0] & now[2] & now[4] & now[6], 0xff);
    compare("maskmovq", {0x0f, 0x6f, 0x8f, 0, 1, 0, 0, 0x0f, 0xf7, 0xc1});
}

}  // namespace
}  // namespace stile::model::test
