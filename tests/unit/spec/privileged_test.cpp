// SPDX-License-Identifier: Apache-2.0
//
// Section 7 of docs/codoms.md: what only ring 0 and privileged pages may execute.
#include "tests/unit/spec/scene.h"

namespace stile::isa::spec::test {

namespace {

constexpr uint64_t FRAME = STORAGE + 128;

class Privileged : public Scene {};

TEST_F(Privileged, ring_0_or_a_privileged_page) {
    word(OWN, 0);
    for (int k = 0; k <= static_cast<int>(Op::wrdcs); ++k) {
        const auto op = static_cast<Op>(k);
        // The record of cd.aplfill lies in ordinary memory.
        const uint64_t address = op == Op::aplfill ? OWN : FRAME;
        c.ring = 3;
        EXPECT_EQ(run(op, {.rip = OWN, .address = address}), gp()) << name(op);
        EXPECT_EQ(run(op, {.rip = PROXY + page_bytes - 1, .bytes = 3, .address = address}), gp())
            << name(op) << ": half of it is not on a privileged page";
        EXPECT_EQ(run(op, {.rip = PROXY, .bytes = 3, .address = address}), fine()) << name(op);
        w.checks.privileged = false;
        EXPECT_EQ(run(op, {.rip = OWN, .address = address}), fine()) << name(op);
        w.checks.privileged = true;
        kernel_for(ME);
        EXPECT_EQ(run(op, {.rip = KERNEL, .address = address}), fine()) << name(op);
        c.latch = {ME, STILE_XFER_SEQ, 0};
    }
}

TEST_F(Privileged, save_and_restore_are_each_others_reverse) {
    c.latch = {ME, STILE_XFER_SEQ, 0};
    c.saved_latch = {YOU, STILE_XFER_CALL, 0x1234};
    c.dcs_ptr = 1, c.dcs_base = 2, c.dcs_limit = 3, c.kcs = 4, c.depth = 4095;
    for (unsigned i = 0; i < STILE_CAP_REGS; ++i) c.caps[i] = cap(i, i, READ, YOU, STILE_CAP_SYNC, i);
    const Core before = c;
    EXPECT_EQ(run(Op::save, {.rip = PROXY, .address = FRAME}), fine());
    EXPECT_EQ(word(FRAME), uint64_t{YOU} | STILE_XFER_CALL << 16) << "the saved latch, not the running one";
    EXPECT_EQ(word(FRAME + 8), 0x1234u);
    EXPECT_EQ(word(FRAME + 48), 4095u);
    EXPECT_EQ(word(FRAME + 56), 0u);
    c = {};
    c.latch = before.latch;
    EXPECT_EQ(run(Op::restore, {.rip = PROXY, .address = FRAME}), fine());
    EXPECT_TRUE(c == before);
}

TEST_F(Privileged, restore_refuses_what_cannot_be) {
    const Instruction i{.rip = PROXY, .address = FRAME};
    EXPECT_EQ(run(Op::restore, i), fine());
    word(FRAME, 5 << 16);
    EXPECT_EQ(run(Op::restore, i), gp());
    word(FRAME, 1ull << 40);
    EXPECT_EQ(run(Op::restore, i), gp());
    word(FRAME, 4 << 16 | 0xffff);
    EXPECT_EQ(run(Op::restore, i), fine());
    word(FRAME + 48, 4096);
    EXPECT_EQ(run(Op::restore, i), gp());
    word(FRAME + 48, 4095);
    for (unsigned k = 0; k < STILE_CAP_REGS; ++k) {
        cell(FRAME + 64 + 32 * k, cap(1, 2, NIL, ME, STILE_CAP_RETURN));
        EXPECT_EQ(run(Op::restore, i), gp()) << k;
        cell(FRAME + 64 + 32 * k, cap(1, 2, READ, ME, STILE_CAP_EMPTY));
        EXPECT_EQ(run(Op::restore, i), fine()) << k;
        EXPECT_EQ(c.caps[k], stile_cap{}) << "all fields of an empty one are 0";
    }
    word(FRAME + 56, 1);
    EXPECT_EQ(run(Op::restore, i), fine()) << "the reserved word is not looked at";
}

TEST_F(Privileged, save_and_restore_are_capability_accesses) {
    for (const Op op : {Op::save, Op::restore}) {
        const bool s = op == Op::save;
        const unsigned flags = s ? STILE_CD_WRITE : 0, need = s ? WRITE : READ;
        EXPECT_EQ(run(op, {.rip = PROXY, .address = FRAME + 32}), gp());
        EXPECT_EQ(run(op, {.rip = PROXY, .address = OWN}), cd(STILE_CD_CAP_PAGE | flags, OWN, ME, ME, need));
        EXPECT_EQ(run(op, {.rip = PROXY, .address = STORAGE_2}),
                  cd(STILE_CD_RIGHT | flags, STORAGE_2, ME, YOU, need));
        EXPECT_EQ(run(op, {.rip = PROXY, .address = STORAGE_2 - 64}),
                  cd(STILE_CD_RIGHT | flags, STORAGE_2, ME, YOU, need))
            << "the second page";
        EXPECT_EQ(run(op, {.rip = PROXY, .address = MISSING}), pf(pf_user | (s ? pf_write : 0u), MISSING));
    }
    kernel_for(ME);
    EXPECT_EQ(run(Op::save, {.address = KERNEL}), fine());
    EXPECT_EQ(run(Op::save, {.address = OWN}),
              cd(STILE_CD_CAP_PAGE | STILE_CD_WRITE | STILE_CD_RING0, OWN, ME, ME, WRITE));
}

TEST_F(Privileged, aplfill_looks_at_number_and_tag) {
    w.apl_entries = 32;
    const Instruction i{.rip = PROXY, .address = OWN};
    word(OWN, 31);
    word(OWN + 8, 0xffff);
    EXPECT_EQ(run(Op::aplfill, i), fine());
    word(OWN, 32);
    EXPECT_EQ(run(Op::aplfill, i), gp());
    word(OWN, 31);
    word(OWN + 8, 0x10000);
    EXPECT_EQ(run(Op::aplfill, i), gp());
    EXPECT_EQ(run(Op::aplfill, {.rip = PROXY, .address = OTHER}), cd(STILE_CD_RIGHT, OTHER, ME, YOU, READ));
    EXPECT_EQ(run(Op::aplfill, {.rip = PROXY, .address = STORAGE}),
              cd(STILE_CD_CAP_PAGE, STORAGE, ME, ME, READ));
}

TEST_F(Privileged, registers_of_the_stack) {
    for (unsigned n = 0; n < 3; ++n)
        EXPECT_EQ(run(Op::wrdcs, {.rip = PROXY, .n = n, .r = 0xabc0 + n}), fine()) << "nothing is checked";
    EXPECT_EQ(c.dcs_ptr, 0xabc0u);
    EXPECT_EQ(c.dcs_base, 0xabc1u);
    EXPECT_EQ(c.dcs_limit, 0xabc2u);
    for (unsigned n = 0; n < 3; ++n) {
        uint64_t v = 0;
        EXPECT_EQ(run(Op::rddcs, {.rip = PROXY, .n = n}, &v), fine());
        EXPECT_EQ(v, 0xabc0u + n);
    }
    c.kcs = 77;
    uint64_t v = 0;
    EXPECT_EQ(run(Op::kcs, {.rip = PROXY}, &v), fine());
    EXPECT_EQ(v, 77u);
}

}  // namespace

}  // namespace stile::isa::spec::test
