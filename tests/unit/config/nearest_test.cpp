// SPDX-License-Identifier: Apache-2.0
//
// Question: is the key that was meant found, and nothing far-fetched offered?
#include "sim/config/nearest.h"

#include <gtest/gtest.h>

namespace stile::sim {
namespace {

TEST(Nearest, FindsSlipsOfTheFinger) {
    const std::vector<std::string> keys{"size", "ways", "latency"};
    EXPECT_EQ(nearest("latnecy", keys), "latency");
    EXPECT_EQ(nearest("sizes", keys), "size");
    EXPECT_EQ(nearest("way", keys), "ways");
    EXPECT_EQ(nearest("frequency_of_refresh", keys), "");
    EXPECT_EQ(nearest("", keys), "");
}

TEST(Nearest, CaseIsNoDifference) {
    EXPECT_EQ(nearest("L1D", {"l1i", "l1d", "l2"}), "l1d");
    EXPECT_EQ(nearest("DTLB", {"itlb", "dtlb"}), "dtlb");
}

TEST(Nearest, KnowsANameByItsBeginning) {
    EXPECT_EQ(nearest("freq", {"area", "frequency"}), "frequency");
    EXPECT_EQ(nearest("l1d_cache_level", {"l1i", "l1d", "l2"}), "l1d");
    EXPECT_EQ(nearest("mem", {"memory", "memories"}), "");
    EXPECT_EQ(nearest("fr", {"frequency"}), "");
}

TEST(Nearest, OffersOneOrAll) {
    EXPECT_EQ(suggestion("codmos", {"none", "paging", "codoms"}), "did you mean 'codoms'?");
    EXPECT_EQ(suggestion("xyzzy1", {"none", "paging", "codoms"}), "valid is none, paging or codoms");
    EXPECT_EQ(alternatives({"a"}), "a");
}

}  // namespace
}  // namespace stile::sim
