// SPDX-License-Identifier: Apache-2.0
//
// Does it matter who refills the APL cache? Two machines with the same pages and the same APLs, one whose
// kernel refills and one whose hardware walks the directory, are asked the same random questions: every
// verdict and every word of every fault must be the same, however small the cache and whoever leaves it.
#include <random>

#include "tests/unit/mmu/world.h"

namespace stile::model::test {

namespace {

constexpr uint64_t shared_at = 0x7f0000000000, dcs_at = 0x7e0000000000;
constexpr unsigned shared_pages = 40;
constexpr uint16_t all_tags[] = {0, 1, 2, 127, 128, 0x4000, 0x7fff, 0xabcd, 0xffff};
constexpr unsigned n_all_tags = std::size(all_tags);

MachineConfig machine(AplRefill refill, unsigned entries, unsigned ways, AplReplacement replacement) {
    MachineConfig c = World::make_config(ProtectionKind::codoms, entries, ways);
    c.apl_cache.refill = refill;
    c.apl_cache.replacement = replacement;
    return c;
}

struct RefillShape {
    unsigned entries, ways;
    AplReplacement replacement;
};

class Refill : public testing::TestWithParam<RefillShape> {};

struct Twins {
    explicit Twins(const RefillShape& s)
        : software(machine(AplRefill::software, s.entries, s.ways, s.replacement)),
          hardware(machine(AplRefill::hardware, s.entries, s.ways, s.replacement)) {
        hardware.directory();
        for (World* w : both) w->dcs(dcs_at);
    }
    World software, hardware;
    World* both[2] = {&software, &hardware};

