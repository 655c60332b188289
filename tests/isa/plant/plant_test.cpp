// SPDX-License-Identifier: Apache-2.0
//
// Would the fuzzer notice? Each test puts one bug into the core, lets the fuzzer look for it over the whole
// table, and asks whether what it reports names the instruction. Without the bug the same case is clean.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "tests/isa/fuzzer.h"
#include "tests/isa/plant/plant.h"

namespace stile::fuzz {

void PrintTo(const Bug& bug, std::ostream* out) { *out << bug.mistake; }

namespace {

constexpr uint64_t seed = 7;

// The rarest are found once in some 60,000 instructions, whatever the seed: a change of the generator, which
// changes what a seed means, must not make a test fail by chance.
constexpr uint64_t within = 400'000, clean_for = 100'000;

std::vector<Bug> all_bugs() {
    std::vector<Bug> all;
    for (const auto* some : {&integer_bugs(), &memory_bugs(), &vector_bugs(), &engine_bugs()})
        all.insert(all.end(), some->begin(), some->end());
    return all;
}

FuzzOptions quiet(uint64_t count) {
    FuzzOptions options;
    options.count = count;
    options.seed = seed;
    options.most_mismatches = 1;
    options.out = nullptr;
    return options;
}

bool shows(const std::string& listing, const std::string& culprits) {
    for (size_t at = 0; at <= culprits.size();) {
        const size_t end = std::min(culprits.find('|', at), culprits.size());
        if (listing.find(culprits.substr(at, end - at)) != std::string::npos) return true;
        at = end + 1;
    }
    return false;
}

class Planted : public testing::TestWithParam<Bug> {};

TEST_P(Planted, IsFoundAndNamed) {
    const Bug& bug = GetParam();
    FuzzOptions options = quiet(within);
    options.prepare = [&](Guest& guest) { bug.plant(guest.core().impl()); };
    const FuzzResult spoilt = fuzz(options);
    ASSERT_EQ(spoilt.mismatches.size(), 1u) << bug.mistake << ": not found within " << within;
    const Mismatch& found = spoilt.mismatches.front();
    RecordProperty("instructions", std::to_string(spoilt.instructions));
    EXPECT_TRUE(shows(found.listing, bug.culprit)) << bug.culprit << " is not in\n" << found.text;
    EXPECT_LE(found.sequence.units.size(), bug.most_units) << found.text;
    if (bug.cores.size() == 1) {
        const char* blamed = bug.cores.front() == model::CoreModel::inorder ? "inorder" : "functional";
        EXPECT_NE(found.core.find(blamed), std::string::npos) << found.core;
    }

    FuzzOptions again = quiet(1);
    again.skip = found.number;
    const FuzzResult clean = fuzz(again);
    EXPECT_TRUE(clean.mismatches.empty()) << clean.mismatches.front().text;
}

INSTANTIATE_TEST_SUITE_P(Bugs, Planted, testing::ValuesIn(all_bugs()),
                         [](const auto& info) { return std::string(info.param.name); });

// The seed of all the tests above.
TEST(PlantedBugs, WithoutThemTheSeedIsClean) {
    const FuzzResult result = fuzz(quiet(clean_for));
    EXPECT_GE(result.instructions, clean_for);
    EXPECT_TRUE(result.mismatches.empty()) << result.mismatches.front().text;
}

}  // namespace
}  // namespace stile::fuzz
