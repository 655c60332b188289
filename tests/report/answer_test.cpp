// SPDX-License-Identifier: Apache-2.0
//
// Question: is the sentence that a sweep ends with true of what the database says?
#include "sim/report/sweep_outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/config/design.h"
#include "sim/report/front.h"
#include "tests/report/sweep_maker.h"

namespace stile::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Answer, NamesTheKneeAndWhatMoreWouldBring) {
    Folder folder;
    make_knee(folder.path());
    const std::string answer = sweep_answer(folder / "results.sqlite");
    EXPECT_THAT(answer,
                HasSubstr("Build 8 entries: 0.000004 mm2, 20 cycles per call; nothing larger gains 2 %: the "
                          "best (32 entries) costs 4x the area for 1 % fewer cycles.\n"));
    EXPECT_THAT(answer, HasSubstr("8 entries         0.000004           20  <- build this\n"));
}

TEST(Answer, IsTheMeanOverLoadsOfDesignsThatMetAll) {
    Folder folder;
    make_loads(folder.path());
    const SweepData data = read_sweep(folder / "results.sqlite");
    const Selection selection = default_selection(data);
    const auto designs = designs_of(data, selection);
    ASSERT_EQ(designs.size(), 3u);
    EXPECT_FALSE(designs[0].complete) << "4 entries failed under 32 domains";
    EXPECT_DOUBLE_EQ(designs[1].figures.objective, (10 + 10 + 106) / 3.0);
    EXPECT_DOUBLE_EQ(designs[2].figures.cost, 1.6e-3);
    const Answer answer = answer_of(data, selection);
    EXPECT_EQ(answer.over, "mean over 3 values of live, 2 to 32");
    EXPECT_EQ(answer.sentence,
              "Both designs are alike: 42 cycles per call; the cheapest is 8 entries (0.0008 mm2).");
    Selection many = selection;
    many.load[1] = 1;
    EXPECT_EQ(answer_of(data, many).sentence,
              "Build 8 entries: 0.0008 mm2, 10 cycles per call; the best of the sweep: 2x the area of the "
              "next smaller "
              "(4 entries) for 71 % fewer cycles.");
}

TEST(Answer, WhereNoDesignMetAllLoadsOneIsTaken) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.core.rob");
        sweep.axis("workload.live");
        // As a random sample may have it.
        for (const auto& [rob, live] : {std::pair{32, 2}, {64, 2}, {128, 4}}) {
            const int point = sweep.point({{std::to_string(rob), rob}, {std::to_string(live), live}});
            sweep.array(point, "rob", rob * 1e-3);
            sweep.row(point, 1, 1000.0 / rob);
        }
    }
    const SweepData data = read_sweep(folder / "results.sqlite");
    const Selection selection = default_selection(data);
    EXPECT_EQ(selection.load[1], std::optional<size_t>(0));
    EXPECT_THAT(answer_of(data, selection).sentence,
                HasSubstr("Build core.rob 64: 0.064 mm2, 15.6 cycles per call"));
}

TEST(Answer, WithoutACostTheBestIsNamedAndAllAreRanked) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("protection");
        for (const auto& [name, cycles] : {std::pair{"paging", 200}, {"codoms", 50}}) {
            const int point = sweep.point({{name, std::nullopt}});
            sweep.array(point, "l1d", 0.25);
            sweep.row(point, 1, cycles, {{"protection", name}});
        }
    }
    const std::string answer = sweep_answer(folder / "results.sqlite");
    EXPECT_THAT(answer,
                HasSubstr("Best is protection codoms: 50 cycles per call, 75 % fewer cycles than protection "
                          "paging; area is the same for all.\n"));
    EXPECT_THAT(answer, HasSubstr("protection codoms           50\nprotection paging          200\n"));
}

TEST(Answer, TheOnlyResultIsNotSaidToCostNothing) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("protection");
        const int done = sweep.point({{"codoms", std::nullopt}});
        sweep.array(done, "l1d", 0.25);
        sweep.row(done, 1, 50, {{"protection", "codoms"}});
        sweep.point({{"paging", std::nullopt}}, "failed", "for the test");
    }
    EXPECT_THAT(sweep_answer(folder / "results.sqlite"),
                HasSubstr("Only one design has results: protection codoms (50 cycles per call).\n"));
}

