// SPDX-License-Identifier: Apache-2.0
//
// Question: is the front what nothing beats, and the knee where a person would put it?
#include "sim/report/front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "sim/report/words.h"

namespace stile::sim {
namespace {

using testing::ElementsAre;

// Costs 1, 2, 4, ...
std::vector<Tradeoff> doubling(const std::vector<double>& objectives) {
    std::vector<Tradeoff> all;
    double cost = 1;
    for (double objective : objectives) {
        all.push_back({cost, objective});
        cost *= 2;
    }
    return all;
}

TEST(Front, HoldsWhatNothingBeats) {
    EXPECT_THAT(pareto_front({{3, 10}, {1, 30}, {2, 35}, {2, 20}, {4, 12}}, false), ElementsAre(1, 3, 0));
    EXPECT_THAT(pareto_front({{3, 10}, {1, 30}, {2, 35}, {2, 20}, {4, 12}}, true), ElementsAre(1, 2));
    EXPECT_THAT(pareto_front({}, false), ElementsAre());
}

TEST(Front, OfEqualsTheFirst) {
    EXPECT_THAT(pareto_front({{1, 5}, {1, 5}, {2, 5}}, false), ElementsAre(0));
    EXPECT_THAT(pareto_front({{2, 5}, {1, 5}, {1, 5}}, false), ElementsAre(1));
}

TEST(Front, AgreesWithTheDefinition) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        std::vector<Tradeoff> all(1 + random() % 30);
        for (Tradeoff& one : all) one = {double(random() % 8), double(random() % 8)};
        const auto front = pareto_front(all, false);
        for (size_t i = 0; i < all.size(); ++i) {
            // Beaten: another is as good in both and better in one, or equal and earlier.
            bool beaten = false;
            for (size_t j = 0; j < all.size(); ++j) {
                const bool as_good = all[j].cost <= all[i].cost && all[j].objective <= all[i].objective;
                const bool equal = all[j].cost == all[i].cost && all[j].objective == all[i].objective;
                beaten = beaten || (as_good && (!equal || j < i));
            }
            EXPECT_EQ(std::count(front.begin(), front.end(), i), beaten ? 0 : 1) << round << " " << i;
        }
    }
}

TEST(Knee, WhereTheCurveBends) {
    EXPECT_EQ(find_knee(doubling({100, 50, 20, 19.9, 19.8}), false).place, 2u);
    EXPECT_EQ(find_knee(doubling({100, 60, 30, 14.6, 14.3}), false).place, 3u);
    EXPECT_EQ(find_knee(doubling({1000, 10, 9.5, 9, 8.6}), false).place, 1u);
    EXPECT_TRUE(find_knee(doubling({100, 50, 20, 19.9, 19.8}), false).bends);
}

TEST(Knee, DoesNotDependOnUnits) {
    for (double unit : {1e-9, 1e-3, 1e6}) {
        auto front = doubling({100, 50, 20, 18, 17});
        const size_t place = find_knee(front, false).place;
        for (Tradeoff& one : front) one = {one.cost * unit, one.objective * unit};
        EXPECT_EQ(find_knee(front, false).place, place) << unit;
    }
}

TEST(Knee, SmallGainsDoNotCount) {
    // 1 % in all: the cheapest.
    const Knee flat = find_knee(doubling({100, 99.6, 99.3, 99}), false);
    EXPECT_EQ(flat.place, 0u);
    EXPECT_TRUE(flat.bends);
    // 1 % per step adds up.
    EXPECT_THAT(find_knee(doubling({100, 99, 98, 97, 96}), false).counting, ElementsAre(0, 2, 4));
}

TEST(Knee, WithoutABendTheBest) {
    // Half the cycles for twice the area, all the way.
    const Knee straight = find_knee(doubling({160, 80, 40, 20, 10}), false);
    EXPECT_EQ(straight.place, 4u);
    EXPECT_FALSE(straight.bends);
    // The gain comes at the end.
    const Knee late = find_knee(doubling({100, 97, 94, 20}), false);
    EXPECT_EQ(late.place, 3u);
    EXPECT_FALSE(late.bends);
}

TEST(Knee, OfFewDesigns) {
    EXPECT_EQ(find_knee({}, false).place, 0u);
    EXPECT_EQ(find_knee({{1, 5}}, false).place, 0u);
    EXPECT_EQ(find_knee({{1, 100}, {2, 99}}, false).place, 0u);
    EXPECT_EQ(find_knee({{1, 100}, {2, 50}}, false).place, 1u);
    EXPECT_EQ(find_knee({{1, 100}, {2, 50}, {4, 49.5}}, false).place, 1u);
    EXPECT_EQ(find_knee({{1, 100}, {2, 50}, {4, 45}}, false).place, 1u);
}

TEST(Knee, MoreMayBeBetter) { EXPECT_EQ(find_knee(doubling({10, 50, 100, 101, 102}), true).place, 2u); }

TEST(Knee, ZeroIsNoLogarithm) {
    // Misses that vanish, a cost of nothing.
    EXPECT_EQ(find_knee({{0, 100}, {1, 5}, {2, 0}}, false).place, 1u);
    EXPECT_EQ(find_knee({{0, 0}}, false).place, 0u);
    EXPECT_EQ(find_knee({{-2, -1}, {-1, -50}, {3, -51}}, false).place, 1u);
}

TEST(Words, ThreeDigits) {
    EXPECT_EQ(three_digits(0), "0");
    EXPECT_EQ(three_digits(14.62), "14.6");
    EXPECT_EQ(three_digits(1234.5), "1235");
    EXPECT_EQ(three_digits(0.0031234), "0.00312");
    EXPECT_EQ(three_digits(100), "100");
    EXPECT_EQ(three_digits(99.96), "100");
    EXPECT_EQ(three_digits(-2.5), "-2.5");
    EXPECT_EQ(three_digits(1e-9), "0.000000001");
    EXPECT_EQ(three_digits(5e15), "5000000000000000");
    EXPECT_EQ(three_digits(std::nan("")), "0");
    EXPECT_EQ(times_text(1.904), "1.9x");
    EXPECT_EQ(times_text(7.84), "7.8x");
}

}  // namespace
}  // namespace stile::sim
