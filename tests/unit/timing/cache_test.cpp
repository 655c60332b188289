// SPDX-License-Identifier: Apache-2.0
//
// Does a cache hold what a set-associative LRU cache of its size holds? Checked against tables written by
// hand.
#include "model/timing/cache.h"

#include <gtest/gtest.h>

namespace stile::model {
namespace {

// Two sets of two ways; lines 0, 2, 4, ... (in units of 64 bytes) share set 0.
CacheConfig tiny() { return {4 * 64, 2, 64, 0}; }

struct Step {
    uint64_t line;
    bool write;
    bool hit;
    uint64_t written_back;  // line, or none
};
constexpr uint64_t none = ~0ull;

void play(Cache& cache, std::initializer_list<Step> steps) {
    unsigned n = 0;
    for (const Step& s : steps) {
        SCOPED_TRACE(n++);
        const bool hit = cache.hit(s.line * 64 + 8, s.write);
        EXPECT_EQ(hit, s.hit);
        if (hit) continue;
        const uint64_t victim = cache.fill(s.line * 64 + 8, s.write);
        EXPECT_EQ(victim, s.written_back == none ? Cache::no_line : s.written_back * 64);
    }
}

TEST(Cache, LeastRecentlyUsedLineLeaves) {
    Cache c("c", tiny());
    play(c, {{0, false, false, none},
             {2, false, false, none},
             {0, false, true, none},   // 2 is now the older one
             {4, false, false, none},  // takes 2's place
             {0, false, true, none},
             {2, false, false, none},  // takes 4's
             {4, false, false, none}});
}

TEST(Cache, SetsAreIndependent) {
    Cache c("c", tiny());
    play(c, {{0, false, false, none},
             {1, false, false, none},
             {3, false, false, none},
             {5, false, false, none},  // 1 leaves the odd set
             {0, false, true, none},
             {3, false, true, none},
             {1, false, false, none}});
}

TEST(Cache, OnlyDirtyLinesAreWrittenBack) {
    Cache c("c", tiny());
    play(c, {{0, true, false, none},
             {2, false, false, none},
             {4, false, false, 0},     // 0 was written
             {2, true, true, none},    // a hit makes dirty too
             {6, false, false, none},  // 4 was clean
             {8, false, false, 2}});
}

TEST(Cache, LineZeroIsALineLikeAnyOther) {
    Cache c("c", tiny());
    EXPECT_FALSE(c.hit(0, false));
    c.fill(0, false);
    EXPECT_TRUE(c.hit(63, false));
    EXPECT_FALSE(c.hit(64, false));
}

TEST(Cache, OfSizeZeroHoldsNothing) {
    Cache c("c", {0, 8, 64, 0});
    EXPECT_EQ(c.fill(0, true), Cache::no_line);
    EXPECT_FALSE(c.hit(0, false));
}

TEST(Cache, RefusesSetsThatCannotBeIndexed) {
    EXPECT_THROW(Cache("l1d", {3 * 64, 1, 64, 0}), std::invalid_argument);
    EXPECT_THROW(Cache("l1d", {4 * 64, 3, 64, 0}), std::invalid_argument);
    EXPECT_THROW(Cache("l1d", {4 * 64, 0, 64, 0}), std::invalid_argument);
}

}  // namespace
}  // namespace stile::model