TEST(Answer, WhereOnlyTheLoadIsSweptSaysTheRange) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("workload.live");
        for (int live : {1, 2}) {
            const int point = sweep.point({{std::to_string(live), live}});
            sweep.array(point, "l1d", 0.25);
            sweep.row(point, 1, 10 * live);
        }
    }
    EXPECT_EQ(sweep_answer(folder / "results.sqlite"),
              "Nothing that one builds differs in this sweep: from 10 (live 1) to 20 cycles per call (live "
              "2).\n");
}

TEST(Answer, SaysWhoseEntriesWhereOtherThingsAreSweptToo) {
    const auto begin_with = [](const char* other) {
        Folder folder;
        {
            SweepMaker sweep(folder.path());
            sweep.axis("machine.dtlb.entries");
            sweep.axis(other);
            for (int entries : {16, 32}) {
                const int point = sweep.point({{std::to_string(entries), entries}, {"4", 4}});
                sweep.array(point, "dtlb", entries * 0.25);
                sweep.row(point, 1, 100 / entries);
            }
        }
        const std::string answer = sweep_answer(folder / "results.sqlite");
        return answer.substr(0, answer.find(':'));
    };
    EXPECT_EQ(begin_with("machine.dtlb.ways"), "Build 32 entries");
    EXPECT_EQ(begin_with("workload.live"), "Build 32 entries");
    EXPECT_EQ(begin_with("machine.l1d.latency"), "Build 32 dtlb entries");
}

// A slower clock misses memory by fewer cycles, and is slower all the same.
TEST(Answer, WhereClocksAreSweptTimeIsLookedAt) {
    const auto answer_with = [](const char* axis) {
        Folder folder;
        {
            SweepMaker sweep(folder.path());
            sweep.axis(axis);
            for (int ghz : {1, 2}) {
                const int point = sweep.point({{std::to_string(ghz) + " GHz", ghz * 1e9}});
                sweep.array(point, "l1d", 0.25);
                sweep.row(point, 1, 80 + ghz * 10, {{"ns_mean", std::to_string((80 + ghz * 10) / ghz)}});
            }
        }
        const std::string answer = sweep_answer(folder / "results.sqlite");
        return answer.substr(0, answer.find('\n'));
    };
    for (const char* clock : {"machine.frequency", "machine.little.frequency"})
        EXPECT_THAT(answer_with(clock),
                    AllOf(HasSubstr("frequency 2 GHz: 50 ns per call, 44 % less time than "),
                          HasSubstr("frequency 1 GHz")));
    EXPECT_THAT(answer_with("machine.memory.dram.frequency"),
                HasSubstr("frequency 1 GHz: 90 cycles per call, 10 % "));
}

// A statistic has a name and no unit: the name stands before the numbers, and only once.
TEST(Answer, SaysANameWithoutUnitOnce) {
    const auto answer_with = [](const char* axis, double first, double second) {
        Folder folder;
        {
            SweepMaker sweep(folder.path());
            sweep.axis(axis);
            sweep.meta("objective", "run.cycles");
            int value = 0;
            for (const double cycles : {first, second}) {
                ++value;
                const int point = sweep.point({{std::to_string(value), value}});
                sweep.array(point, "l1d", 0.25);
                sweep.row(point, 1, 10);
                sweep.statistic(point, 1, "run.cycles", cycles);
            }
        }
        const std::string answer = sweep_answer(folder / "results.sqlite");
        return answer.substr(0, answer.find('\n'));
    };
    EXPECT_EQ(answer_with("workload.live", 876155, 976158),
              "Nothing that one builds differs in this sweep: run.cycles from 876155 (live 1) to 976158 "
              "(live 2).");
    EXPECT_EQ(answer_with("machine.cores", 876155, 876158),
              "Both designs are within 2 %: run.cycles 876155 to 876158.");
    EXPECT_EQ(
        answer_with("machine.cores", 200, 100),
        "Best is 2 cores: run.cycles 100, 50 % lower run.cycles than 1 core; area is the same for all.");
}

