// SPDX-License-Identifier: Apache-2.0
//
// Does the walker answer as the manual says (Intel SDM vol. 3, 4.5 to 4.8): who may, what fault, which bits?
#include "tests/unit/mmu/world.h"

namespace stile::model::test {

namespace {

constexpr uint64_t walked = 0x123456789000;

struct Case {
    const char* name;
    uint64_t bits;  // of the 4 KiB leaf
    unsigned cpl;
    Access access;
    int64_t error;  // -1: allowed
    uint64_t cr0_off = 0, cr4_on = 0;
};

class WalkTable : public testing::TestWithParam<Case> {};

TEST_P(WalkTable, allows_or_faults_with_the_right_code) {
    const Case& c = GetParam();
    World w;
    w.state.cr0 &= ~c.cr0_off;
    w.state.cr4 |= c.cr4_on;
    w.ring(c.cpl);
    const uint64_t frame = w.new_frame();
    w.map(walked, frame, c.bits);
    bool ok = false;
    switch (c.access) {
        case Access::read:
            ok = w.load(walked + 8);
            break;
        case Access::write:
            ok = w.store(walked + 8);
            break;
        default:
            ok = w.fetch(walked + 8);
            break;
    }
    EXPECT_EQ(ok, c.error < 0);
    if (!ok) {
        EXPECT_EQ(w.fault.vector, VEC_PF);
        EXPECT_TRUE(w.fault.has_error);
        EXPECT_EQ(w.fault.error, c.error);
        EXPECT_EQ(w.fault.address, walked + 8);
    }
}

constexpr uint64_t P = pte::P, W = pte::W, U = pte::U, NX = pte::NX;
const Case cases[] = {
    {"user reads user page", P | U, 3, Access::read, -1},
    {"user reads supervisor page", P | W, 3, Access::read, PF_PRESENT | PF_USER},
    {"user writes read-only page", P | U, 3, Access::write, PF_PRESENT | PF_USER | PF_WRITE},
    {"user writes writable page", P | W | U, 3, Access::write, -1},
    {"user reads absent page", 0, 3, Access::read, PF_USER},
    {"user writes absent page", W | U, 3, Access::write, PF_USER | PF_WRITE},
    {"user fetches", P | U, 3, Access::fetch, -1},
    {"user fetches NX page", P | U | NX, 3, Access::fetch, PF_PRESENT | PF_USER | PF_FETCH},
    {"user fetches absent page", 0, 3, Access::fetch, PF_USER | PF_FETCH},
    {"user fetches supervisor page", P, 3, Access::fetch, PF_PRESENT | PF_USER | PF_FETCH},
    {"kernel reads supervisor page", P, 0, Access::read, -1},
    {"kernel reads absent page", 0, 0, Access::read, 0},
    {"kernel reads user page", P | U, 0, Access::read, -1},
    {"kernel writes read-only page, WP", P, 0, Access::write, PF_PRESENT | PF_WRITE},
    {"kernel writes read-only page, no WP", P, 0, Access::write, -1, cr::CR0_WP},
    {"kernel writes read-only user page, WP", P | U, 0, Access::write, PF_PRESENT | PF_WRITE},
    {"kernel fetches user page", P | U, 0, Access::fetch, -1},
    {"kernel fetches user page, SMEP", P | U, 0, Access::fetch, PF_PRESENT | PF_FETCH, 0, cr::CR4_SMEP},
    {"kernel fetches supervisor page, SMEP", P, 0, Access::fetch, -1, 0, cr::CR4_SMEP},
    {"kernel fetches NX page", P | NX, 0, Access::fetch, PF_PRESENT | PF_FETCH},
    {"NX page may be read", P | U | NX, 3, Access::read, -1},
    {"CODOMs bits are not reserved in a leaf",
     P | U | STILE_PTE_TAG(0xffff) | STILE_PTE_PRIVILEGED | (1ull << 54) | (0xfull << 59), 3, Access::read,
     -1},
};
INSTANTIATE_TEST_SUITE_P(Walk, WalkTable, testing::ValuesIn(cases), [](const auto& info) {
    std::string name = info.param.name;
    for (char& c : name)
        if (!isalnum(c)) c = '_';
    return name;
});

TEST(Walk, permissions_of_all_levels_are_combined) {
    for (unsigned level = 2; level <= 4; ++level) {
        World w;
        w.page(walked);
        uint64_t& e = w.entry(w.slot(walked, level));
        e &= ~uint64_t{pte::W};
        EXPECT_TRUE(w.load(walked));
        EXPECT_FALSE(w.store(walked)) << level;
        EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER | PF_WRITE);
        e = (e | pte::NX | pte::W);
        w.mmu->flush_all();
        EXPECT_TRUE(w.store(walked));
        EXPECT_FALSE(w.fetch(walked));
        e &= ~uint64_t{pte::U};
        w.mmu->flush_all();
        EXPECT_FALSE(w.load(walked));
        EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER);
    }
}

