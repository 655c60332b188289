// SPDX-License-Identifier: Apache-2.0
//
// The same as litmus_test.cpp and machine_litmus_test.cpp, often: more than a million tries on the machine,
// and as many on bare cores.
#include <gtest/gtest.h>

#include "tests/litmus/bare.h"
#include "tests/litmus/check.h"
#include "tests/litmus/machine.h"

namespace stile::test {
namespace {

using model::CoreModel;

class LongLitmus : public testing::TestWithParam<Litmus> {};

// 10 tests, three variants each, 40,000 tries each.
TEST_P(LongLitmus, OnTheMachine) {
    for (const Litmus& test : {GetParam(), fenced(GetParam()), exchanging(GetParam())}) {
        const Outcomes tso = allowed(test, Order::tso);
        Counts all;
        for (uint64_t seed = 100; seed < 120; ++seed)
            for (const auto& [o, n] :
                 run_machine(test, {CoreModel::ooo, seed % 2 ? 1u : 10'000u, 2000, seed}))
                all[o] += n;
        expect_within(test, all, tso);
        EXPECT_EQ(relaxed_seen(test, all), tso != allowed(test, Order::sequential)) << test.name;
    }
}

TEST_P(LongLitmus, InRandomTurns) {
    for (const Litmus& test : {GetParam(), fenced(GetParam()), exchanging(GetParam())})
        for (uint64_t seed = 100; seed < 120; ++seed)
            expect_within(test, run_bare(test, {CoreModel::ooo, 2000, seed}), allowed(test, Order::tso));
}

INSTANTIATE_TEST_SUITE_P(Named, LongLitmus, testing::ValuesIn(named_litmus()), name_of_litmus);

class LongRandomLitmus : public testing::TestWithParam<unsigned> {};

TEST_P(LongRandomLitmus, StaysWithinTso) {
    for (uint64_t seed = 1000 + GetParam(); seed < 1100 + GetParam(); ++seed) {
        const Litmus test = random_litmus(seed);
        const Outcomes tso = allowed(test, Order::tso);
        expect_within(test, run_machine(test, {CoreModel::ooo, seed % 2 ? 1u : 10'000u, 1000, seed}), tso);
        expect_within(test, run_bare(test, {CoreModel::ooo, 1000, seed}), tso);
    }
}

INSTANTIATE_TEST_SUITE_P(Hundreds, LongRandomLitmus, testing::Values(0, 100, 200, 300, 400));

}  // namespace
}  // namespace stile::test
