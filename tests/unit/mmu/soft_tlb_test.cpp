// SPDX-License-Identifier: Apache-2.0
//
// Does a remembered answer go when, and only when, it must?
#include "tests/unit/mmu/world.h"

namespace stile::model::test {

namespace {

bool hits(World& w, uint64_t vaddr) {
    const unsigned before = w.soft_hits;
    EXPECT_TRUE(w.load(vaddr));
    return w.soft_hits != before;
}

TEST(SoftTlb, remembers_a_page_and_forgets_it_on_invlpg) {
    World w;
    const uint64_t a = w.page(V), b = w.new_frame();
    EXPECT_FALSE(hits(w, V));
    EXPECT_TRUE(hits(w, V));
    w.memory.host(a)[0] = 1, w.memory.host(b)[0] = 2;
    w.map(V, b);
    uint64_t got;
    ASSERT_TRUE(w.load(V, got, 1));
    EXPECT_EQ(got, 1u) << "translations are kept until they are invalidated";
    w.mmu->invlpg(V);
    ASSERT_TRUE(w.load(V, got, 1));
    EXPECT_EQ(got, 2u);
}

TEST(SoftTlb, invlpg_of_one_address_forgets_the_whole_large_page) {
    World w;
    w.map_large(0x40000000, 0x400000);
    EXPECT_FALSE(hits(w, 0x40000000));
    EXPECT_FALSE(hits(w, 0x40005000));
    EXPECT_TRUE(hits(w, 0x40005000));
    w.mmu->invlpg(0x40000000);
    EXPECT_FALSE(hits(w, 0x40005000));
}

TEST(SoftTlb, pcid_keeps_address_spaces_apart) {
    World w;
    const uint64_t root_a = w.state.cr3, root_b = w.new_table();
    const uint64_t a = w.new_frame(), b = w.new_frame();
    w.map(V, a, PTE_RWU, root_a);
    w.map(V, b, PTE_RWU, root_b);
    w.memory.host(a)[0] = 1, w.memory.host(b)[0] = 2;
    const uint64_t keep = cr::CR3_NO_FLUSH;
    uint64_t got;
    w.mmu->load_cr3(root_a | 1);
    ASSERT_TRUE(w.load(V, got, 1));
    EXPECT_EQ(got, 1u);
    const uint64_t generation_a = w.mmu->fetch_generation();
    w.mmu->load_cr3(root_b | 2);
    ASSERT_TRUE(w.load(V, got, 1));
    EXPECT_EQ(got, 2u);
    EXPECT_NE(w.mmu->fetch_generation(), generation_a);
    w.mmu->load_cr3(root_a | 1 | keep);
    EXPECT_EQ(w.state.cr3, root_a | 1);
    EXPECT_EQ(w.mmu->fetch_generation(), generation_a) << "what was fetched before the switch still holds";
    EXPECT_TRUE(hits(w, V));
    w.mmu->load_cr3(root_a | 1);
    EXPECT_FALSE(hits(w, V)) << "without the no-flush bit the PCID's translations go";
    EXPECT_NE(w.mmu->fetch_generation(), generation_a);
    w.mmu->load_cr3(root_b | 2 | keep);
    EXPECT_TRUE(hits(w, V)) << "and only that PCID's";
}

TEST(SoftTlb, without_pcid_each_load_of_cr3_flushes) {
    World w;
    w.state.cr4 &= ~uint64_t{cr::CR4_PCIDE};
    w.mmu->context_changed();
    w.page(V);
    EXPECT_FALSE(hits(w, V));
    w.mmu->load_cr3(w.state.cr3);
    EXPECT_FALSE(hits(w, V));
}

TEST(SoftTlb, rings_see_their_own_answers) {
    World w;
    w.page(V, pte::P | pte::W);
    w.ring(0);
    EXPECT_FALSE(hits(w, V));
    EXPECT_TRUE(hits(w, V));
    const uint64_t kernel_generation = w.mmu->fetch_generation();
    w.ring(3);
    EXPECT_FALSE(w.load(V));
    EXPECT_NE(w.mmu->fetch_generation(), kernel_generation);
    w.ring(0);
    EXPECT_TRUE(hits(w, V)) << "coming back to a context costs no refill";
    EXPECT_EQ(w.mmu->fetch_generation(), kernel_generation);
}

TEST(SoftTlb, a_change_of_paging_controls_forgets_everything) {
    World w;
    w.page(V, pte::P | pte::U);
    w.ring(0);
    w.state.cr0 &= ~uint64_t{cr::CR0_WP};
    w.mmu->context_changed();
    ASSERT_TRUE(w.store(V));
    w.state.cr0 |= cr::CR0_WP;
    w.mmu->context_changed();
    EXPECT_FALSE(w.store(V));
}

TEST(SoftTlb, survives_more_contexts_than_it_has_tables) {
    World w;
    std::vector<uint64_t> roots;
    for (unsigned i = 0; i < 40; ++i) {
        roots.push_back(w.new_table() | (i + 1));
        const uint64_t frame = w.new_frame();
        w.map(V, frame, PTE_RWU, roots.back());
        w.memory.host(frame)[0] = static_cast<uint8_t>(i);
    }
    for (unsigned round = 0; round < 3; ++round)
        for (unsigned i = 0; i < 40; ++i) {
            const unsigned k = i * 7 % 40;
            w.mmu->load_cr3(roots[k] | cr::CR3_NO_FLUSH);
            uint64_t got;
            ASSERT_TRUE(w.load(V, got, 1));
            ASSERT_EQ(got, k);
        }
}

TEST(SoftTlb, pages_that_share_an_entry_do_not_mix) {
    World w;
    const uint64_t other = V + soft_tlb_entries * page_bytes;
    const uint64_t a = w.page(V), b = w.page(other);
    ASSERT_TRUE(w.load(V));
    ASSERT_TRUE(w.store(other, 0x55));
    ASSERT_TRUE(w.store(V, 0x66));
    uint64_t got;
    ASSERT_TRUE(w.load(other, got));
    EXPECT_EQ(got, 0x55u);
    EXPECT_EQ(w.memory.host(a)[0], 0x66);
    EXPECT_EQ(w.memory.host(b)[0], 0x55);
}

TEST(SoftTlb, fetches_follow_the_generation) {
    World w;
    const uint64_t a = w.page(V), b = w.new_frame();
    FetchPage page;
    ASSERT_TRUE(w.fetch(V, &page));
    EXPECT_EQ(page.page.page_paddr, a);
    const uint64_t generation = w.mmu->fetch_generation();
    w.map(V, b);
    w.mmu->invlpg(V);
    EXPECT_NE(w.mmu->fetch_generation(), generation);
    ASSERT_TRUE(w.fetch(V, &page));
    EXPECT_EQ(page.page.page_paddr, b);
}

}  // namespace

}  // namespace stile::model::test
