// SPDX-License-Identifier: Apache-2.0
//
// Do whole accesses arrive where they should: across pages, at devices, in code pages, under watch, in the
// log?
#include "tests/unit/mmu/world.h"

namespace stile::model::test {

namespace {

TEST(Access, crosses_into_a_page_elsewhere_in_memory) {
    World w;
    const uint64_t second = w.new_frame(), first = w.new_frame();
    w.map(V, first);
    w.map(V + page_bytes, second);
    ASSERT_TRUE(w.store(V + page_bytes - 3, 0x1122334455667788));
    EXPECT_EQ(w.memory.host(first)[4093], 0x88);
    EXPECT_EQ(w.memory.host(first)[4095], 0x66);
    EXPECT_EQ(w.memory.host(second)[0], 0x55);
    EXPECT_EQ(w.memory.host(second)[4], 0x11);
    uint64_t got;
    ASSERT_TRUE(w.load(V + page_bytes - 3, got));
    EXPECT_EQ(got, 0x1122334455667788u);
    ASSERT_TRUE(w.load(V + page_bytes - 3, got)) << "answered from the software TLB";
    EXPECT_EQ(got, 0x1122334455667788u);
}

TEST(Access, a_store_that_faults_on_its_second_page_changes_nothing) {
    World w;
    const uint64_t first = w.page(V);
    w.page(V + page_bytes, pte::P | pte::U);
    EXPECT_FALSE(w.store(V + page_bytes - 4, ~0ull));
    EXPECT_EQ(w.fault.address, V + page_bytes) << "CR2 is the first byte that cannot be reached";
    EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER | PF_WRITE);
    for (int i = 4092; i < 4096; ++i) EXPECT_EQ(w.memory.host(first)[i], 0);
}

TEST(Access, load_that_announces_a_store_is_checked_as_one) {
    World w;
    w.page(V, pte::P | pte::U);
    uint64_t got = 0;
    EXPECT_TRUE(w.mmu->read(V, &got, 8, w.fault, 0));
    EXPECT_FALSE(w.mmu->read(V, &got, 8, w.fault, 0, true));
    EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER | PF_WRITE);
}

TEST(Access, devices_are_reached_each_time) {
    World w;
    w.map(V, STILE_MMIO_BASE);
    w.devices.registers[STILE_CONSOLE_DATA] = 0x41;
    uint64_t got;
    ASSERT_TRUE(w.load(V, got));
    EXPECT_EQ(got, 0x41u);
    w.devices.registers[STILE_CONSOLE_DATA] = 0x42;
    ASSERT_TRUE(w.load(V, got));
    EXPECT_EQ(got, 0x42u);
    ASSERT_TRUE(w.store(V + 0x20, 7));
    EXPECT_EQ(w.devices.registers[STILE_MMIO_BASE + 0x20], 7u);
    ASSERT_TRUE(w.load(V + 0x800, got));
    EXPECT_EQ(got, ~0ull) << "an open bus reads as ones";
    EXPECT_EQ(w.soft_hits, 0u);
}

struct Seen final : Observer {
    std::vector<std::pair<uint64_t, uint64_t>> stores;
    void store(Core&, uint64_t vaddr, uint64_t paddr, uint64_t bytes) override {
        stores.emplace_back(paddr, bytes);
        (void)vaddr;
    }
};

TEST(Access, every_watched_store_is_reported) {
    World w;
    const uint64_t frame = w.page(V);
    ASSERT_TRUE(w.store(V));
    ASSERT_TRUE(w.store(V));
    ASSERT_EQ(w.soft_hits, 1u);
    Seen seen;
    // The observer's first argument is only handed through; no core exists here.
    w.mmu->watch_stores(&seen, reinterpret_cast<Core*>(&w));
    for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(w.store(V + i * 16));
    ASSERT_EQ(seen.stores.size(), 5u);
    EXPECT_EQ(seen.stores[3], (std::pair<uint64_t, uint64_t>{frame + 48, 8}));
    w.mmu->watch_stores(nullptr, nullptr);
    ASSERT_TRUE(w.store(V));
    EXPECT_EQ(seen.stores.size(), 5u);
}

TEST(Access, stores_into_code_pages_are_announced_before_they_land) {
    World w;
    const uint64_t frame = w.page(V);
    w.map(V + 0x10000, frame);  // an alias
    ASSERT_TRUE(w.store(V));
    ASSERT_TRUE(w.store(V + 0x10000));
    struct Told {
        World* w;
        std::vector<uint64_t> paddr;
        uint8_t before = 0xff;
    } told{&w, {}, 0xff};
    w.mmu->on_code_store_arg = &told;
    w.mmu->on_code_store = [](void* arg, uint64_t paddr, unsigned) {
        auto& t = *static_cast<Told*>(arg);
        t.paddr.push_back(paddr);
        t.before = *t.w->memory.host(paddr);
    };
    w.mmu->protect_code_page(frame);
    ASSERT_TRUE(w.store(V + 8, 0x99));
    ASSERT_TRUE(w.store(V + 0x10010, 0x77));
    EXPECT_EQ(told.paddr, (std::vector<uint64_t>{frame + 8, frame + 16}));
    EXPECT_EQ(told.before, 0);
    w.mmu->unprotect_code_page(frame);
    ASSERT_TRUE(w.store(V + 8, 1));
    EXPECT_EQ(told.paddr.size(), 2u);
}

TEST(Access, the_log_holds_one_event_per_page) {
    World w;
    const uint64_t first = w.page(V), second = w.page(V + page_bytes);
    w.map(V + 2 * page_bytes, STILE_MMIO_BASE);
    w.log.on = true;
    uint64_t got;
    ASSERT_TRUE(w.mmu->read(V + 4090, &got, 8, w.fault, 3));
    ASSERT_TRUE(w.mmu->write(V + 16, &got, 4, w.fault, 4));
    ASSERT_TRUE(w.mmu->write(V + 2 * page_bytes, &got, 1, w.fault, 5));
    ASSERT_EQ(w.log.n, 4u);
    EXPECT_EQ(w.log.e[0].paddr, first + 4090);
    EXPECT_EQ(w.log.e[0].bytes, 6u);
    EXPECT_EQ(w.log.e[1].paddr, second);
    EXPECT_EQ(w.log.e[1].bytes, 2u);
    EXPECT_EQ(w.log.e[1].insn, 3);
    EXPECT_EQ(w.log.e[2].kind, MemKind::store);
    EXPECT_EQ(w.log.e[3].kind, MemKind::mmio_store);
}

TEST(Access, fetch_from_no_ram_finds_undefined_instructions) {
    World w;
    w.map(V, STILE_MMIO_BASE);
    FetchPage page;
    ASSERT_TRUE(w.fetch(V, &page));
    EXPECT_EQ(page.host[0], 0xff);
    EXPECT_EQ(page.host[4095], 0xff);
}

TEST(Access, without_paging_addresses_are_physical) {
    World w;
    w.state.cr0 &= ~uint64_t{cr::CR0_PG};
    w.mmu->context_changed();
    ASSERT_TRUE(w.store(0x800008, 5));
    EXPECT_EQ(w.memory.host(0x800008)[0], 5);
}

}  // namespace

}  // namespace stile::model::test