TEST(Walk, reserved_bits_fault_wherever_they_are) {
    struct {
        unsigned level;
        uint64_t bits;
        bool large;
    } const bad[] = {
        {4, pte::PS, false},    {3, pte::PS, false},   {4, 1ull << 40, false}, {3, 1ull << 51, false},
        {2, 1ull << 45, false}, {2, 1ull << 13, true}, {2, 1ull << 20, true},
    };
    for (const auto& b : bad) {
        World w;
        if (b.large)
            w.map_large(walked, 0x400000);
        else
            w.page(walked);
        w.entry(w.slot(walked, b.level)) |= b.bits;
        EXPECT_FALSE(w.load(walked)) << b.level << " " << std::hex << b.bits;
        EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER | PF_RESERVED);
    }
    World w;
    w.page(walked, PTE_RWU | pte::NX);
    w.state.efer &= ~uint64_t{cr::EFER_NXE};
    w.mmu->context_changed();
    EXPECT_FALSE(w.load(walked));
    EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER | PF_RESERVED);
    EXPECT_FALSE(w.fetch(walked));
    EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER | PF_RESERVED) << "no fetch bit without NX and SMEP";
}

TEST(Walk, accessed_and_dirty_bits) {
    World w;
    w.page(walked);
    const auto bits = [&](unsigned level) { return w.entry(w.slot(walked, level)) & (pte::A | pte::D); };
    for (unsigned level = 1; level <= 4; ++level) EXPECT_EQ(bits(level), 0u);
    ASSERT_TRUE(w.load(walked));
    for (unsigned level = 1; level <= 4; ++level) EXPECT_EQ(bits(level), uint64_t{pte::A});
    ASSERT_TRUE(w.store(walked));
    EXPECT_EQ(bits(1), pte::A | pte::D) << "the software TLB must not hide the first store";
    for (unsigned level = 2; level <= 4; ++level) EXPECT_EQ(bits(level), uint64_t{pte::A});

    World refused;
    refused.page(walked, pte::P | pte::U);
    EXPECT_FALSE(refused.store(walked));
    EXPECT_EQ(refused.entry(refused.slot(walked, 1)) & (pte::A | pte::D), 0u);

    World large;
    large.map_large(walked, 0x400000);
    ASSERT_TRUE(large.store(walked));
    EXPECT_EQ(large.entry(large.slot(walked, 2)) & (pte::A | pte::D), pte::A | pte::D);

    World fetched;
    fetched.page(walked);
    ASSERT_TRUE(fetched.fetch(walked));
    EXPECT_EQ(fetched.entry(fetched.slot(walked, 1)) & (pte::A | pte::D), uint64_t{pte::A});
}

TEST(Walk, large_page_reaches_each_of_its_4_kib_pages) {
    World w;
    const uint64_t base = 0x40000000;
    w.map_large(base, 0x400000, PTE_RWU | STILE_PTE_TAG(0x1234));
    for (const uint64_t offset : {0x0ull, 0x1ff8ull, 0x100000ull, 0x1ffff8ull}) {
        const uint64_t value = offset * 3 + 1;
        std::memcpy(w.memory.host(0x400000 + offset), &value, 8);
        uint64_t got;
        ASSERT_TRUE(w.load(base + offset, got));
        EXPECT_EQ(got, value);
        PageAttributes a;
        ASSERT_TRUE(w.mmu->probe(base + offset, a));
        EXPECT_TRUE(a.large);
        EXPECT_EQ(a.tag, 0x1234);
        EXPECT_EQ(a.page_paddr, 0x400000 + (offset & page_mask));
    }
}

TEST(Walk, non_canonical_addresses_raise_gp) {
    World w;
    for (const uint64_t v : {0x0000800000000000ull, 0xffff7fffffffffffull, 0x8000000000000000ull}) {
        EXPECT_FALSE(w.load(v, w.state.r[0], 1));
        EXPECT_EQ(w.fault.vector, VEC_GP);
        EXPECT_EQ(w.fault.error, 0u);
        EXPECT_FALSE(w.fetch(v));
        EXPECT_EQ(w.fault.vector, VEC_GP);
    }
}

TEST(Walk, tables_outside_ram_fault) {
    World w;
    w.page(walked);
    w.entry(w.slot(walked, 2)) = (ram_bytes + 0x1000) | PTE_RWU;
    EXPECT_FALSE(w.load(walked));
    EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER | PF_RESERVED);
}

TEST(Walk, probing_leaves_no_trace) {
    World w;
    w.page(walked);
    PageAttributes a;
    EXPECT_TRUE(w.mmu->probe(walked, a));
    EXPECT_FALSE(w.mmu->probe(walked + page_bytes, a));
    EXPECT_EQ(w.entry(w.slot(walked, 1)) & (pte::A | pte::D), 0u);
}

}  // namespace

}  // namespace stile::model::test
