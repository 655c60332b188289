// SPDX-License-Identifier: Apache-2.0
//
// Do the two kinds of tag arrays behave alike, operation by operation?
#include "model/timing/aged_tags.h"

#include <gtest/gtest.h>

#include <random>

namespace stile::model {
namespace {

void compare(unsigned ways, unsigned sets, uint64_t high) {
    AgedTags aged(sets, ways);
    MarkedTags<3> listed(sets, ways);
    std::mt19937_64 random(ways * 100 + sets);
    for (int i = 0; i < 20000; ++i) {
        const uint64_t line = random() % (2 * ways * sets) + (random() % 4 == 0 ? high : 0);
        const uint64_t set = line % sets, key = line << 3, mark = random() % 8, but = random() % 8;
        const uint64_t marks = listed.marks_of(set, key);
        ASSERT_EQ(aged.marks_of(set, key), marks);
        switch (random() % 8) {
            case 0:
                ASSERT_EQ(aged.remove(set, key), listed.remove(set, key));
                break;
            case 1:
                ASSERT_EQ(aged.change(set, key, mark, but), listed.change(set, key, mark, but));
                break;
            case 2:
                ASSERT_EQ(aged.touch(set, key, mark, but), listed.touch(set, key, mark, but));
                break;
            default:
                if (marks == AgedTags::none)
                    ASSERT_EQ(aged.insert(set, key, mark), listed.insert(set, key, mark));
                else
                    ASSERT_EQ(aged.touch(set, key), listed.touch(set, key));
        }
    }
}

TEST(AgedTags, EvictAndFindWhatAListInOrderOfUseDoes) {
    for (const unsigned ways : {1u, 2u, 7u, 8u, 12u, 16u, 20u})
        for (const unsigned sets : {1u, 4u})
            for (const uint64_t high : {0ull, 1ull << 18, 1ull << 40}) compare(ways, sets, high);
}

}  // namespace
}  // namespace stile::model
