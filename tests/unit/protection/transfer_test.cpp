// SPDX-License-Identifier: Apache-2.0
//
// Can control enter a domain only where it may, and come back only where it came from?
#include "tests/unit/mmu/world.h"

namespace stile::model::test {

namespace {

constexpr uint64_t A = 0x400000, B = 0x800000, STACK = 0xc00000;
constexpr uint16_t TAG_A = 5, TAG_B = 6;

struct Transfers : testing::Test {
    World w;
    Transfers() {
        w.page(A, PTE_RWU | STILE_PTE_TAG(TAG_A));
        w.page(B, PTE_RWU | STILE_PTE_TAG(TAG_B));
        w.dcs(STACK);
        w.domains_on(TAG_A);
    }
    bool go(stile_transfer kind, uint64_t to, uint64_t back = 0) {
        return w.with_refill([&] { return w.transfer(kind, to, back); });
    }
    void at(uint16_t tag) { w.domains_on(tag); }
    void allow(unsigned right) {
        w.apl[{TAG_A, TAG_B}] = right;
        w.protection->apl_invalidate(-1);
        w.mmu->context_changed();
    }
    void expect(unsigned reason, uint64_t address, unsigned needed, unsigned had) {
        EXPECT_EQ(w.fault.vector, STILE_VEC_DOMAIN);
        EXPECT_EQ(w.fault.error, reason | STILE_CD_FETCH);
        EXPECT_EQ(w.fault.address, address);
        EXPECT_EQ(w.state.cd.fault_right, needed | had << 8);
        EXPECT_EQ(w.state.cd.fault_rip, 0xabcu);
    }
    uint64_t depth() const { return (w.state.cd.dcs_ptr - w.state.cd.dcs_base) / STILE_DCS_ENTRY; }
};

TEST_F(Transfers, each_kind_of_entry_needs_a_right_and_alignment) {
    for (const auto kind : {STILE_XFER_SEQ, STILE_XFER_JUMP, STILE_XFER_CALL}) {
        for (unsigned right = STILE_RIGHT_NIL; right <= STILE_RIGHT_WRITE; ++right) {
            for (const uint64_t offset : {0ull, 64ull, 1ull, 63ull}) {
                at(TAG_A);
                allow(right);
                w.state.cd.dcs_ptr = w.state.cd.dcs_base;
                const bool aligned = offset % 64 == 0;
                const bool may = right >= STILE_RIGHT_READ || (right == STILE_RIGHT_CALL && aligned);
                EXPECT_EQ(go(kind, B + offset, A + 5), may) << kind << " " << right << " " << offset;
                if (may) {
                    EXPECT_EQ(w.state.cd.latch.tag, TAG_B);
                    EXPECT_EQ(w.state.cd.latch.kind, STILE_XFER_SEQ);
                    EXPECT_EQ(depth(), kind == STILE_XFER_CALL ? 1u : 0u);
                } else {
                    EXPECT_EQ(w.state.cd.latch.tag, TAG_A) << "a refused transfer stays pending";
                    EXPECT_EQ(w.state.cd.latch.kind, kind);
                    EXPECT_EQ(depth(), 0u);
                    if (right == STILE_RIGHT_CALL)
                        expect(STILE_CD_ALIGN, B + offset, STILE_RIGHT_READ, STILE_RIGHT_CALL);
                    else
                        expect(STILE_CD_RIGHT, B + offset, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
                }
            }
        }
    }
}

TEST_F(Transfers, without_the_checks_any_address_can_be_entered) {
    EXPECT_FALSE(go(STILE_XFER_JUMP, B));
    w.codoms().checks.transfer = false;
    EXPECT_TRUE(go(STILE_XFER_JUMP, B + 3));

    at(TAG_A);
    w.codoms().checks.transfer = true;
    allow(STILE_RIGHT_CALL);
    EXPECT_FALSE(go(STILE_XFER_CALL, B + 3));
    w.codoms().checks.align = false;
    EXPECT_TRUE(go(STILE_XFER_CALL, B + 3));
}

TEST_F(Transfers, capabilities_allow_entries_too) {
    w.cap(2, B + 64, 64, STILE_RIGHT_CALL);
    EXPECT_TRUE(go(STILE_XFER_CALL, B + 64, A + 5));
    EXPECT_EQ(w.counters.apl_misses, 0u);
    at(TAG_A);
    EXPECT_FALSE(go(STILE_XFER_CALL, B + 65, A + 5));
    expect(STILE_CD_ALIGN, B + 65, STILE_RIGHT_READ, STILE_RIGHT_CALL);
    EXPECT_FALSE(go(STILE_XFER_CALL, B + 128, A + 5)) << "one byte past the capability";
    expect(STILE_CD_RIGHT, B + 128, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
    w.cap(2, B + 64, 64, STILE_RIGHT_READ);
    EXPECT_TRUE(go(STILE_XFER_JUMP, B + 65));
}

TEST_F(Transfers, a_call_pushes_what_the_return_must_match) {
    allow(STILE_RIGHT_CALL);
    ASSERT_TRUE(go(STILE_XFER_CALL, B, A + 0x123));
    stile_cap e;
    ASSERT_TRUE(w.mmu->probe_read(STACK, &e, sizeof e));
    EXPECT_EQ(e.base, A + 0x123);
    EXPECT_EQ(e.word, STILE_CAP_WORD(TAG_A, 0, 0, STILE_CAP_RETURN));
    EXPECT_EQ(e.length | e.counter | e.value, 0u);
    EXPECT_TRUE(go(STILE_XFER_RET, A + 0x123)) << "B needs no right over A to return";
    EXPECT_EQ(depth(), 0u);
    EXPECT_EQ(w.state.cd.latch.tag, TAG_A);
    EXPECT_EQ(w.counters.domain_crossings, 2u);
}

TEST_F(Transfers, a_return_elsewhere_is_refused_even_where_a_jump_would_not_be) {
    allow(STILE_RIGHT_CALL);
    w.apl[{TAG_B, TAG_A}] = STILE_RIGHT_WRITE;
    ASSERT_TRUE(go(STILE_XFER_CALL, B, A + 0x123));
    EXPECT_FALSE(go(STILE_XFER_RET, A + 0x124));
    expect(STILE_CD_RETURN, A + 0x124, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
    EXPECT_EQ(depth(), 1u);
    w.codoms().checks.ret = false;
    EXPECT_TRUE(go(STILE_XFER_RET, A + 0x124));
}

TEST_F(Transfers, the_return_capability_names_the_domain_too) {
    allow(STILE_RIGHT_CALL);
    ASSERT_TRUE(go(STILE_XFER_CALL, B, A + 0x123));
    w.page(A, PTE_RWU | STILE_PTE_TAG(99));  // the caller's page changed hands meanwhile
    w.mmu->invlpg(A);
    EXPECT_FALSE(go(STILE_XFER_RET, A + 0x123));
    EXPECT_EQ(w.reason(), unsigned{STILE_CD_RETURN});
}

TEST_F(Transfers, a_return_capability_works_once) {
    allow(STILE_RIGHT_CALL);
    ASSERT_TRUE(go(STILE_XFER_CALL, B, A + 5));
    ASSERT_TRUE(go(STILE_XFER_RET, A + 5));
    at(TAG_B);
    EXPECT_FALSE(go(STILE_XFER_RET, A + 5));
    expect(STILE_CD_DCS_BOUNDS, A + 5, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
}

TEST_F(Transfers, the_stack_is_bounded) {
    w.state.cd.dcs_limit = w.state.cd.dcs_base + 2 * STILE_DCS_ENTRY;
    allow(STILE_RIGHT_CALL);
    for (int i = 0; i < 2; ++i) {
        at(TAG_A);
        ASSERT_TRUE(go(STILE_XFER_CALL, B, A + 5));
    }
    at(TAG_A);
    EXPECT_FALSE(go(STILE_XFER_CALL, B, A + 5));
    expect(STILE_CD_DCS_BOUNDS, B, STILE_RIGHT_CALL, STILE_RIGHT_NIL);
    EXPECT_EQ(depth(), 2u);
    w.codoms().checks.dcs = false;
    EXPECT_TRUE(go(STILE_XFER_CALL, B, A + 5));
    EXPECT_EQ(depth(), 3u);
}

TEST_F(Transfers, a_raised_base_hides_the_callers_entries) {
    allow(STILE_RIGHT_CALL);
    ASSERT_TRUE(go(STILE_XFER_CALL, B, A + 5));
    w.state.cd.dcs_base = w.state.cd.dcs_ptr;
    EXPECT_FALSE(go(STILE_XFER_RET, A + 5));
    EXPECT_EQ(w.reason(), unsigned{STILE_CD_DCS_BOUNDS});
    w.codoms().checks.dcs = false;
    EXPECT_TRUE(go(STILE_XFER_RET, A + 5));
}

TEST_F(Transfers, the_stack_lies_in_capability_storage) {
    w.dcs(0x1000000, 0);
    allow(STILE_RIGHT_CALL);
    EXPECT_FALSE(go(STILE_XFER_CALL, B, A + 5));
    EXPECT_EQ(w.fault.error, unsigned{STILE_CD_CAP_PAGE | STILE_CD_WRITE | STILE_CD_FETCH});
    EXPECT_EQ(w.fault.address, 0x1000000u);
    EXPECT_EQ(depth(), 0u);
    w.codoms().checks.cap_page = false;
    EXPECT_TRUE(go(STILE_XFER_CALL, B, A + 5));
}

TEST_F(Transfers, an_absent_stack_page_is_a_page_fault_and_the_call_can_be_repeated) {
    w.state.cd.dcs_base = w.state.cd.dcs_ptr = 0x2000000;
    w.state.cd.dcs_limit = 0x2001000;
    allow(STILE_RIGHT_CALL);
    EXPECT_FALSE(go(STILE_XFER_CALL, B, A + 5));
    EXPECT_EQ(w.fault.vector, VEC_PF);
    EXPECT_EQ(w.fault.error, unsigned{PF_WRITE}) << "the hardware's own access";
    w.page(0x2000000, pte::P | pte::W | STILE_PTE_CAP_STORAGE);
    EXPECT_TRUE(w.mmu->arrive(
        B,
        [&] {
            FetchPage p;
            w.fetch(B, &p);
            return p;
        }(),
        0xabc, w.fault));
    EXPECT_EQ(depth(), 1u);
}

TEST_F(Transfers, within_a_domain_nothing_is_asked) {
    EXPECT_TRUE(w.transfer(STILE_XFER_RET, A + 1));
    EXPECT_TRUE(w.transfer(STILE_XFER_CALL, A + 1, A + 9));
    EXPECT_EQ(depth(), 0u);
    EXPECT_EQ(w.counters.apl_transfer_lookups, 0u);
    EXPECT_EQ(w.counters.domain_crossings, 0u);
}

TEST_F(Transfers, ring_0_and_a_clear_control_bit_are_exempt) {
    w.state.cpl = 0;
    w.mmu->context_changed();
    EXPECT_TRUE(w.transfer(STILE_XFER_JUMP, B + 1));
    w.ring(3);
    at(TAG_A);
    w.state.cd.control = 0;
    EXPECT_TRUE(w.transfer(STILE_XFER_CALL, B + 1, A + 5));
    EXPECT_EQ(depth(), 0u) << "no DCS traffic either";
}

TEST_F(Transfers, crossings_refresh_recency_and_data_does_not) {
    World s(ProtectionKind::codoms, 3, 3);
    s.page(A, PTE_RWU | STILE_PTE_TAG(1));
    s.page(B, PTE_RWU | STILE_PTE_TAG(2));
    s.page(STACK, PTE_RWU | STILE_PTE_TAG(3));
    s.page(0x1000000, PTE_RWU | STILE_PTE_TAG(4));
    for (uint16_t f = 1; f <= 4; ++f)
        for (uint16_t t = 1; t <= 4; ++t) s.apl[{f, t}] = STILE_RIGHT_WRITE;
    s.domains_on(1);
    ASSERT_TRUE(s.with_refill([&] { return s.load(B); }));
    ASSERT_TRUE(s.with_refill([&] { return s.load(STACK); }));
    ASSERT_TRUE(s.transfer(STILE_XFER_JUMP, B));  // 1 and 2 are recent now, 3 is not
    ASSERT_TRUE(s.load(STACK));
    ASSERT_TRUE(s.with_refill([&] { return s.load(0x1000000); }));
    EXPECT_EQ(s.protection->hardware_tag(3), -1);
    EXPECT_GE(s.protection->hardware_tag(1), 0);
    EXPECT_GE(s.protection->hardware_tag(2), 0);
}

TEST_F(Transfers, an_instruction_may_not_lie_in_two_domains) {
    FetchPage a, b;
    ASSERT_TRUE(w.fetch(A, &a));
    ASSERT_TRUE(w.fetch(B, &b));
    EXPECT_FALSE(w.protection->straddle(w.state, a.page, b.page, A + 4093, w.fault));
    EXPECT_EQ(w.fault.error, unsigned{STILE_CD_STRADDLE | STILE_CD_FETCH});
    EXPECT_EQ(w.fault.address, A + 4096);
    EXPECT_TRUE(w.protection->straddle(w.state, a.page, a.page, A + 4093, w.fault));
    w.codoms().checks.straddle = false;
    EXPECT_TRUE(w.protection->straddle(w.state, a.page, b.page, A + 4093, w.fault));
}

}  // namespace

}  // namespace stile::model::test
