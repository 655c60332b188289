// SPDX-License-Identifier: Apache-2.0
//
// When does the out-of-order timing model say that a store is in the cache?
#include "tests/unit/timing/fixture.h"

namespace stile::test {
namespace {

using model::MemKind;

isa::Uop store_uop() {
    isa::Uop u = uop(Op::st8);
    u.c = isa::RAX;
    return u;
}

// A block's cost and how long its last store then still takes add up to when that store is in the cache.
TEST(StoresDrained, AMissTakesAsLongAsTheLine) {
    OooPipeline p;
    p.lower.latency = 100;
    auto& b = p.make({store_uop()});
    const auto in_cache = [&](uint64_t paddr) {
        p.settle();
        return p.run(b, {{paddr, 8, MemKind::store, 0}}).total + p.timing.stores_drained();
    };
    in_cache(0x8000);  // code and translation are known from here on
    p.settle();
    EXPECT_EQ(p.timing.stores_drained(), 0u);
    const Cycles hit = in_cache(0x8000), miss = in_cache(0x8040);
    EXPECT_EQ(miss - hit, p.config.l1d.latency + p.lower.latency);
}

TEST(StoresDrained, WaitsForTheStoresBeforeIt) {
    OooPipeline p;
    p.lower.latency = 300;
    auto& b = p.make({store_uop()});
    p.run(b, {{0x8000, 8, MemKind::store, 0}});
    p.settle();
    const Cycles first = p.run(b, {{0x9000, 8, MemKind::store, 0}}).total + p.timing.stores_drained();
    const Cycles left = p.timing.stores_drained();
    const Cycles second = p.run(b, {{0x8000, 8, MemKind::store, 0}}).total + p.timing.stores_drained();
    EXPECT_GT(first, 300u);
    EXPECT_EQ(second, left + 1);  // a cycle after the one that missed, though its own line is there
}

}  // namespace
}  // namespace stile::test
