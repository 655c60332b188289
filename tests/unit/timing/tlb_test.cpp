// SPDX-License-Identifier: Apache-2.0
//
// Do the TLBs hold what they should, per page size and per PCID, and does the walker read the guest's tables?
#include "model/timing/tlb.h"

#include "model/timing/walker.h"

#include "tests/unit/timing/fixture.h"

namespace stile::test {
namespace {

using model::PageKind;
using model::Tlb;

constexpr PageKind small{false, false}, large{true, false}, global{false, true}, large_global{true, true};

TEST(Tlb, EntriesBelongToOnePcidAndOnePageSize) {
    Tlb t("t", {4, 2, 0});
    t.fill(0x5000, 1, small);
    EXPECT_TRUE(t.hit(0x5fff, 1));
    EXPECT_FALSE(t.hit(0x5000, 2));
    EXPECT_FALSE(t.hit(0x6000, 1));
    t.fill(0x40'0000, 1, large);
    EXPECT_TRUE(t.hit(0x5f'ffff, 1));
    EXPECT_FALSE(t.hit(0x60'0000, 1));
    t.invalidate(0x5f'0000, 1);
    EXPECT_FALSE(t.hit(0x40'0000, 1));
    EXPECT_TRUE(t.hit(0x5000, 1));
}

TEST(Tlb, FlushOfOnePcidLeavesTheOthers) {
    Tlb t("t", {8, 2, 0});
    t.fill(0x1000, 1, small);
    t.fill(0x2000, 2, small);
    t.flush(1);
    EXPECT_FALSE(t.hit(0x1000, 1));
    EXPECT_TRUE(t.hit(0x2000, 2));
    t.flush();
    EXPECT_FALSE(t.hit(0x2000, 2));
}

TEST(Tlb, SizesOfTheirOwnDoNotCompete) {
    Tlb apart("t", {4, 4, 0, true, 2, 2});
    for (uint64_t n = 0; n < 4; ++n) apart.fill(n << 12, 0, small);
    for (uint64_t n = 8; n < 11; ++n) apart.fill(n << 21, 0, large);
    for (uint64_t n = 0; n < 4; ++n) EXPECT_TRUE(apart.hit(n << 12, 0)) << n;
    EXPECT_FALSE(apart.hit(8ull << 21, 0)) << "two entries for large pages";
    EXPECT_TRUE(apart.hit(9ull << 21, 0));
    EXPECT_TRUE(apart.hit(10ull << 21, 0));
    Tlb together("t", {4, 4, 0});
    for (uint64_t n = 0; n < 4; ++n) together.fill(n << 12, 0, small);
    together.fill(8ull << 21, 0, large);
    EXPECT_FALSE(together.hit(0, 0)) << "the large page took the place of the oldest small one";
    EXPECT_TRUE(together.hit(8ull << 21, 0));
}

TEST(Tlb, HoldsLargePagesOnlyWhereItCan) {
    Tlb t("t", {4, 4, 0, false});
    t.fill(0x40'0000, 0, large);
    EXPECT_FALSE(t.hit(0x40'0000, 0));
}

// Intel SDM vol. 3, 4.10.2.4 and 4.10.4.1.
TEST(Tlb, GlobalEntriesServeEveryPcidAndSurviveItsFlush) {
    Tlb t("t", {8, 4, 0, true, 4, 4});
    t.fill(0x1000, 1, global);
    t.fill(0x40'0000, 1, large_global);
    t.fill(0x2000, 1, small);
    EXPECT_TRUE(t.hit(0x1000, 7));
    EXPECT_TRUE(t.hit(0x40'0000, 7));
    EXPECT_FALSE(t.hit(0x2000, 7));
    t.flush(1);
    EXPECT_TRUE(t.hit(0x1000, 1));
    EXPECT_TRUE(t.hit(0x40'0000, 1));
    EXPECT_FALSE(t.hit(0x2000, 1));
    t.invalidate(0x1000, 3);
    EXPECT_FALSE(t.hit(0x1000, 1)) << "invlpg takes a global entry under any PCID";
    t.flush();
    EXPECT_FALSE(t.hit(0x40'0000, 1));
}

TEST(Tlb, TellsWhatItFound) {
    Tlb t("t", {4, 2, 0});
    t.fill(0x40'0000, 1, large_global);
    PageKind kind;
    ASSERT_TRUE(t.hit(0x41'0000, 2, kind));
    EXPECT_TRUE(kind.large);
    EXPECT_TRUE(kind.global);
    EXPECT_FALSE(t.hit(0x1000, 1, kind));
}

TEST(Tlb, LeastRecentlyUsedOfItsSetGivesWay) {
    Tlb t("t", {8, 2, 0});  // four sets
    t.fill(0x0000, 0, small);
    t.fill(0x4000, 0, small);
    EXPECT_TRUE(t.hit(0x0000, 0));
    t.fill(0x8000, 0, small);
    EXPECT_TRUE(t.hit(0x0000, 0));
    EXPECT_FALSE(t.hit(0x4000, 0));
}

// Tables at 0x10000 (PML4), 0x11000, 0x12000, 0x13000; virtual page n is physical page n for n < 512, and the
// second 2 MiB are one large page.
void map(Pipeline& p, bool pcid = false) {
    const auto put = [&p](uint64_t at, uint64_t value) { std::memcpy(p.memory.host(at), &value, 8); };
    put(0x10000, 0x11000 | 3);
    put(0x11000, 0x12000 | 3);
    put(0x12000, 0x13000 | 3);
    put(0x12008, 0x200000 | 0x83);
    for (uint64_t n = 0; n < 512; ++n) put(0x13000 + n * 8, n << 12 | 3);
    p.state.cr3 = 0x10000;
    p.state.cr0 = 1ull << 31;
    if (pcid) p.state.cr4 = 1ull << 17;
}

class Walks : public testing::Test {
  protected:
    Walks() {
        model::MachineConfig c;
        c.dtlb = {2, 2, 0, true, 2, 2};
        c.stlb = {4, 4, 7, false};
        p_.emplace(c);
        map(*p_);
        block_ = &p_->make({uop(Op::ld8, isa::RAX)}, 0x8000);
        load(0x8000);  // the code's page, and every line of the tables
        load(0x20'0000);
    }
    model::BlockCost load(uint64_t vaddr) {
        p_->settle();
        return p_->run(*block_, {{vaddr}});
    }
    std::optional<Pipeline> p_;
    Pipeline::Block* block_ = nullptr;
};

TEST_F(Walks, WarmWalkIsFixedPartAndOneAccess) {
    load(0x9000);
    load(0xa000);
    p_->timing.invlpg(0x9000);
    load(0xa000);  // invlpg drops the paging-structure caches too
    load(0xb000);  // they are warm again
    // STLB looked up in vain, walker's fixed 8, the leaf entry from the first-level cache.
    EXPECT_EQ(load(0x9000).refill, 7u + 8 + 4);
    EXPECT_EQ(load(0x9000).refill, 0u);
}

TEST_F(Walks, ColdPagingStructureCachesCostOneAccessPerLevel) {
    p_->timing.flush_tlbs();
    p_->settle();  // its block is the one that flushes
    // The fetch reads four levels, the load only the last: the walker has just learnt the others.
    EXPECT_EQ(p_->run(*block_, {{0x9000}}).refill, (7u + 8 + 4 * 4) + (7 + 8 + 4));
}

TEST_F(Walks, LargePageNeedsOneLevelLess) {
    p_->timing.flush_tlbs();
    load(0x8000);
    EXPECT_EQ(load(0x20'1000).refill, 7u + 8 + 4)
        << "the entry of the large page itself, its table being cached";
    EXPECT_EQ(load(0x3f'f000).refill, 0u) << "one entry covers 2 MiB";
}

TEST_F(Walks, SecondLevelHitDelaysOnlyTheData) {
    load(0x8000);
    load(0x9000);
    load(0xa000);  // 0x8000 has left the two-entry first level
    const uint64_t walks = p_->counters.stlb_misses, misses = p_->counters.dtlb_misses;
    auto& use = p_->make({uop(Op::ld8, isa::RAX), uop(Op::add8_ri, isa::RBX, isa::RAX)}, 0x8000);
    p_->settle();
    const auto cost = p_->run(use, {{0x8000}});
    EXPECT_EQ(p_->counters.dtlb_misses, misses + 1);
    EXPECT_EQ(p_->counters.stlb_misses, walks);
    EXPECT_EQ(cost.refill, 0u);
    EXPECT_EQ(cost.total, 4u + 7);
}

// Two misses at the same time: the second walk begins when the first has ended, unless there is a second
// walker.
TEST(PageWalker, WalksAsManyAtATimeAsThereAreWalkers) {
    for (const unsigned walkers : {1u, 2u}) {
        model::MachineConfig c;
        c.walker.walkers = walkers;
        Pipeline p(c);
        map(p);
        model::DataPath path(p.config, p.lower, p.counters);
        model::Walker walker(p.config.walker, p.memory, path);
        walker.walk(0x8000, p.state.cr3, 0, 1000);  // the tables' lines and the walker's own caches
        const Cycles alone = walker.walk(0x8000, p.state.cr3, 0, 5000).done - 5000;
        EXPECT_EQ(alone, 8u + 4);
        EXPECT_EQ(walker.walk(0x9000, p.state.cr3, 0, 9000).done, 9000 + alone);
        EXPECT_EQ(walker.walk(0xa000, p.state.cr3, 0, 9000).done, 9000 + (walkers == 1 ? 2 : 1) * alone);
    }
}

TEST_F(Walks, LoadOfCr3ForgetsUnlessItSaysOtherwise) {
    p_->state.cr4 = 1ull << 17;
    load(0x9000);
    load(0x9000);
    p_->timing.load_cr3(p_->state.cr3 | 1ull << 63);
    load(0x9000);
    EXPECT_EQ(load(0x9000).refill, 0u);
    p_->timing.load_cr3(p_->state.cr3);
    EXPECT_GT(load(0x9000).refill, 0u);
}

TEST_F(Walks, GlobalPagesSurviveALoadOfCr3WhileTheyAreEnabled) {
    const auto make_global = [this](uint64_t page) {
        const uint64_t entry = page | 0x103;
        std::memcpy(p_->memory.host(0x13000 + (page >> 12) * 8), &entry, 8);
    };
    make_global(0x8000);  // of the code
    make_global(0x9000);
    const auto refill_after_cr3 = [this] {
        p_->timing.flush_tlbs();
        load(0x9000);
        load(0x9000);
        p_->timing.load_cr3(p_->state.cr3);
        load(0xa000);  // its block is the one that loads cr3
        return load(0x9000).refill;
    };
    EXPECT_GT(refill_after_cr3(), 0u) << "CR4.PGE is 0";
    p_->state.cr4 = 1 << 7;
    EXPECT_EQ(refill_after_cr3(), 0u);
    p_->timing.invlpg(0x9000);
    load(0xa000);
    EXPECT_GT(load(0x9000).refill, 0u);
}

TEST_F(Walks, SecondLevelHoldsLargePagesWhereItIsToldTo) {
    for (const bool held : {false, true}) {
        model::MachineConfig c;
        c.dtlb = {2, 2, 0, true, 1, 1};
        c.stlb = {4, 4, 7, held};
        Pipeline p(c);
        map(p);
        const uint64_t entry = 0x400000 | 0x83;
        std::memcpy(p.memory.host(0x12010), &entry, 8);
        auto& b = p.make({uop(Op::ld8, isa::RAX)}, 0x8000);
        for (const uint64_t vaddr : {0x20'0000, 0x40'0000, 0x20'0000}) p.run(b, {{vaddr}});
        const uint64_t walks = p.counters.stlb_misses;
        p.run(b, {{0x40'0000}});
        EXPECT_EQ(p.counters.stlb_misses - walks, held ? 0u : 1u);
    }
}

TEST_F(Walks, AccessAcrossPagesTranslatesBoth) {
    load(0x9000);
    load(0x9000);
    p_->timing.flush_tlbs();
    load(0x8000);
    p_->settle();
    const uint64_t misses = p_->counters.dtlb_misses;
    p_->run(*block_, {{0x9ffc, 4}, {0xa000, 4}});
    EXPECT_EQ(p_->counters.dtlb_misses, misses + 2);
}

TEST_F(Walks, SwitchToAnotherPcidAndBackKeepsTranslations) {
    p_->state.cr4 = 1ull << 17;
    load(0x9000);
    EXPECT_EQ(load(0x9000).refill, 0u);
    const uint64_t home = p_->state.cr3;
    p_->state.cr3 = home | 5;
    p_->timing.load_cr3(home | 5);
    EXPECT_GT(load(0x9000).refill, 0u) << "other address space";
    p_->state.cr3 = home;
    p_->timing.load_cr3(home | 1ull << 63);
    load(0x9000);
    EXPECT_EQ(load(0x9000).refill, 0u);
}

}  // namespace
}  // namespace stile::test
