// SPDX-License-Identifier: Apache-2.0
//
// Do several cores see memory as x86-TSO allows, and no more ordered than that? Bare cores in random turns;
// the whole machine is in machine_litmus_test.cpp.
#include <gtest/gtest.h>

#include "tests/litmus/bare.h"
#include "tests/litmus/check.h"

namespace stile::test {
namespace {

using model::CoreModel;

// Tries in all, over several seeds; counts added up.
Counts run(const Litmus& test, CoreModel core_model, unsigned tries, uint64_t seed) {
    Counts all;
    constexpr unsigned at_once = 1000;
    for (unsigned done = 0; done < tries; done += at_once)
        for (const auto& [o, n] :
             run_bare(test, {core_model, std::min(at_once, tries - done), seed + done, {}}))
            all[o] += n;
    return all;
}

// --- The abstract machine against the literature ---------------------------------------------------------
TEST(LitmusOracle, AllowsWhatTheLiteratureSays) {
    const auto tso = [](const char* name) { return allowed(named_litmus(name), Order::tso); };
    EXPECT_EQ(tso("SB"), (Outcomes{"0011", "0111", "1011", "1111"}));
    EXPECT_EQ(tso("MP"), (Outcomes{"0011", "0111", "1111"}));
    EXPECT_EQ(tso("LB"), (Outcomes{"0011", "0111", "1011"}));
    EXPECT_FALSE(tso("IRIW").contains("101011"));
    EXPECT_TRUE(tso("R").contains("012"));
    EXPECT_FALSE(tso("S").contains("121"));
    EXPECT_FALSE(tso("2+2W").contains("11"));
    EXPECT_EQ(tso("CoRR"), (Outcomes{"002", "012", "022", "112", "122", "222"}));
    EXPECT_TRUE(tso("SB+rfi").contains("101011"));
    EXPECT_TRUE(tso("n6").contains("1012"));
}

TEST(LitmusOracle, FencesAndExchangesMakeItSequential) {
    for (const Litmus& test : named_litmus())
        for (const Litmus& strong : {fenced(test), exchanging(test)})
            EXPECT_EQ(allowed(strong, Order::tso), allowed(strong, Order::sequential)) << strong.name;
}

// --- Bare cores --------------------------------------------------------------------------------------------
class BareLitmus : public testing::TestWithParam<Litmus> {};

TEST_P(BareLitmus, OooShowsWhatTsoAllowsAndNothingElse) {
    const Litmus& test = GetParam();
    const Outcomes tso = allowed(test, Order::tso);
    const Counts seen = run(test, CoreModel::ooo, 6000, 1);
    expect_within(test, seen, tso);
    // What only a store buffer explains is seen where it is allowed.
    EXPECT_EQ(relaxed_seen(test, seen), tso != allowed(test, Order::sequential)) << test.name;
    EXPECT_GT(seen.size(), 1u);
}

TEST_P(BareLitmus, FencesAndExchangesForbidTheRest) {
    for (const Litmus& test : {fenced(GetParam()), exchanging(GetParam())})
        expect_within(test, run(test, CoreModel::ooo, 3000, 2), allowed(test, Order::sequential));
}

TEST_P(BareLitmus, OtherModelsAreSequential) {
    const Litmus& test = GetParam();
    const Outcomes sequential = allowed(test, Order::sequential);
    expect_within(test, run(test, CoreModel::functional, 1000, 3), sequential);
    expect_within(test, run(test, CoreModel::inorder, 1000, 3), sequential);
}

INSTANTIATE_TEST_SUITE_P(Named, BareLitmus, testing::ValuesIn(named_litmus()), name_of_litmus);

TEST(RandomLitmus, OooStaysWithinTso) {
    unsigned relaxed = 0, can_be = 0;
    for (uint64_t seed = 1; seed <= 80; ++seed) {
        const Litmus test = random_litmus(seed);
        const Outcomes tso = allowed(test, Order::tso);
        const Counts seen = run(test, CoreModel::ooo, 300, seed);
        expect_within(test, seen, tso);
        relaxed += relaxed_seen(test, seen);
        can_be += tso != allowed(test, Order::sequential);
    }
    EXPECT_GT(can_be, 4u);
    EXPECT_GE(2 * relaxed, can_be);
}

}  // namespace
}  // namespace stile::test
