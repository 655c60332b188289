// SPDX-License-Identifier: Apache-2.0
//
// Which blocks does a store drop?
#include "model/core/block_cache.h"

#include <gtest/gtest.h>

namespace stile::model {

namespace {

Block* add(BlockCache& cache, uint64_t paddr, unsigned bytes, uint64_t second_page = ~0ull) {
    auto b = std::make_unique<Block>();
    b->paddr = paddr;
    b->code.bytes = bytes;
    b->code.straddles = second_page != ~0ull;
    b->second_page = second_page;
    return cache.insert(BlockCache::key(paddr, 0, false, false), std::move(b));
}
bool holds(const BlockCache& cache, uint64_t paddr) {
    return cache.find(BlockCache::key(paddr, 0, false, false));
}

}  // namespace

TEST(BlockCache, RingPrivilegeAndLengthAreParts) {
    EXPECT_NE(BlockCache::key(0x1000, 0, false, false), BlockCache::key(0x1000, 3, false, false));
    EXPECT_NE(BlockCache::key(0x1000, 3, false, false), BlockCache::key(0x1000, 3, true, false));
    EXPECT_NE(BlockCache::key(0x1000, 0, false, false), BlockCache::key(0x1000, 0, false, true));
    EXPECT_NE(BlockCache::key(0x1000, 0, false, false), BlockCache::key(0x1001, 0, false, false));
}

TEST(BlockCache, DropsExactlyWhatOverlaps) {
    for (unsigned at = 0; at < 40; ++at) {
        BlockCache cache;
        add(cache, 0x1008, 8);
        add(cache, 0x1010, 16);
        add(cache, 0x2010, 16);
        const bool first = at + 4 > 8 && at<16, second = at + 4> 16 && at < 32;
        EXPECT_EQ(cache.invalidate(0x1000 + at, 4), first || second) << at;
        EXPECT_EQ(holds(cache, 0x1008), !first) << at;
        EXPECT_EQ(holds(cache, 0x1010), !second) << at;
        EXPECT_TRUE(holds(cache, 0x2010));
    }
}

TEST(BlockCache, StraddlingBlockBelongsToBothPages) {
    BlockCache cache;
    Block* b = add(cache, 0x1ffd, 6, 0x9000);
    EXPECT_FALSE(cache.invalidate(0x9003, 1));
    EXPECT_FALSE(cache.invalidate(0x1ffc, 1));
    EXPECT_TRUE(cache.page_in_use(0x9000));
    EXPECT_TRUE(cache.invalidate(0x9002, 1));
    EXPECT_TRUE(b->dead) << "readable until freed";
    EXPECT_FALSE(holds(cache, 0x1ffd));
    EXPECT_FALSE(cache.page_in_use(0x9000));
    EXPECT_FALSE(cache.page_in_use(0x1000));
    cache.free_dropped(nullptr);
}

TEST(BlockCache, LinksOfThePageAreCut) {
    BlockCache cache;
    Block* a = add(cache, 0x1000, 4);
    Block* b = add(cache, 0x1100, 4);
    Block* c = add(cache, 0x2000, 4);
    a->link[1] = b;
    c->link[0] = c;
    cache.invalidate(0x1100, 1);
    EXPECT_EQ(a->link[1], nullptr);
    EXPECT_EQ(c->link[0], c);
}

}  // namespace stile::model
