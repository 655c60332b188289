// SPDX-License-Identifier: Apache-2.0
//
// Does memory order hold where time decides whose turn it is? The whole machine; what bare cores do in random
// turns is in litmus_test.cpp.
#include <gtest/gtest.h>

#include "tests/litmus/check.h"
#include "tests/litmus/machine.h"

namespace stile::test {
namespace {

using model::CoreModel;

Counts run(const Litmus& test, CoreModel core_model, model::Cycles quantum, unsigned tries) {
    Counts all;
    constexpr unsigned runs = 4;
    for (uint64_t seed = 1; seed <= runs; ++seed)
        for (const auto& [o, n] : run_machine(test, {core_model, quantum, tries / runs, seed})) all[o] += n;
    return all;
}

class MachineLitmus : public testing::TestWithParam<Litmus> {};

TEST_P(MachineLitmus, OooStaysWithinTso) {
    const Litmus& test = GetParam();
    for (const model::Cycles quantum : {1u, 10'000u})
        expect_within(test, run(test, CoreModel::ooo, quantum, 1000), allowed(test, Order::tso));
}

TEST_P(MachineLitmus, FencesAndExchangesForbidTheRest) {
    for (const Litmus& test : {fenced(GetParam()), exchanging(GetParam())})
        expect_within(test, run(test, CoreModel::ooo, 10'000, 600), allowed(test, Order::sequential));
}

TEST_P(MachineLitmus, OtherModelsAreSequential) {
    const Litmus& test = GetParam();
    for (const CoreModel m : {CoreModel::functional, CoreModel::inorder})
        expect_within(test, run(test, m, 10'000, 400), allowed(test, Order::sequential));
}

INSTANTIATE_TEST_SUITE_P(Named, MachineLitmus, testing::ValuesIn(named_litmus()), name_of_litmus);

TEST(MachineLitmusSb, TheStoreBufferShowsForEveryQuantum) {
    const Litmus test = named_litmus("SB");
    for (const model::Cycles quantum : {1u, 100u, 10'000u})
        EXPECT_TRUE(relaxed_seen(test, run(test, CoreModel::ooo, quantum, 1000))) << quantum;
}

}  // namespace
}  // namespace stile::test
