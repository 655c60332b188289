// SPDX-License-Identifier: Apache-2.0
//
// What does a check cost that another domain's page needs? Nothing as long as the verdict is there before the
// data; each cycle by which latency or a taken port makes it later; all of the walk where a right is fetched.
// Own pages and supervisor pages cost nothing whatever the APL cache is like.
#include "abi/codoms.h"
#include "tests/unit/timing/ooo_fixture.h"

namespace stile::test {
namespace {

constexpr uint64_t own = 0x8000, other = 0x9000, third = 0xa000, system = 0xb000;
constexpr uint16_t me = 5, you = 0x8006, they = 7;

// Pages of 4 KiB, one to one.
template <class P>
void map(P& p) {
    const auto put = [&p](uint64_t at, uint64_t value) { std::memcpy(p.memory.host(at), &value, 8); };
    put(0x100000, 0x101000 | 7);
    put(0x101000, 0x102000 | 7);
    put(0x102000, 0x103000 | 7);
    for (uint64_t n = 0; n < 512; ++n) put(0x103000 + n * 8, n << 12 | 7 | STILE_PTE_TAG(me));
    put(0x103000 + (other >> 12) * 8, other | 7 | STILE_PTE_TAG(you));
    put(0x103000 + (third >> 12) * 8, third | 7 | STILE_PTE_TAG(they));
    put(0x103000 + (system >> 12) * 8, system | 3 | STILE_PTE_TAG(they));
    p.state.cr3 = 0x100000;
    p.state.cr0 = 1ull << 31;
    p.state.cpl = 3;
    p.state.cd.control = 1;
    p.state.cd.latch.tag = me;
}

template <class P>
class AplTiming : public testing::Test {
  protected:
    static MachineConfig machine(Cycles latency, unsigned ports = 2) {
        MachineConfig c = wide_front();
        c.core.width = 4;
        c.apl_cache.latency = latency;
        c.apl_cache.ports = ports;
        return c;
    }
    // Of loads, then a use of the last one's result, all lines and translations being there.
    static Cycles loads(P& p, std::vector<uint64_t> addresses) {
        Uops u;
        Accesses a;
        for (const uint64_t at : addresses) {
            a.push_back({at, 8, MemKind::load, static_cast<unsigned>(u.size())});
            u.push_back(uop(Op::ld8, RAX));
        }
        u.push_back(uop(Op::add8_ri, RBX, RAX));
        auto& b = p.make(u);
        Cycles last = 0;
        for (int i = 0; i < 6; ++i) {
            p.settle();
            last = p.run(b, a).total;
        }
        return last;
    }
    static Cycles lookups(P& p) { return p.counters.apl_data_lookups; }
};

using Models = testing::Types<Pipeline, OooPipeline>;
TYPED_TEST_SUITE(AplTiming, Models);

TYPED_TEST(AplTiming, LatencyIsHiddenBehindTheDataCache) {
    for (const Cycles latency : {0, 3, 4, 5, 9}) {
        TypeParam p(this->machine(latency));
        map(p);
        const Cycles mine = this->loads(p, {own});
        EXPECT_EQ(this->lookups(p), 0u);
        EXPECT_EQ(this->loads(p, {system}), mine);
        EXPECT_EQ(this->lookups(p), 0u) << "a supervisor's page";
        EXPECT_EQ(this->loads(p, {other}), mine + (latency > 4 ? latency - 4 : 0)) << latency;
        EXPECT_EQ(this->lookups(p), 6u);
        p.state.cd.latch.tag = you;
        EXPECT_EQ(this->loads(p, {other}), mine) << "its own now";
        EXPECT_EQ(this->lookups(p), 6u);
        p.state.cd.control = 0;
        EXPECT_EQ(this->loads(p, {own}), mine) << "not checked";
        EXPECT_EQ(this->lookups(p), 6u);
    }
}

TYPED_TEST(AplTiming, RingZeroActsForTheDomainThatCalledIt) {
    TypeParam p(this->machine(6));
    map(p);
    p.state.cpl = 0;
    p.state.cd.saved_latch.tag = you;
    const Cycles theirs = this->loads(p, {other});
    EXPECT_EQ(this->lookups(p), 0u);
    EXPECT_EQ(this->loads(p, {own}), theirs + 2);
}

// A late verdict is no later for a load that misses: both are waited for side by side.
TYPED_TEST(AplTiming, AMissHidesALateVerdict) {
    TypeParam p(this->machine(9));
    map(p);
    this->loads(p, {other, own});
    auto& b = p.make({uop(Op::ld8, RAX), uop(Op::add8_ri, RBX, RAX)});
    p.settle();
    const Cycles mine = p.run(b, {{own + 0x800}}).total;
    p.settle();
    EXPECT_EQ(p.run(b, {{other + 0x800}}).total, mine);
}

// Two loads begin in one cycle; with one port the second lookup begins a cycle later.
TYPED_TEST(AplTiming, APortPerLookup) {
    for (const unsigned ports : {1u, 2u}) {
        for (const Cycles latency : {3, 4}) {
            TypeParam p(this->machine(latency, ports));
            map(p);
            const Cycles mine = this->loads(p, {own, own});
            this->loads(p, {other, other});  // lines and translations
            const uint64_t stalls = p.counters.apl_port_stalls;
            EXPECT_EQ(this->loads(p, {other, other}), mine + (ports == 1 && latency == 4)) << latency;
            EXPECT_EQ(p.counters.apl_port_stalls - stalls, ports == 1 ? 6u : 0u);
            EXPECT_EQ(this->loads(p, {own, other}), mine);
            EXPECT_EQ(p.counters.apl_port_stalls - stalls, ports == 1 ? 6u : 0u);
        }
    }
}

TYPED_TEST(AplTiming, ACapabilityOfAThirdDomainIsLookedUpToo) {
    TypeParam p(this->machine(4, 1));
    map(p);
    const Cycles mine = this->loads(p, {own});
    p.state.cd.caps[3] = {other, 4096, 0, 0, STILE_CAP_WORD(you, 0, STILE_RIGHT_READ, STILE_CAP_SYNC)};
    EXPECT_EQ(this->loads(p, {other}), mine) << "that of the page's own domain needs no lookup";
    EXPECT_EQ(p.counters.apl_capability_lookups, 0u);
    p.state.cd.caps[3].word = STILE_CAP_WORD(they, 0, STILE_RIGHT_READ, STILE_CAP_SYNC);
    EXPECT_EQ(this->loads(p, {other}), mine + 1) << "through the same port";
    EXPECT_EQ(p.counters.apl_capability_lookups, 6u);
    p.state.cd.caps[3].base = third;
    EXPECT_EQ(this->loads(p, {other}), mine);
}

TYPED_TEST(AplTiming, LateStoresHoldUpTheStoreBufferOnly) {
    TypeParam p(this->machine(30));
    map(p);
    auto& b = p.make({store_of(RAX)});
    const auto drained = [&](uint64_t at) {
        Cycles last = 0;
        for (int i = 0; i < 4; ++i) {
            p.settle();
            last = p.run(b, {{at, 8, MemKind::store, 0}}).total + p.timing.stores_drained();
        }
        return last;
    };
    const Cycles mine = drained(own);
    EXPECT_EQ(drained(other), mine + (std::is_same_v<TypeParam, OooPipeline> ? 30 : 0));
    EXPECT_EQ(p.counters.apl_port_stalls, 0u);
}

// Three dependent reads through the data cache after the walker's fixed part, all of it refill.
TYPED_TEST(AplTiming, AWalkIsThreeDependentReads) {
    TypeParam p(this->machine(0));
    map(p);
    const Cycles mine = this->loads(p, {own});
    this->loads(p, {other});
    auto& b = p.make({uop(Op::ld8, RAX), uop(Op::add8_ri, RBX, RAX)});
    const auto walking = [&](std::vector<model::AplWalk> walks, uint64_t at) {
        p.settle();
        p.log.clear();
        p.log.walks = std::move(walks);
        p.log.add(at, at, 8, MemKind::load, 0);
        const auto cost = p.timing.block({&b.code, &b.slot, b.address, b.address, 2, {}}, p.log);
        p.log.clear();
        return cost;
    };
    const model::AplWalk walk{other, {0x200000, 0x201008, 0x202010}, 3};
    walking({}, other);
    const Cycles before = p.counters.apl_walk_cycles;
    const Cycles memory = p.lower.latency + 4;
    auto cold = walking({walk}, other);
    EXPECT_EQ(p.counters.apl_walk_cycles - before, 8 + 3 * memory);
    EXPECT_EQ(cold.total, mine + 8 + 3 * memory);
    EXPECT_EQ(cold.refill, 8 + 3 * memory);
    auto warm = walking({walk}, other);
    EXPECT_EQ(warm.total, mine + 8 + 3 * 4);
    EXPECT_EQ(warm.refill, 8u + 3 * 4);
    EXPECT_EQ(walking({walk, walk}, other).refill, 2 * (8u + 3 * 4)) << "one after the other";
    const model::AplWalk short_walk{other, {0x200000}, 1};
    EXPECT_EQ(walking({short_walk}, other).refill, 8u + 4);
    // An access that never came, because it was refused: the time passes all the same.
    EXPECT_EQ(walking({walk}, own).refill, 8u + 3 * 4);
    EXPECT_EQ(walking({}, other).total, mine) << "and is over";
}

// The event of a crossing: its walks hold up what follows.
TYPED_TEST(AplTiming, AWalkOfATransferHoldsUpTheFrontEnd) {
    TypeParam p(this->machine(0));
    map(p);
    auto& b = p.make({uop(Op::add8_ri, RBX, RAX)});
    const auto crossing = [&](bool walks) {
        p.settle();
        p.run(b);
        p.settle();
        p.log.clear();
        if (walks) p.log.walks.push_back({0, {0x200000, 0x201008, 0x202010}, 3});
        auto cost = p.timing.event(OpClass::codoms, p.log);
        p.log.clear();
        const auto after = p.run(b);
        return model::BlockCost{cost.total + after.total, cost.refill + after.refill};
    };
    crossing(true);
    const auto without = crossing(false), with = crossing(true);
    EXPECT_EQ(with.refill, 8u + 3 * 4);
    EXPECT_NEAR(static_cast<double>(with.total), static_cast<double>(without.total + 8 + 3 * 4), 1);
}

// Pushing and popping a return capability is a store and a load micro-op, which wait for nothing.
TEST(OooDomains, PushAndPopGoThroughTheStoreQueue) {
    OooPipeline p(wide_front());
    map(p);
    auto& b = p.make(repeat(40, free_alu()));
    const auto crossing = [&](bool push, bool pop) {
        p.settle();
        p.run(b);
        Cycles total = 0;
        for (const MemKind kind : {MemKind::store, MemKind::load}) {
            if (!(kind == MemKind::store ? push : pop)) continue;
            p.log.clear();
            p.log.add(third, third, 32, kind, 0);
            total += p.timing.event(OpClass::codoms, p.log).total;
        }
        p.log.clear();
        return total + p.run(b).total;
    };
    for (int i = 0; i < 4; ++i) crossing(true, true);
    const uint64_t accesses = p.counters.l1d_accesses;
    const Cycles none = crossing(false, false);
    EXPECT_EQ(p.counters.l1d_accesses, accesses);
    const Cycles both = crossing(true, true);
    EXPECT_EQ(p.counters.l1d_accesses, accesses + 2);
    EXPECT_LE(both, none + 1) << "two slots";
    EXPECT_EQ(p.counters.apl_data_lookups, 0u) << "hardware's own, not checked";
}

}  // namespace
}  // namespace stile::test