// The functional core takes a cycle per instruction and has no misses: it would win whatever takes time.
TEST(Answer, WhatHasNoTimeIsNoDesignWhereTimeCounts) {
    const auto answer_with = [](const std::string& objective, std::optional<int> axis = 1) {
        Folder folder;
        {
            SweepMaker sweep(folder.path());
            if (axis) {
                sweep.axis("machine.core.model");
            } else {
                sweep.meta("config_yaml", "machine:\n  core:\n    model: functional\n");
                sweep.axis("protection");
            }
            sweep.meta("objective", objective);
            for (const auto& [model, cycles, misses] :
                 {std::tuple{"functional", 100, 0}, {"inorder", 300, 7}, {"ooo", 200, 7}}) {
                const int point = sweep.point({{model, std::nullopt}});
                sweep.array(point, "rob", cycles * 1e-3);
                sweep.row(point, 1, cycles, {{"core", model}, {"instructions", std::to_string(cycles + 1)}});
                sweep.statistic(point, 1, "core0.l2.misses", misses);
            }
        }
        return sweep_answer(folder / "results.sqlite");
    };
    const std::string note =
        "1 of 3 points has no figure of time, and no place where time counts: core model functional counts "
        "instructions, not cycles.\n";
    EXPECT_THAT(answer_with("cycles_mean"),
                AllOf(HasSubstr("Build core.model ooo: 0.2 mm2, 200 cycles per call; it is the cheapest"),
                      HasSubstr(note), Not(HasSubstr("model functional  "))));
    EXPECT_THAT(answer_with("core0.l2.misses"),
                AllOf(HasSubstr("Both designs are alike: core0.l2.misses 7"), HasSubstr(note)));
    EXPECT_THAT(answer_with("instructions"), HasSubstr("Build core.model functional"))
        << "these it does count";
    // With a base of functional nothing has a time.
    EXPECT_THAT(answer_with("cycles_mean", std::nullopt),
                AllOf(HasSubstr("instructions per call"), HasSubstr("3 of 3 points have no figure of time")));
}

// Nothing is looked at in place of what is to be explained: neither area against area, nor how many calls
// were made.
TEST(Answer, WithoutTimeInstructionsAreLookedAtEvenIfTheyAreTheSame) {
    const auto answer_with = [](const std::string& instructions) {
        Folder folder;
        {
            SweepMaker sweep(folder.path());
            sweep.meta("config_yaml", "machine:\n  core:\n    model: functional\n");
            sweep.axis("machine.l1d.size");
            for (const int size : {16, 32}) {
                const int point = sweep.point({{std::to_string(size), size}});
                sweep.array(point, "l1d", size * 1e-3);
                sweep.row(point, 1, 100, {{"core", "functional"}, {"instructions", instructions}});
            }
        }
        return sweep_answer(folder / "results.sqlite");
    };
    EXPECT_THAT(
        answer_with("47"),
        HasSubstr("Both designs are alike: 47 instructions per call; the cheapest is 16 l1d (0.016 mm2)."));
    EXPECT_THAT(answer_with(""), HasSubstr("No design has results for everything that is asked of it here."));
}

// A name, or how the simulation goes about it, is no silicon: such points are one design.
TEST(Answer, WhatIsNotBuiltMakesNoDesigns) {
    for (const char* key : {"machine.name", "machine.watchdog", "machine.quantum", "machine.area.cacti",
                            "measure.max_time", "os.seed"}) {
        Folder folder;
        {
            SweepMaker sweep(folder.path());
            sweep.axis(key);
            sweep.axis("machine.core.ooo.rob");
            for (const int value : {1, 2}) {
                for (const int rob : {32, 64}) {
                    const int point =
                        sweep.point({{std::to_string(value), value}, {std::to_string(rob), rob}});
                    sweep.array(point, "rob", rob * 1e-3);
                    sweep.row(point, 1, 3200.0 / rob + value);
                }
            }
        }
        const SweepData data = read_sweep(folder / "results.sqlite");
        const auto designs = designs_of(data, default_selection(data));
        ASSERT_EQ(designs.size(), 2u) << key;
        EXPECT_DOUBLE_EQ(designs[1].figures.objective, 51.5) << key;
    }
    EXPECT_TRUE(is_built("machine.l1d.size"));
    EXPECT_TRUE(is_built("machine.core.model"));
    EXPECT_TRUE(is_built("os.tick"));
    EXPECT_TRUE(is_built("protection"));
}

