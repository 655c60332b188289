// SPDX-License-Identifier: Apache-2.0
//
// Do four cores that count, lock and send messages come out right, whatever the model and the quantum?
#include "tests/litmus/stress.h"

#include <gtest/gtest.h>

namespace stile::test {

static void PrintTo(const Stress& stress, std::ostream* out) { *out << stress.name; }

namespace {

using model::CoreModel;

class CoherenceStress : public testing::TestWithParam<Stress> {};

TEST_P(CoherenceStress, OnTheMachine) {
    for (const CoreModel m : {CoreModel::functional, CoreModel::inorder, CoreModel::ooo})
        for (const model::Cycles quantum : {1u, 10'000u})
            EXPECT_EQ(run_stress(GetParam(), {m, quantum, 1000, 0}), "") << name_of(m) << ' ' << quantum;
}

TEST_P(CoherenceStress, InRandomTurns) {
    for (const CoreModel m : {CoreModel::functional, CoreModel::inorder, CoreModel::ooo})
        for (uint64_t seed = 1; seed <= 6; ++seed)
            EXPECT_EQ(run_stress(GetParam(), {m, 0, 300, seed}), "") << name_of(m) << ' ' << seed;
}

INSTANTIATE_TEST_SUITE_P(Programs, CoherenceStress, testing::ValuesIn(stress_programs()),
                         [](const auto& info) { return std::string(info.param.name); });

// Peterson's lock needs its fence where there is a store buffer, and nowhere else.
TEST(PetersonWithoutFence, IsBrokenByTheStoreBufferAlone) {
    const Stress stress = peterson_that_lacks_its_fence();
    EXPECT_EQ(run_stress(stress, {CoreModel::functional, 1, 2000, 0}), "");
    EXPECT_EQ(run_stress(stress, {CoreModel::inorder, 1, 2000, 0}), "");
    EXPECT_NE(run_stress(stress, {CoreModel::ooo, 1, 2000, 0}), "");
}

}  // namespace
}  // namespace stile::test
