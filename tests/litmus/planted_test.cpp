// SPDX-License-Identifier: Apache-2.0
//
// Would the litmus tests notice? Each bug is shown by the outcome that memory order forbids, which is not
// there without it.
#include <gtest/gtest.h>

#include "tests/litmus/bare.h"
#include "tests/litmus/machine.h"
#include "tests/litmus/plant.h"

namespace stile::test {
namespace {

using model::CoreModel;
using model::Op;

struct Bug {
    const char* name;
    Plant plant;
    Litmus shown_by;
    Outcome as;
};

const Bug bugs[] = {
    {"MfenceDoesNotDrain", without_draining(Op::fence), fenced(named_litmus("SB")), "0011"},
    {"MfenceDoesNotDrainR", without_draining(Op::fence), fenced(named_litmus("R")), "012"},
    // Each exchange reads 0, then the other's location, too.
    {"LockedDoesNotDrain", without_draining(Op::ldl4), exchanging(named_litmus("SB")), "000011"},
    {"NotFirstInFirstOut", not_first_in_first_out(), named_litmus("MP"), "1011"},
    {"NotFirstInFirstOut2W", not_first_in_first_out(), named_litmus("2+2W"), "11"},
    {"NoForwarding", without_forwarding(), named_litmus("SB+rfi"), "001011"},
    {"LostInvalidation", lost_invalidation(), named_litmus("MP"), "1011"},
    {"LostInvalidationIriw", lost_invalidation(), fenced(named_litmus("IRIW")), "101011"},
};

void PrintTo(const Bug& bug, std::ostream* out) { *out << bug.name; }

class PlantedLitmus : public testing::TestWithParam<Bug> {
  protected:
    // How often the outcome was seen.
    template <typename Run>
    uint64_t seen(Run run) {
        uint64_t n = 0;
        for (uint64_t seed = 1; seed <= 10; ++seed) {
            const Counts counts = run(seed);
            if (const auto it = counts.find(GetParam().as); it != counts.end()) n += it->second;
        }
        return n;
    }
    uint64_t seen_bare(const Plant& plant) {
        return seen([&](uint64_t seed) {
            return run_bare(GetParam().shown_by, {CoreModel::ooo, 500, seed, plant});
        });
    }
    uint64_t seen_on_machine(const Plant& plant) {
        return seen([&](uint64_t seed) {
            return run_machine(GetParam().shown_by, {CoreModel::ooo, 100, 200, seed, plant});
        });
    }
};

TEST_P(PlantedLitmus, IsShown) {
    EXPECT_FALSE(allowed(GetParam().shown_by, Order::tso).contains(GetParam().as));
    EXPECT_EQ(seen_bare({}), 0u);
    EXPECT_GT(seen_bare(GetParam().plant), 0u);
}

TEST_P(PlantedLitmus, IsShownOnTheMachine) {
    EXPECT_EQ(seen_on_machine({}), 0u);
    EXPECT_GT(seen_on_machine(GetParam().plant), 0u);
}

INSTANTIATE_TEST_SUITE_P(Bugs, PlantedLitmus, testing::ValuesIn(bugs),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace stile::test
