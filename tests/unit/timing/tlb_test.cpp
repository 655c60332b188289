// SPDX-License-Identifier: Apache-2.0
//
// Do the TLBs hold what they should, per page size and per PCID, and does the walker read the guest's tables?
#include "model/timing/tlb.h"

#include "tests/unit/timing/fixture.h"

namespace stile::test {
namespace {

using model::Tlb;

TEST(Tlb, EntriesBelongToOnePcidAndOnePageSize) {
    Tlb t("t", {4, 2, 0});
    t.fill(0x5000, 1, false);
    EXPECT_TRUE(t.hit(0x5fff, 1));
    EXPECT_FALSE(t.hit(0x5000, 2));
    EXPECT_FALSE(t.hit(0x6000, 1));
    t.fill(0x40'0000, 1, true);
    EXPECT_TRUE(t.hit(0x5f'ffff, 1));
    EXPECT_FALSE(t.hit(0x60'0000, 1));
    t.invalidate(0x5f'0000, 1);
    EXPECT_FALSE(t.hit(0x40'0000, 1));
    EXPECT_TRUE(t.hit(0x5000, 1));
}

TEST(Tlb, FlushOfOnePcidLeavesTheOthers) {
    Tlb t("t", {8, 2, 0});
    t.fill(0x1000, 1, false);
    t.fill(0x2000, 2, false);
    t.flush(1);
    EXPECT_FALSE(t.hit(0x1000, 1));
    EXPECT_TRUE(t.hit(0x2000, 2));
    t.flush();
    EXPECT_FALSE(t.hit(0x2000, 2));
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
        c.dtlb = {2, 2, 0};
        c.stlb = {4, 4, 7};
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
