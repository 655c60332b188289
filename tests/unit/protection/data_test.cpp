// SPDX-License-Identifier: Apache-2.0
//
// Are loads and stores refused exactly where the rules of docs/codoms.md say, with the right code, and do
// they succeed where the rule is switched off?
#include "tests/unit/mmu/world.h"

namespace stile::model::test {

namespace {

constexpr uint64_t OWN = 0x400000, OTHER = 0x800000, STORAGE = 0xc00000, KERNEL = 0x1000000;
constexpr uint16_t ME = 5, YOU = 0xabcd;

struct Domains : testing::Test {
    World w;
    Domains() {
        w.page(OWN, PTE_RWU | STILE_PTE_TAG(ME));
        w.page(OTHER, PTE_RWU | STILE_PTE_TAG(YOU));
        w.page(STORAGE, PTE_RWU | STILE_PTE_TAG(ME) | STILE_PTE_CAP_STORAGE);
        w.page(KERNEL, pte::P | pte::W | STILE_PTE_TAG(YOU));
        w.domains_on(ME);
    }
    bool load(uint64_t v) {
        return w.with_refill([&] { return w.load(v); });
    }
    bool store(uint64_t v) {
        return w.with_refill([&] { return w.store(v); });
    }
    void expect(unsigned reason, unsigned flags, uint64_t address, unsigned needed, unsigned had) {
        EXPECT_EQ(w.fault.vector, STILE_VEC_DOMAIN);
        EXPECT_EQ(w.fault.error, reason | flags);
        EXPECT_EQ(w.fault.address, address);
        EXPECT_EQ(w.state.cd.fault_right, needed | had << 8);
    }
};

TEST_F(Domains, own_pages_need_no_apl) {
    EXPECT_TRUE(w.load(OWN));
    EXPECT_TRUE(w.store(OWN));
    EXPECT_EQ(w.counters.apl_misses, 0u);
}

TEST_F(Domains, each_right_includes_the_ones_below) {
    for (unsigned right = STILE_RIGHT_NIL; right <= STILE_RIGHT_WRITE; ++right) {
        w.apl[{ME, YOU}] = right;
        w.protection->apl_invalidate(-1);
        w.mmu->context_changed();
        EXPECT_EQ(load(OTHER + 8), right >= STILE_RIGHT_READ) << right;
        if (right < STILE_RIGHT_READ) expect(STILE_CD_RIGHT, 0, OTHER + 8, STILE_RIGHT_READ, right);
        EXPECT_EQ(store(OTHER + 8), right >= STILE_RIGHT_WRITE) << right;
        if (right < STILE_RIGHT_WRITE)
            expect(STILE_CD_RIGHT, STILE_CD_WRITE, OTHER + 8, STILE_RIGHT_WRITE, right);
        EXPECT_EQ(w.state.cd.fault_from, ME);
        EXPECT_EQ(w.state.cd.fault_to, YOU);
    }
    EXPECT_EQ(w.counters.domain_faults, 2u + 2u + 1u);
}

TEST_F(Domains, without_the_check_the_secret_is_read) {
    EXPECT_FALSE(load(OTHER));
    w.codoms().checks.data = false;
    EXPECT_TRUE(load(OTHER));
}

TEST_F(Domains, without_the_control_bit_nothing_is_refused) {
    EXPECT_FALSE(load(OTHER));
    w.state.cd.control = 0;
    w.mmu->context_changed();
    EXPECT_TRUE(w.load(OTHER));
    EXPECT_TRUE(w.store(OTHER));
    EXPECT_TRUE(w.load(STORAGE));
}

TEST_F(Domains, a_right_is_not_symmetric) {
    w.apl[{YOU, ME}] = STILE_RIGHT_WRITE;
    EXPECT_FALSE(load(OTHER));
    EXPECT_EQ(w.reason(), unsigned{STILE_CD_RIGHT});
}

TEST_F(Domains, page_bits_still_apply) {
    w.apl[{ME, YOU}] = STILE_RIGHT_WRITE;
    w.page(OTHER, pte::P | pte::U | STILE_PTE_TAG(YOU));
    EXPECT_TRUE(load(OTHER));
    EXPECT_FALSE(store(OTHER));
    EXPECT_EQ(w.fault.vector, VEC_PF);
}

TEST_F(Domains, misses_name_the_missing_tag_source_first) {
    w.apl[{ME, YOU}] = STILE_RIGHT_READ;
    EXPECT_FALSE(w.load(OTHER));
    EXPECT_EQ(w.fault.error, unsigned{STILE_CD_APL_MISS});
    EXPECT_EQ(w.state.cd.fault_to, ME);
    w.fill(ME);
    EXPECT_FALSE(w.store(OTHER));
    EXPECT_EQ(w.fault.error, unsigned{STILE_CD_APL_MISS | STILE_CD_WRITE});
    EXPECT_EQ(w.state.cd.fault_to, YOU);
    w.fill(YOU);
    EXPECT_TRUE(w.load(OTHER));
    EXPECT_EQ(w.counters.apl_misses, 2u);
    EXPECT_EQ(w.counters.domain_faults, 0u) << "a miss refuses nothing";
}

TEST_F(Domains, revocation_reaches_remembered_answers) {
    w.apl[{ME, YOU}] = STILE_RIGHT_WRITE;
    ASSERT_TRUE(load(OTHER));
    ASSERT_TRUE(store(OTHER));
    w.apl.clear();
    w.protection->apl_invalidate(YOU);
    w.mmu->context_changed();
    EXPECT_FALSE(w.load(OTHER));
    EXPECT_EQ(w.reason(), unsigned{STILE_CD_APL_MISS});
    EXPECT_FALSE(load(OTHER));
    EXPECT_FALSE(store(OTHER));
    EXPECT_EQ(w.reason(), unsigned{STILE_CD_RIGHT});
}

TEST_F(Domains, replacing_an_entry_reaches_remembered_answers) {
    World small(ProtectionKind::codoms, 2, 2);
    small.page(OTHER, PTE_RWU | STILE_PTE_TAG(YOU));
    small.page(OWN, PTE_RWU | STILE_PTE_TAG(77));
    small.domains_on(ME);
    small.apl[{ME, YOU}] = small.apl[{ME, 77}] = STILE_RIGHT_WRITE;
    ASSERT_TRUE(small.with_refill([&] { return small.load(OTHER); }));
    const auto misses = small.counters.apl_misses;
    ASSERT_TRUE(small.with_refill([&] { return small.load(OWN); }));
    EXPECT_EQ(small.counters.apl_misses, misses + 1) << "ME stays, YOU goes";
    EXPECT_FALSE(small.load(OTHER));
    EXPECT_EQ(small.reason(), unsigned{STILE_CD_APL_MISS});
    EXPECT_EQ(small.state.cd.fault_to, YOU);
}

TEST_F(Domains, answers_belong_to_the_domain_that_asked) {
    ASSERT_TRUE(w.load(OWN));
    w.domains_on(YOU);
    EXPECT_FALSE(load(OWN));
    w.domains_on(ME);
    EXPECT_TRUE(w.load(OWN));
}

// --- capability registers

TEST_F(Domains, capabilities_add_to_the_apl) {
    w.cap(3, OTHER + 16, 32, STILE_RIGHT_READ);
    EXPECT_TRUE(w.load(OTHER + 16)) << "no APL entry is needed, nor a miss taken";
    EXPECT_TRUE(w.load(OTHER + 40));
    EXPECT_EQ(w.counters.apl_misses, 0u);
    for (const uint64_t beside : {OTHER + 15, OTHER + 41, OTHER + 48, OTHER}) {
        EXPECT_FALSE(load(beside)) << std::hex << beside;
        expect(STILE_CD_RIGHT, 0, beside, STILE_RIGHT_READ, STILE_RIGHT_NIL);
    }
    EXPECT_FALSE(store(OTHER + 16));
    expect(STILE_CD_RIGHT, STILE_CD_WRITE, OTHER + 16, STILE_RIGHT_WRITE, STILE_RIGHT_READ);
    EXPECT_TRUE(w.load(OTHER + 16));
    EXPECT_FALSE(load(OTHER + 64)) << "a partial capability must not open the page";
}

TEST_F(Domains, a_call_capability_reads_nothing) {
    w.cap(0, OTHER, page_bytes, STILE_RIGHT_CALL);
    EXPECT_FALSE(load(OTHER));
    expect(STILE_CD_RIGHT, 0, OTHER, STILE_RIGHT_READ, STILE_RIGHT_CALL);
}

TEST_F(Domains, a_page_covering_capability_is_remembered_until_it_changes) {
    w.cap(7, OTHER - page_bytes, 3 * page_bytes, STILE_RIGHT_WRITE, YOU);
    ASSERT_TRUE(w.store(OTHER));
    const unsigned misses = w.soft_misses;
    ASSERT_TRUE(w.store(OTHER));
    EXPECT_EQ(w.soft_misses, misses);
    w.cap(7, 0, 0, STILE_RIGHT_NIL);
    EXPECT_FALSE(store(OTHER));
    EXPECT_FALSE(load(OTHER));
    w.cap(0, OTHER, page_bytes, STILE_RIGHT_READ);
    EXPECT_TRUE(w.load(OTHER));
    EXPECT_FALSE(store(OTHER));
}

TEST_F(Domains, capability_answers_go_in_every_domain) {
    w.cap(7, OTHER, page_bytes, STILE_RIGHT_WRITE);
    ASSERT_TRUE(w.load(OTHER));
    w.domains_on(9);
    ASSERT_TRUE(w.load(OTHER));
    w.cap(7, 0, 0, STILE_RIGHT_NIL);
    EXPECT_FALSE(load(OTHER));
    w.domains_on(ME);
    EXPECT_FALSE(load(OTHER));
}

TEST_F(Domains, a_capability_to_the_end_of_memory_does_not_wrap) {
    w.cap(0, ~0ull - 15, 32, STILE_RIGHT_WRITE, YOU);
    EXPECT_FALSE(load(0x8));
    w.page(0, PTE_RWU | STILE_PTE_TAG(YOU));
    EXPECT_FALSE(load(0x8));
}

TEST_F(Domains, both_halves_of_a_page_crossing_access_are_checked) {
    const uint64_t edge = OTHER + page_bytes;
    w.page(edge, PTE_RWU | STILE_PTE_TAG(ME));
    w.domains_on(ME);
    EXPECT_FALSE(load(edge - 4));
    expect(STILE_CD_RIGHT, 0, edge - 4, STILE_RIGHT_READ, STILE_RIGHT_NIL);
    w.cap(0, edge - 4, 4, STILE_RIGHT_READ);
    EXPECT_TRUE(load(edge - 4));
}

// --- capability storage

TEST_F(Domains, capability_storage_is_out_of_reach_of_ordinary_accesses) {
    EXPECT_FALSE(w.load(STORAGE));
    expect(STILE_CD_CAP_PAGE, 0, STORAGE, STILE_RIGHT_READ, STILE_RIGHT_NIL);
    EXPECT_FALSE(w.store(STORAGE));
    expect(STILE_CD_CAP_PAGE, STILE_CD_WRITE, STORAGE, STILE_RIGHT_WRITE, STILE_RIGHT_NIL);
    w.cap(0, STORAGE, page_bytes, STILE_RIGHT_WRITE);
    EXPECT_FALSE(w.store(STORAGE)) << "a forged capability would follow";
    w.codoms().checks.cap_page = false;
    EXPECT_TRUE(w.store(STORAGE));
}

TEST_F(Domains, capabilities_live_in_capability_storage_only) {
    stile_cap c{1, 2, 0, 0, 3}, got{};
    EXPECT_TRUE(w.mmu->write_capability(STORAGE + 32, &c, sizeof c, w.fault, 0));
    EXPECT_TRUE(w.mmu->read_capability(STORAGE + 32, &got, sizeof got, w.fault, 0));
    EXPECT_EQ(got.length, 2u);
    EXPECT_FALSE(w.mmu->read_capability(OWN, &got, sizeof got, w.fault, 0));
    expect(STILE_CD_CAP_PAGE, 0, OWN, STILE_RIGHT_READ, STILE_RIGHT_NIL);
    EXPECT_FALSE(w.mmu->write_capability(OWN, &c, sizeof c, w.fault, 0));
    w.codoms().checks.cap_page = false;
    EXPECT_TRUE(w.mmu->read_capability(OWN, &got, sizeof got, w.fault, 0));
    w.ring(0);
    w.codoms().checks.cap_page = true;
    EXPECT_TRUE(w.mmu->write_capability(KERNEL, &c, sizeof c, w.fault, 0))
        << "kernel memory may hold thread state";
}

// --- ring 0

TEST_F(Domains, the_kernel_touches_user_memory_with_the_callers_rights) {
    w.ring(0);
    EXPECT_TRUE(w.load(KERNEL)) << "supervisor pages are not checked";
    EXPECT_TRUE(w.store(OWN));
    EXPECT_FALSE(load(OTHER));
    expect(STILE_CD_RIGHT, STILE_CD_RING0, OTHER, STILE_RIGHT_READ, STILE_RIGHT_NIL);
    EXPECT_FALSE(w.store(STORAGE));
    expect(STILE_CD_CAP_PAGE, STILE_CD_RING0 | STILE_CD_WRITE, STORAGE, STILE_RIGHT_WRITE, STILE_RIGHT_NIL);
    w.cap(1, OTHER, 8, STILE_RIGHT_READ);
    EXPECT_TRUE(w.load(OTHER));
    w.state.cd.saved_latch.tag = YOU;
    w.mmu->context_changed();
    EXPECT_TRUE(w.load(OTHER + 512));
    EXPECT_FALSE(load(OWN));
}

TEST(OtherUnits, refuse_nothing) {
    for (const auto kind : {ProtectionKind::none, ProtectionKind::paging}) {
        World w(kind);
        w.page(OTHER, PTE_RWU | STILE_PTE_TAG(YOU));
        w.page(STORAGE, PTE_RWU | STILE_PTE_TAG(ME) | STILE_PTE_CAP_STORAGE);
        w.domains_on(ME);
        EXPECT_TRUE(w.load(OTHER));
        EXPECT_TRUE(w.store(STORAGE));
        EXPECT_TRUE(w.transfer(STILE_XFER_RET, OTHER + 1));
        EXPECT_EQ(w.state.cd.latch.tag, YOU);
        EXPECT_EQ(w.state.cd.latch.kind, STILE_XFER_SEQ);
        EXPECT_EQ(w.counters.domain_crossings, 1u);
    }
}

}  // namespace

}  // namespace stile::model::test
