// SPDX-License-Identifier: Apache-2.0
//
// Does the protection unit, with its caches and remembered answers, agree with the executable specification
// on every access? Random worlds: grants, revocations, pages retagged, capability instructions, calls and
// returns, interrupted crossings, two cores with two threads each, two page tables, evictions; every shape of
// APL cache. A disagreement is cut down to the steps that it needs. Whether the worlds are wild enough is a
// question, too: each rule turned off in the model, and each forgotten invalidation, must be found.
#include "tests/unit/protection/chooser.h"

namespace stile::model::test {

namespace {

struct Found {
    Steps steps;  // cut down; empty: no disagreement
    std::string what;
};

std::string replay(const MachineConfig& config, Plant plant, const Steps& steps) {
    Pair pair(config, plant);
    for (const Step& s : steps)
        if (std::string wrong = pair.apply(s); !wrong.empty()) return wrong;
    return pair.compare_memory();
}

// One world of `n` steps.
Found run_world(const MachineConfig& config, Plant plant, uint64_t seed, unsigned n, PairStats& stats) {
    Found found;
    Steps steps;
    {
        Pair pair(config, plant);
        Chooser chooser(seed, pair);
        for (unsigned i = 0; i < n && found.what.empty(); ++i) {
            steps.push_back(chooser.next());
            found.what = pair.apply(steps.back());
        }
        if (found.what.empty()) found.what = pair.compare_memory();
        pair.stats.apl_walks = pair.walks();
        pair.stats.by_capability = pair.by_capability();
        stats.add(pair.stats);
    }
    if (found.what.empty()) return found;
    found.steps = shrink(std::move(steps), [&](const Steps& s) { return !replay(config, plant, s).empty(); });
    found.what = replay(config, plant, found.steps);
    return found;
}

struct AplShape {
    unsigned entries, ways;
    AplRefill refill;
};

class RandomWorld : public testing::TestWithParam<AplShape> {};

TEST_P(RandomWorld, unit_and_specification_agree) {
    const AplShape& s = GetParam();
    PairStats stats;
    for (unsigned world = 0; world < 40; ++world) {
        const Found found = run_world(shape(s.entries, s.ways, s.refill), Plant::none,
                                      s.entries * 1000 + s.ways + world * 7919, 5000, stats);
        ASSERT_TRUE(found.what.empty()) << "world " << world << "\n" << describe(found.steps) << found.what;
    }
    RecordProperty("accesses", std::to_string(stats.accesses));
    RecordProperty("fast", std::to_string(stats.fast));
    // A world that only refuses, or only allows, would say little.
    EXPECT_GT(stats.accesses, 90'000u);
    EXPECT_GT(stats.allowed, stats.accesses / 3);
    EXPECT_GT(stats.fast, stats.accesses / 30);
    EXPECT_GT(stats.page_faults, 5'000u);
    EXPECT_GT(stats.by_capability, 1'000u);
    EXPECT_GT(stats.revocations, 100u);
    EXPECT_LT(stats.for_ever, stats.accesses / 5);
    for (const unsigned reason : {STILE_CD_RIGHT, STILE_CD_ALIGN, STILE_CD_RETURN, STILE_CD_DCS_BOUNDS,
                                  STILE_CD_CAP_PAGE, STILE_CD_STRADDLE})
        EXPECT_GT(stats.reasons[reason], 50u) << reason;
    EXPECT_EQ(stats.reasons[STILE_CD_APL_MISS], 0u);
    if (s.refill == AplRefill::hardware) {
        EXPECT_EQ(stats.apl_misses, 0u);
        EXPECT_GT(stats.apl_walks, 5'000u);
    } else {
        EXPECT_GT(stats.apl_misses, 5'000u);
    }
}

INSTANTIATE_TEST_SUITE_P(
    AplShapes, RandomWorld,
    testing::Values(AplShape{2, 2, AplRefill::software}, AplShape{3, 3, AplRefill::software},
                    AplShape{4, 2, AplRefill::software}, AplShape{16, 16, AplRefill::software},
                    AplShape{64, 4, AplRefill::software}, AplShape{2, 2, AplRefill::hardware},
                    AplShape{4, 2, AplRefill::hardware}, AplShape{32, 32, AplRefill::hardware}),
    [](const auto& p) {
        return std::to_string(p.param.entries) + "_" + std::to_string(p.param.ways) +
               (p.param.refill == AplRefill::hardware ? "_walk" : "_software");
    });

// --- are the worlds wild enough?

// Something is wrong with the model, or with who drives it: that must show, and be cut down to a page of
// reading.
void expect_found(const MachineConfig& config, Plant plant) {
    constexpr unsigned most_steps = 16;
    PairStats stats;
    Found found;
    for (unsigned world = 1; world <= 200 && found.what.empty(); ++world)
        found = run_world(config, plant, world, 3000, stats);
    EXPECT_FALSE(found.what.empty()) << "nothing was found in " << stats.accesses << " accesses";
    EXPECT_LE(found.steps.size(), most_steps) << describe(found.steps) << found.what;
}

struct RuleOff {
    const char* name;
    bool CodomsChecks::*rule;
};

class EachRule : public testing::TestWithParam<RuleOff> {};

TEST_P(EachRule, is_missed_when_the_model_lacks_it) {
    MachineConfig config = shape(16, 16, AplRefill::software);
    config.codoms_checks.*GetParam().rule = false;
    expect_found(config, Plant::none);
}

// The others are the core's own, and codoms_fuzz's affair: privileged, cap_range, saved_latch.
INSTANTIATE_TEST_SUITE_P(
    Codoms, EachRule,
    testing::Values(RuleOff{"data", &CodomsChecks::data}, RuleOff{"transfer", &CodomsChecks::transfer},
                    RuleOff{"align", &CodomsChecks::align}, RuleOff{"ret", &CodomsChecks::ret},
                    RuleOff{"dcs", &CodomsChecks::dcs}, RuleOff{"cap_page", &CodomsChecks::cap_page},
                    RuleOff{"straddle", &CodomsChecks::straddle},
                    RuleOff{"cap_type", &CodomsChecks::cap_type},
                    RuleOff{"cap_origin", &CodomsChecks::cap_origin},
                    RuleOff{"counter", &CodomsChecks::counter}, RuleOff{"frame", &CodomsChecks::frame},
                    RuleOff{"deputy", &CodomsChecks::deputy}),
    [](const auto& p) { return p.param.name; });

struct Mistake {
    const char* name;
    Plant plant;
};

class EachMistake : public testing::TestWithParam<Mistake> {};

TEST_P(EachMistake, is_found) { expect_found(shape(16, 16, AplRefill::software), GetParam().plant); }

INSTANTIATE_TEST_SUITE_P(Codoms, EachMistake,
                         testing::Values(Mistake{"no_aplinv_after_a_grant", Plant::no_aplinv},
                                         Mistake{"no_invlpg_after_a_change_of_a_page", Plant::no_invlpg},
                                         Mistake{"stores_to_counters_unseen", Plant::no_counter_watch},
                                         Mistake{"registers_of_another_thread", Plant::no_register_drop},
                                         Mistake{"answers_of_another_ring", Plant::no_context},
                                         Mistake{"an_interrupt_forgets_the_crossing", Plant::stale_latch},
                                         Mistake{"stores_to_counters_unseen_by_the_other_core",
                                                 Plant::counters_of_one_core},
                                         Mistake{"aplinv_on_one_core", Plant::aplinv_on_one_core},
                                         Mistake{"invlpg_on_one_core", Plant::invlpg_on_one_core}),
                         [](const auto& p) { return p.param.name; });

}  // namespace

}  // namespace stile::model::test
