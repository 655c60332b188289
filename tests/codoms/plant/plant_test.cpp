// SPDX-License-Identifier: Apache-2.0
//
// Would the fuzzer notice? Each test puts one bug into the cores, lets the fuzzer look for it, and asks for a
// short counterexample. The same plan without the bug is clean.
#include <gtest/gtest.h>

#include <ostream>

#include "tests/codoms/plant/plant.h"

namespace stile::codoms_fuzz {

void PrintTo(const Bug& bug, std::ostream* out) { *out << bug.mistake; }

namespace {

constexpr uint64_t seed = 11;
// The rarest are found within a quarter of this.
constexpr uint64_t within = 400'000, clean_for = 60'000;

std::vector<Bug> all_bugs() {
    std::vector<Bug> all;
    for (const auto* some : {&missing_rules(), &unit_bugs(), &core_bugs()})
        all.insert(all.end(), some->begin(), some->end());
    return all;
}

FuzzOptions quiet(uint64_t count) {
    FuzzOptions options;
    options.count = count;
    options.seed = seed;
    options.out = nullptr;
    return options;
}

struct Planted : testing::TestWithParam<Bug> {
    ~Planted() override { model::wrap_protection = nullptr; }
};

TEST_P(Planted, IsFoundAndMadeSmall) {
    const Bug& bug = GetParam();
    FuzzOptions options = quiet(within);
    options.models = {model::CoreModel::functional};
    options.cores = bug.cores;
    options.prepare = bug.plant;
    model::wrap_protection = bug.wrap;
    const FuzzResult spoilt = fuzz(options);
    model::wrap_protection = nullptr;
    ASSERT_EQ(spoilt.findings.size(), 1u) << bug.mistake << ": not found within " << within;
    const Finding& found = spoilt.findings.front();
    RecordProperty("accesses", std::to_string(spoilt.coverage.accesses()));
    RecordProperty("instructions", std::to_string(found.instructions));
    EXPECT_LE(found.instructions, 40u) << found.text;

    FuzzOptions again = quiet(1);
    again.models = options.models;
    again.cores = bug.cores;
    again.only = true;
    again.skip = found.number;
    const FuzzResult clean = fuzz(again);
    EXPECT_TRUE(clean.findings.empty()) << clean.findings.front().text;
}

INSTANTIATE_TEST_SUITE_P(Bugs, Planted, testing::ValuesIn(all_bugs()),
                         [](const auto& info) { return std::string(info.param.name); });

// The seed of all the tests above.
TEST(PlantedCodomsBugs, WithoutThemTheSeedIsClean) {
    const FuzzResult result = fuzz(quiet(clean_for));
    EXPECT_GE(result.coverage.accesses(), clean_for);
    EXPECT_TRUE(result.findings.empty()) << result.findings.front().text;
}

}  // namespace
}  // namespace stile::codoms_fuzz