    void grant(uint16_t from, uint16_t to, unsigned right) {
        software.apl[{from, to}] = right;
        hardware.write_directory(from, to, right);
        for (World* w : both) {
            w->protection->apl_invalidate(from);
            w->mmu->context_changed();
        }
    }
};

TEST_P(Refill, who_does_it_changes_no_verdict) {
    const RefillShape shape = GetParam();
    std::mt19937 random(shape.entries * 100 + shape.ways);
    const auto below = [&](uint64_t n) { return random() % n; };
    // A third domain's capability and the second page of an access need entries of their own, which a kernel
    // cannot provide in so small a cache; hardware can, and is tested for it below.
    const bool small = shape.ways < 13;
    unsigned allowed = 0, refused = 0;
    for (unsigned round = 0; round < 12; ++round) {
        Twins t(shape);
        for (unsigned i = 0; i < shared_pages; ++i) {
            const uint64_t tag = STILE_PTE_TAG(all_tags[below(n_all_tags)]);
            for (World* w : t.both) w->page(shared_at + i * 4096, PTE_RWU | tag);
        }
        for (World* w : t.both) w->domains_on(all_tags[0]);
        for (unsigned step = 0; step < 1500; ++step) {
            const uint64_t v = shared_at + below(shared_pages * 4096 - 64), what = below(16);
            const uint64_t bytes = 1ull << below(4);
            const uint64_t at = small ? v & ~(bytes - 1) : v;
            if (what == 0) {
                t.grant(all_tags[below(n_all_tags)], all_tags[below(n_all_tags)],
                        static_cast<unsigned>(below(4)));
            } else if (what == 1) {
                const unsigned i = static_cast<unsigned>(below(STILE_CAP_REGS)), right = 1 + below(3);
                PageAttributes page;
                t.software.mmu->probe(v, page);
                const uint16_t origin = small ? page.tag : all_tags[below(n_all_tags)];
                const uint64_t length = std::min<uint64_t>(below(9000), small ? 4096 - v % 4096 : ~0ull);
                for (World* w : t.both) w->cap(i, v, length, right, origin);
            } else if (what < 5) {
                const auto kind = below(2) ? STILE_XFER_CALL : STILE_XFER_JUMP;
                const uint64_t to = below(2) ? v & ~63ull : v;
                const bool soft =
                    t.software.with_refill([&] { return t.software.transfer(kind, to, 0x1234); });
                ASSERT_EQ(t.hardware.transfer(kind, to, 0x1234), soft);
                if (kind == STILE_XFER_CALL && t.software.state.cd.depth > 20)
                    for (World* w : t.both) w->state.cd.dcs_ptr = dcs_at, w->state.cd.depth = 0;
                for (World* w : t.both) w->state.cd.latch.kind = STILE_XFER_SEQ;
            } else {
                const bool write = below(2);
                uint64_t a = 0, b = 0;
                const bool soft = t.software.with_refill([&] {
                    return write ? t.software.store(at, step, bytes) : t.software.load(at, a, bytes);
                });
                const bool hard = write ? t.hardware.store(at, step, bytes) : t.hardware.load(at, b, bytes);
                ASSERT_EQ(hard, soft) << "round " << round << " step " << step;
                ASSERT_EQ(a, b);
                ++(hard ? allowed : refused);
            }
            ASSERT_EQ(t.hardware.fault.vector, t.software.fault.vector);
            ASSERT_EQ(t.hardware.fault.error, t.software.fault.error)
                << "round " << round << " step " << step;
            ASSERT_EQ(t.hardware.fault.address, t.software.fault.address);
            if (t.software.fault.vector == STILE_VEC_DOMAIN) {
                ASSERT_EQ(t.hardware.state.cd.fault_from, t.software.state.cd.fault_from);
                ASSERT_EQ(t.hardware.state.cd.fault_to, t.software.state.cd.fault_to);
                ASSERT_EQ(t.hardware.state.cd.fault_right, t.software.state.cd.fault_right);
                for (World* w : t.both) w->fault = {};
            }
        }
        EXPECT_GT(t.hardware.counters.apl_walks, 100u);
        EXPECT_EQ(t.hardware.counters.apl_walks, t.hardware.counters.apl_misses);
        EXPECT_EQ(t.hardware.counters.domain_crossings, t.software.counters.domain_crossings);
        EXPECT_EQ(t.software.counters.apl_walks, 0u);
        EXPECT_EQ(t.software.counters.apl_fills, t.software.counters.apl_misses) << "one fill per exception";
    }
    EXPECT_GT(allowed, 1000u);
    EXPECT_GT(refused, 1000u);
}

std::string name_of_shape(const testing::TestParamInfo<RefillShape>& info) {
    const char* const names[] = {"lru", "plru", "fifo", "random"};
    return std::to_string(info.param.entries) + "_" + std::to_string(info.param.ways) + "_" +
           names[static_cast<int>(info.param.replacement)];
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Refill,
    testing::Values(RefillShape{2, 2, AplReplacement::lru}, RefillShape{2, 2, AplReplacement::plru},
                    RefillShape{2, 2, AplReplacement::fifo}, RefillShape{2, 2, AplReplacement::random},
                    RefillShape{4, 2, AplReplacement::lru}, RefillShape{8, 4, AplReplacement::plru},
                    RefillShape{16, 16, AplReplacement::lru}, RefillShape{16, 16, AplReplacement::fifo},
                    RefillShape{256, 256, AplReplacement::lru}),
    name_of_shape);

constexpr uint64_t PAGES = 0x400000;

// Two foreign pages and a capability of a fourth domain: five tags in two entries. A kernel cannot do this.
TEST(Walk, needs_no_more_than_two_entries_for_any_access) {
    World w(machine(AplRefill::hardware, 2, 2, AplReplacement::lru));
    w.directory();
    w.page(PAGES, PTE_RWU | STILE_PTE_TAG(2));
    w.page(PAGES + 4096, PTE_RWU | STILE_PTE_TAG(3));
    w.page(0x600000, PTE_RWU | STILE_PTE_TAG(1));
    w.domains_on(1);
    w.write_directory(1, 2, STILE_RIGHT_READ);
    w.write_directory(4, 3, STILE_RIGHT_WRITE);
    w.cap(0, PAGES, 8192, STILE_RIGHT_READ, 4);
    for (unsigned i = 0; i < 3; ++i) EXPECT_TRUE(w.load(PAGES + 4092));
    EXPECT_EQ(w.counters.apl_walks, 9u) << "1 over 2, 1 over 3, 4 over 3; nothing of it stays";
    EXPECT_FALSE(w.store(PAGES + 4092));
    EXPECT_EQ(w.reason(), unsigned{STILE_CD_RIGHT});
}

TEST(Walk, a_right_that_went_is_never_used_again) {
    World w(machine(AplRefill::hardware, 2, 2, AplReplacement::lru));
    w.directory();
    for (uint16_t t = 2; t < 5; ++t) {
        w.page(PAGES + t * 4096, PTE_RWU | STILE_PTE_TAG(t));
        w.write_directory(1, t, STILE_RIGHT_READ);
    }
    w.domains_on(1);
    EXPECT_TRUE(w.load(PAGES + 2 * 4096));
    EXPECT_TRUE(w.load(PAGES + 3 * 4096));
    w.write_directory(1, 2, STILE_RIGHT_NIL);  // no cd.aplinv: but 2 has left the cache
    EXPECT_FALSE(w.load(PAGES + 2 * 4096)) << "the remembered answer went with the entry";
    EXPECT_EQ(w.counters.apl_evictions, 2u);
    w.write_directory(1, 3, STILE_RIGHT_NIL);
    w.write_directory(1, 4, STILE_RIGHT_NIL);
    EXPECT_FALSE(w.load(PAGES + 4 * 4096));
}

TEST(Walk, a_cached_right_stays_until_it_is_invalidated) {
    World w(machine(AplRefill::hardware, 4, 4, AplReplacement::lru));
    w.directory();
    w.page(PAGES, PTE_RWU | STILE_PTE_TAG(2));
    w.domains_on(1);
    EXPECT_FALSE(w.load(PAGES)) << "no directory page: nil";
    w.write_directory(1, 2, STILE_RIGHT_READ);
    EXPECT_FALSE(w.load(PAGES)) << "nil is cached";
    w.protection->apl_invalidate(1);
    w.mmu->context_changed();
    EXPECT_TRUE(w.load(PAGES));
    w.write_directory(1, 2, STILE_RIGHT_NIL);
    EXPECT_TRUE(w.load(PAGES));
    w.protection->apl_invalidate(2);
    w.mmu->context_changed();
    EXPECT_FALSE(w.load(PAGES)) << "either tag's entry does";
    EXPECT_EQ(w.counters.apl_walks, 3u);
    EXPECT_EQ(w.counters.apl_data_misses, 3u);
    EXPECT_EQ(w.counters.apl_invalidations, 2u);
}

TEST(Walk, an_absent_level_or_one_outside_memory_means_nil) {
    World w(machine(AplRefill::hardware, 4, 4, AplReplacement::lru));
    w.page(PAGES, PTE_RWU | STILE_PTE_TAG(2));
    w.domains_on(1);
    const auto refused = [&](uint64_t reads) {
        w.log.on = true;
        w.log.clear();
        w.protection->apl_invalidate(-1);
        w.mmu->context_changed();
        const bool no = !w.load(PAGES) && w.reason() == STILE_CD_RIGHT;
        EXPECT_EQ(w.log.walks.size(), 1u);
        EXPECT_EQ(w.log.walks.back().vaddr, PAGES);
        EXPECT_EQ(w.log.walks.back().reads, reads);
        return no;
    };
    w.state.cd.apl_root = (1ull << 39) | STILE_APL_ROOT_ON;
    EXPECT_TRUE(refused(0)) << "a root outside memory";
    w.directory();
    EXPECT_TRUE(refused(1));
    w.write_directory(1, 2, STILE_RIGHT_WRITE);
    const uint64_t root = w.state.cd.apl_root & pte::address;
    uint64_t& first = w.entry(root + 8 * STILE_APL_INDEX1(1));
    uint64_t& second = w.entry((first & pte::address) + 8 * STILE_APL_INDEX2(1, 2));
    const uint64_t level2 = first, level3 = second;
    second = 0;
    EXPECT_TRUE(refused(2));
    second = (1ull << 39) | STILE_APL_PRESENT;
    EXPECT_TRUE(refused(2));
    second = level3;
    first = (1ull << 39) | STILE_APL_PRESENT;
    EXPECT_TRUE(refused(1));
    first = level2;
    EXPECT_FALSE(refused(3)) << "all there: a right";
    w.state.cd.apl_root = 0;
    w.protection->apl_invalidate(-1);
    w.mmu->context_changed();
    EXPECT_FALSE(w.load(PAGES));
    EXPECT_EQ(w.reason(), unsigned{STILE_CD_APL_MISS}) << "off: software";
}

// What is known is asked first: no walk where it suffices.
TEST(Walk, nothing_is_fetched_that_is_not_needed) {
    World w(machine(AplRefill::hardware, 8, 8, AplReplacement::lru));
    w.directory();
    w.page(PAGES, PTE_RWU | STILE_PTE_TAG(2));
    w.domains_on(1);
    w.cap(0, PAGES, 4096, STILE_RIGHT_READ, 2);
    EXPECT_TRUE(w.load(PAGES)) << "the page's own domain lent it";
    EXPECT_EQ(w.counters.apl_walks, 0u);
    w.cap(1, PAGES, 4096, STILE_RIGHT_WRITE, 5);
    w.write_directory(1, 2, STILE_RIGHT_WRITE);
    EXPECT_TRUE(w.store(PAGES));
    EXPECT_EQ(w.counters.apl_walks, 1u) << "its own right sufficed; that of 5 was not fetched";
    EXPECT_EQ(w.counters.apl_capability_misses, 0u);
}

// Turned off with a pair unknown between two cached tags: the kernel is asked for the first of them.
TEST(Walk, an_unknown_pair_is_a_miss_once_the_walk_is_off) {
    World w(machine(AplRefill::hardware, 8, 8, AplReplacement::lru));
    w.directory();
    w.page(PAGES, PTE_RWU | STILE_PTE_TAG(2));
    w.page(PAGES + 4096, PTE_RWU | STILE_PTE_TAG(3));
    w.write_directory(1, 2, STILE_RIGHT_READ);
    w.write_directory(1, 3, STILE_RIGHT_READ);
    w.domains_on(1);
    EXPECT_TRUE(w.load(PAGES));
    EXPECT_TRUE(w.load(PAGES + 4096));
    w.domains_on(2);
    w.state.cd.apl_root &= ~STILE_APL_ROOT_ON;
    w.apl[{2, 3}] = STILE_RIGHT_READ;
    EXPECT_FALSE(w.load(PAGES + 4096));
    EXPECT_EQ(w.reason(), unsigned{STILE_CD_APL_MISS});
    EXPECT_EQ(w.state.cd.fault_to, 2u);
    const int64_t slot = w.protection->hardware_tag(2);
    w.fill(2);
    EXPECT_EQ(w.protection->hardware_tag(2), slot) << "refilled where it was";
    EXPECT_TRUE(w.load(PAGES + 4096));
}

}  // namespace

}  // namespace stile::model::test
