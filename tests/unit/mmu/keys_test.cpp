// SPDX-License-Identifier: Apache-2.0
//
// Do protection keys forbid exactly what the manual says (Intel SDM vol. 3, 4.6.2 and 4.7), however warm the
// software TLB is, and nothing else?
#include "model/protection/mpk.h"
#include "tests/unit/mmu/world.h"

namespace stile::model::test {

namespace {

constexpr uint64_t page_at = 0x400000;
constexpr uint64_t keyed(uint64_t bits, unsigned key) { return bits | uint64_t{key} << 59; }

class Keys : public ::testing::Test {
  protected:
    Keys() { use(true); }
    void use(bool on) {
        w.state.cr4 = on ? w.state.cr4 | cr::CR4_PKE : w.state.cr4 & ~uint64_t{cr::CR4_PKE};
        w.mmu->context_changed();
    }
    void pkru(uint32_t value) {
        w.state.pkru = value;
        w.mmu->context_changed();
    }
    void forbid(unsigned key, uint32_t rights) { pkru(rights << 2 * key); }
    MpkChecks& checks() { return static_cast<Mpk&>(*w.protection).checks; }
    World w{ProtectionKind::mpk};
};

constexpr uint32_t AD = 1, WD = 2;

// The manual's words, for one access.
struct KeyCase {
    bool on, user_page, writable, ring3, wp, write;
    uint32_t rights;
};
uint32_t expected_error(const KeyCase& c) {
    const bool by_user = c.ring3;
    bool page_forbids = (by_user && !c.user_page);
    if (c.write && !c.writable && (by_user || c.wp)) page_forbids = true;
    bool key_forbids = false;
    if (c.on && c.user_page) {
        if (c.rights & AD) key_forbids = true;
        if (c.write && (c.rights & WD) && (by_user || c.wp)) key_forbids = true;
    }
    if (!page_forbids && !key_forbids) return 0;
    return PF_PRESENT | (c.write ? uint32_t{PF_WRITE} : 0) | (by_user ? uint32_t{PF_USER} : 0) |
           (key_forbids ? 32u : 0);
}

TEST_F(Keys, EveryCombinationOfPageRingAndRegister) {
    unsigned refused = 0, allowed = 0;
    for (unsigned bits = 0; bits < 64; ++bits)
        for (uint32_t rights = 0; rights < 4; ++rights)
            for (unsigned key = 0; key < 16; ++key) {
                const KeyCase c{(bits & 1) != 0,  (bits & 2) != 0,  (bits & 4) != 0, (bits & 8) != 0,
                                (bits & 16) != 0, (bits & 32) != 0, rights};
                World fresh(ProtectionKind::mpk);
                fresh.state.cr4 |= c.on ? uint64_t{cr::CR4_PKE} : 0;
                fresh.state.cr0 = c.wp ? fresh.state.cr0 : fresh.state.cr0 & ~uint64_t{cr::CR0_WP};
                fresh.state.pkru = rights << 2 * key;
                fresh.page(page_at, keyed(pte::P | (c.writable ? uint64_t{pte::W} : 0) |
                                              (c.user_page ? uint64_t{pte::U} : 0),
                                          key));
                fresh.ring(c.ring3 ? 3 : 0);
                const uint32_t error = expected_error(c);
                for (int warm = 0; warm < 2; ++warm) {
                    const bool done = c.write ? fresh.store(page_at) : fresh.load(page_at);
                    ASSERT_EQ(done, error == 0) << bits << " key " << key << " rights " << rights;
                    if (!done) {
                        ASSERT_EQ(fresh.fault.vector, VEC_PF);
                        ASSERT_EQ(fresh.fault.error, error) << bits << " key " << key << " rights " << rights;
                        ASSERT_EQ(fresh.fault.address, page_at);
                    }
                }
                ++(error ? refused : allowed);
            }
    EXPECT_EQ(refused + allowed, 64u * 4 * 16);
    EXPECT_GT(refused, 1000u);
    EXPECT_GT(allowed, 1000u);
}

TEST_F(Keys, EachKeyHasItsOwnTwoBits) {
    for (unsigned key = 0; key < 16; ++key) w.page(page_at + key * page_bytes, keyed(PTE_RWU, key));
    for (unsigned closed = 0; closed < 16; ++closed) {
        forbid(closed, AD);
        for (unsigned key = 0; key < 16; ++key)
            EXPECT_EQ(w.load(page_at + key * page_bytes), key != closed) << closed << " " << key;
        forbid(closed, WD);
        for (unsigned key = 0; key < 16; ++key) {
            EXPECT_TRUE(w.load(page_at + key * page_bytes));
            EXPECT_EQ(w.store(page_at + key * page_bytes), key != closed) << closed << " " << key;
        }
    }
}

TEST_F(Keys, WarmAnswersHoldForTheirValueOfTheRegisterOnly) {
    w.page(page_at, keyed(PTE_RWU, 5));
    ASSERT_TRUE(w.store(page_at, 42));
    ASSERT_TRUE(w.load(page_at));
    forbid(5, AD);
    EXPECT_FALSE(w.load(page_at));
    EXPECT_FALSE(w.store(page_at));
    forbid(5, WD);
    uint64_t v = 0;
    EXPECT_TRUE(w.load(page_at, v));
    EXPECT_EQ(v, 42u);
    EXPECT_FALSE(w.store(page_at, 1));
    EXPECT_EQ(w.entry(frames_at) & 0xff, 42u);
    w.ring(0);
    EXPECT_FALSE(w.store(page_at, 1)) << "what ring 0 knows is its own, and no more";
    w.ring(3);
    // Back and forth between two values costs no walk.
    pkru(0);
    const unsigned misses = w.soft_misses;
    for (int i = 0; i < 100; ++i) {
        pkru(0);
        EXPECT_TRUE(w.store(page_at, 7));
        forbid(5, WD);
        EXPECT_TRUE(w.load(page_at));
    }
    EXPECT_LE(w.soft_misses - misses, 1u);
}

TEST_F(Keys, MoreValuesThanAnyPoolHoldsAreKeptApart) {
    for (unsigned key = 0; key < 16; ++key) w.page(page_at + key * page_bytes, keyed(PTE_RWU, key));
    uint32_t random = 12345;
    for (int i = 0; i < 20000; ++i) {
        random = random * 1664525 + 1013904223;
        pkru(random & 0x33333333 ? random : i % 40);
        const unsigned key = random >> 7 & 15;
        const uint32_t rights = w.state.pkru >> 2 * key & 3;
        ASSERT_EQ(w.load(page_at + key * page_bytes), !(rights & AD));
        ASSERT_EQ(w.store(page_at + key * page_bytes), rights == 0);
    }
}

TEST_F(Keys, RefusedStoreLeavesPageTableEntryAsItWas) {
    w.page(page_at, keyed(PTE_RWU, 3));
    forbid(3, WD);
    EXPECT_FALSE(w.store(page_at));
    EXPECT_EQ(w.entry(w.slot(page_at, 1)) & (pte::A | pte::D), 0u);
    EXPECT_TRUE(w.load(page_at));
    EXPECT_EQ(w.entry(w.slot(page_at, 1)) & (pte::A | pte::D), uint64_t{pte::A});
}

TEST_F(Keys, FetchesAndSupervisorPagesAreNobodysBusiness) {
    w.page(page_at, keyed(PTE_RWU, 9));
    forbid(9, AD | WD);
    EXPECT_TRUE(w.fetch(page_at));
    EXPECT_FALSE(w.load(page_at));
    w.page(page_at + page_bytes, keyed(pte::P | pte::W, 9));
    w.ring(0);
    EXPECT_TRUE(w.store(page_at + page_bytes));
    EXPECT_FALSE(w.store(page_at)) << "a user page stays closed to ring 0";
}

TEST_F(Keys, LargePagesAndTheSecondPageOfAnAccess) {
    w.map_large(0x800000, 4 << 20, keyed(PTE_RWU, 15));
    forbid(15, AD);
    EXPECT_FALSE(w.load(0x812345));
    EXPECT_EQ(w.fault.error, PF_PRESENT | PF_USER | PF_KEY);
    pkru(0);
    EXPECT_TRUE(w.load(0x812345));
    w.page(page_at, keyed(PTE_RWU, 1));
    w.page(page_at + page_bytes, keyed(PTE_RWU, 2));
    forbid(2, WD);
    EXPECT_FALSE(w.store(page_at + page_bytes - 4, ~0ull));
    EXPECT_EQ(w.fault.address, page_at + page_bytes);
    uint64_t v = 1;
    EXPECT_TRUE(w.load(page_at + page_bytes - 8, v));
    EXPECT_EQ(v, 0u) << "nothing of it was written";
}

TEST_F(Keys, RemappingAKeyNeedsTheInvalidationOfAnyPage) {
    w.page(page_at, keyed(PTE_RWU, 1));
    forbid(2, AD);
    ASSERT_TRUE(w.load(page_at));
    uint64_t& e = w.entry(w.slot(page_at, 1));
    e = keyed(e & ~(0xfull << 59), 2);
    w.mmu->invlpg(page_at);
    EXPECT_FALSE(w.load(page_at));
}

TEST_F(Keys, EachRuleIsWhatStopsIt) {
    w.page(page_at, keyed(PTE_RWU, 4));
    forbid(4, AD);
    EXPECT_FALSE(w.load(page_at));
    checks().access = false;
    EXPECT_TRUE(w.load(page_at));

    w.page(page_at + page_bytes, keyed(PTE_RWU, 6));
    forbid(6, WD);
    EXPECT_FALSE(w.store(page_at + page_bytes));
    checks().write = false;
    EXPECT_TRUE(w.store(page_at + page_bytes));

    checks() = {};
    w.page(page_at + 2 * page_bytes, keyed(PTE_RWU, 8));
    forbid(8, WD);
    w.ring(0);
    EXPECT_FALSE(w.store(page_at + 2 * page_bytes));
    checks().supervisor = false;
    EXPECT_TRUE(w.store(page_at + 2 * page_bytes));
    w.ring(3);
    EXPECT_FALSE(w.store(page_at + 2 * page_bytes));
}

TEST(OtherUnits, IgnoreTheBitsOfAKey) {
    for (const auto kind : {ProtectionKind::none, ProtectionKind::paging}) {
        World w(kind);
        w.page(page_at, keyed(PTE_RWU, 7));
        w.state.pkru = ~0u;
        w.mmu->context_changed();
        EXPECT_TRUE(w.load(page_at));
        EXPECT_TRUE(w.store(page_at));
    }
}

}  // namespace

}  // namespace stile::model::test
