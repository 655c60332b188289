// SPDX-License-Identifier: Apache-2.0
//
// At all times: one writer or many readers, no stale copy, no copy that the directory does not know of, none
// outside an inclusive last level, and no lost data. SystemC allows one simulation per process: CTest starts
// each test by itself.
#include <gtest/gtest.h>

#include "tests/unit/coherence/complex.h"

namespace stile::test {
namespace {

using model::Inclusion;
using model::MachineConfig;

// So small that lines come and go all the time. 96 lines are in use.
MachineConfig tiny(unsigned cores, Inclusion inclusion) {
    MachineConfig c;
    c.cores = cores;
    c.l1i = {512, 2, 64, 0};
    c.l1d = {512, 2, 64, 4};
    c.l2 = {1024, 2, 64, 8, 3, 4, 2};
    c.llc = {4096, 4, 64, 18, 5, 8, 4};
    c.coherence.inclusion = inclusion;
    return c;
}
constexpr unsigned lines = 96, operations = 20'000;

struct Shape {
    const char* name;
    MachineConfig config;
};
Shape shape(const char* name, MachineConfig c) { return {name, std::move(c)}; }
MachineConfig without_l2() {
    MachineConfig c = tiny(3, Inclusion::inclusive);
    c.l2.size = 0;
    return c;
}
MachineConfig without_llc() {
    MachineConfig c = tiny(3, Inclusion::inclusive);
    c.llc.size = 0;
    return c;
}
MachineConfig without_prefetch() {
    MachineConfig c = tiny(2, Inclusion::inclusive);
    c.l1d_prefetch = {false, false};
    c.l2_prefetch.streamer = c.l2_prefetch.adjacent = false;
    return c;
}
MachineConfig last_level_smaller_than_the_rest() {
    MachineConfig c = tiny(4, Inclusion::inclusive);
    c.llc = {1024, 2, 64, 18, 5, 8, 4};
    return c;
}

class Coherence : public testing::TestWithParam<Shape> {};

TEST_P(Coherence, HoldsAfterEveryOperation) {
    Complex complex(GetParam().config, lines, 1);
    EXPECT_EQ(complex.run(operations), "");
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Coherence,
    testing::Values(shape("one", tiny(1, Inclusion::inclusive)), shape("two", tiny(2, Inclusion::inclusive)),
                    shape("two_plain", without_prefetch()), shape("four", tiny(4, Inclusion::inclusive)),
                    shape("sixteen", tiny(16, Inclusion::inclusive)),
                    shape("one_not_inclusive", tiny(1, Inclusion::none)),
                    shape("four_not_inclusive", tiny(4, Inclusion::none)),
                    shape("no_second_level", without_l2()), shape("no_last_level", without_llc()),
                    shape("crowded", last_level_smaller_than_the_rest())),
    [](const auto& info) { return std::string(info.param.name); });

struct Planted {
    const char* name;
    Bug bug;
};
class PlantedBug : public testing::TestWithParam<Planted> {};

TEST_P(PlantedBug, IsFound) {
    Complex complex(tiny(4, Inclusion::inclusive), lines, 2);
    complex.plant(GetParam().bug);
    const std::string wrong = complex.run(operations);
    EXPECT_NE(wrong, "");
    RecordProperty("found", wrong);
}

INSTANTIATE_TEST_SUITE_P(Each, PlantedBug,
                         testing::Values(Planted{"lost_invalidation", Bug::lost_invalidation},
                                         Planted{"lost_downgrade", Bug::lost_downgrade},
                                         Planted{"no_recall", Bug::no_recall}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace stile::test