// An interrupted sweep prints an answer too: it must not pass for that of all points.
TEST(Answer, SaysWhenPointsAreMissing) {
    const auto answer_with = [](const char* last) {
        Folder folder;
        {
            SweepMaker sweep(folder.path());
            sweep.axis("machine.core.rob");
            for (const auto& [rob, status] : {std::pair{32, "done"}, {64, "done"}, {128, last}}) {
                const int point = sweep.point({{std::to_string(rob), rob}}, status);
                sweep.array(point, "l1d", 0.25);
                if (std::string(status) == "done") sweep.row(point, 1, 3200.0 / rob);
            }
        }
        return sweep_answer(folder / "results.sqlite");
    };
    EXPECT_THAT(answer_with("done"), Not(HasSubstr("have results")));
    EXPECT_THAT(answer_with("invalid"), Not(HasSubstr("have results"))) << "it was never to have one";
    EXPECT_THAT(answer_with("timeout"), HasSubstr("\n2 of 3 points have results, 1 timed out.\n"));
}

// Nobody builds a seed: the figure of a design is the mean over them.
TEST(Answer, TakesASeedForALoad) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("os.seed");
        sweep.axis("machine.core.rob");
        for (const auto& [seed, rob, cycles] :
             {std::tuple{1, 32, 100}, {2, 32, 300}, {1, 64, 110}, {2, 64, 190}}) {
            const int point = sweep.point({{std::to_string(seed), seed}, {std::to_string(rob), rob}});
            sweep.array(point, "l1d", 0.25);
            sweep.row(point, 1, cycles);
        }
    }
    EXPECT_THAT(sweep_answer(folder / "results.sqlite"),
                HasSubstr("Best is core.rob 64: 150 cycles per call, 25 % fewer cycles than core.rob 32"));
}

TEST(Answer, SaysWhenNothingHasResults) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.core.rob");
        sweep.point({{"32", 32}}, "failed", "x");
        sweep.point({{"64", 64}}, "failed", "x");
        sweep.point({{"128", 128}}, "timeout", "x");
    }
    EXPECT_EQ(sweep_answer(folder / "results.sqlite"),
              "No point of this sweep has a result: 2 failed, 1 timed out.\n");
}

TEST(Answer, TakesTheSweepsOwnCostObjectiveAndDirection) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.core.rob");
        sweep.meta("cost", "machine.core.rob");
        sweep.meta("objective", "calls_per_second");
        sweep.meta("better", "more");
        for (const auto& [rob, rate] : {std::pair{32, 100}, {64, 190}, {128, 191}}) {
            const int point = sweep.point({{std::to_string(rob), rob}});
            sweep.row(point, 1, 5);
            sweep.statistic(point, 1, "calls_per_second", rate);
        }
    }
    EXPECT_THAT(
        sweep_answer(folder / "results.sqlite"),
        HasSubstr(
            "Build core.rob 64: machine.core.rob 64, calls_per_second 190; nothing larger gains 2 %: the "
            "best (core.rob 128) costs 2x the machine.core.rob for 0.53 % higher calls_per_second."));
}

TEST(Answer, AFigureThatNobodyHasIsToldAndReplaced) {
    Folder folder;
    make_knee(folder.path());
    {
        const SweepData data = read_sweep(folder / "results.sqlite");
        EXPECT_THAT(data.warnings, IsEmpty());
    }
    Folder other;
    {
        SweepMaker sweep(other.path());
        sweep.axis("machine.core.rob");
        sweep.meta("objective", "nonsense");
        for (int rob : {32, 64}) sweep.row(sweep.point({{std::to_string(rob), rob}}), 1, rob);
    }
    const SweepData data = read_sweep(other / "results.sqlite");
    EXPECT_THAT(data.warnings,
                testing::Contains("no row has a figure called nonsense: cycles_mean is shown instead"));
}

}  // namespace
}  // namespace stile::sim
