// SPDX-License-Identifier: Apache-2.0
//
// Question: of a sweep whose designs hardly differ, does the answer say which mechanism is best where, which
// change places, what each policy costs, and why a figure is missing?
#include "sim/report/rows.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/report/sweep_outputs.h"
#include "tests/report/sweep_maker.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Way {
    std::string mechanism, policy, scope;
    std::vector<double> cycles;  // by level; 0: no row
};

// Ways to do the same at sizes 0, 64, 256, ... B.
std::string along_sizes(const std::vector<Way>& ways, const char* better = "less") {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("workload.sizes");
        sweep.meta("better", better);
        for (size_t level = 0; level < ways[0].cycles.size(); ++level) {
            const int size = level == 0 ? 0 : 16 << (2 * level);
            const int point = sweep.point({{fmt::format("[{} B]", size), size}});
            for (size_t i = 0; i < ways.size(); ++i) {
                const Way& way = ways[i];
                if (way.cycles[level] == 0) continue;
                sweep.row(point, static_cast<int>(i) + 1, way.cycles[level],
                          {{"mechanism", way.mechanism},
                           {"policy", way.policy},
                           {"scope", way.scope},
                           {"size_bytes", std::to_string(size)}});
            }
        }
    }
    const std::string answer = sweep_answer(folder / "results.sqlite");
    return answer.substr(0, answer.find('\n'));
}

TEST(RowsAnswer, SaysWhoIsBestAndHowFarTheNextIs) {
    EXPECT_EQ(along_sizes({{"function", "-", "same_process", {20, 50, 100}},
                           {"dipc", "-", "cross_process", {100, 125, 225}},
                           {"binder", "-", "cross_process", {4000, 4100, 4200}},
                           {"pipe", "-", "cross_process", {2700, 3900, 9000}}}),
              "Between processes: dipc is best everywhere; next come pipe with 27x its cycles (size 0 B) and "
              "binder with 19x (size 256 B). From size 256 B on binder is better than pipe.");
}

TEST(RowsAnswer, SaysFromWhereOnAnotherIsBest) {
    // At 64 B the two are within 2 %: the first keeps its place.
    EXPECT_EQ(
        along_sizes({{"copy", "-", "-", {100, 202, 900, 2000}}, {"map", "-", "-", {200, 200, 210, 220}}}),
        "copy is best up to size 64 B, map from size 256 B on; next come map with 2x its cycles (size 0 "
        "B) and copy with 9.1x (size 1024 B).");
    EXPECT_THAT(
        along_sizes({{"a", "-", "-", {1, 9, 9}}, {"b", "-", "-", {2, 2, 9}}, {"c", "-", "-", {3, 3, 1}}}),
        StartsWith("a is best up to size 0 B, b with size 64 B, c from size 256 B on; "));
}

TEST(RowsAnswer, WhereMoreIsBetterTheMostIsBest) {
    EXPECT_EQ(along_sizes({{"a", "-", "-", {100, 100}}, {"b", "-", "-", {50, 10}}}, "more"),
              "a is best everywhere; next comes b with 0.5x (size 0 B) to 0.1x its cycles (size 64 B).");
}

TEST(RowsAnswer, PairsThatChangeMoreThanOnceAreCounted) {
    EXPECT_THAT(
        along_sizes({{"a", "-", "-", {1, 1, 1}}, {"b", "-", "-", {2, 4, 2}}, {"c", "-", "-", {3, 3, 3}}}),
        HasSubstr(". 1 pair changes places."));
    EXPECT_THAT(along_sizes({{"a", "-", "-", {1, 1}},
                             {"b", "-", "-", {2, 9}},
                             {"c", "-", "-", {3, 8}},
                             {"d", "-", "-", {4, 7}}}),
                HasSubstr(" From size 64 B on c is better than b, from size 64 B on d is better than b, from "
                          "size 64 B on d is better than c."));
}

// The next is of another mechanism; what a policy costs is told apart from it.
TEST(RowsAnswer, SaysWhatEachPolicyCosts) {
    EXPECT_EQ(
        along_sizes({{"dipc", "low", "-", {100, 200}},
                     {"dipc", "stack_conf@both", "-", {110, 215}},
                     {"dipc", "high", "-", {150, 250}},
                     {"pipe", "-", "-", {1000, 4000}}}),
        "dipc low is best everywhere; next comes pipe with 10x (size 0 B) to 20x its cycles (size 64 B). "
        "Over policy low, dipc pays 10 to 15 cycles per call (7.5 to 10 %) for stack_conf@both, 50 (25 to "
        "50 %) for high.");
}

// Words have no order: what they change is said.
TEST(RowsAnswer, OfWordsSaysWhatTheyChangeAndWhyAFigureIsMissing) {
    const auto answer_with = [](double other) {
        Folder folder;
        {
            SweepMaker sweep(folder.path());
            sweep.axis("measure.touch");
            sweep.axis("workload.sizes");
            for (const char* touch : {"none", "read"})
                for (int size : {0, 64}) {
                    const bool read = touch == std::string("read");
                    const int point =
                        sweep.point({{touch, std::nullopt}, {fmt::format("[{} B]", size), size}});
                    const auto row = [&](int number, const char* mechanism, const char* policy,
                                         double cycles) {
                        sweep.row(point, number, cycles,
                                  {{"mechanism", mechanism},
                                   {"policy", policy},
                                   {"size_bytes", std::to_string(size)}});
                    };
                    row(1, "codoms", "low", 40);
                    row(2, "codoms", "high", read ? other : 100);
                    if (size == 0)
                        row(3, "syscall", "-", 117);
                    else
                        sweep.refused(point, 3, "syscall", 22, "");
                    if (read)
                        row(4, "mpk", "low", 90);
                    else
                        sweep.refused(point, 4, "mpk", 38, "", "low", size);
                }
        }
        return sweep_answer(folder / "results.sqlite");
    };
    EXPECT_EQ(
        answer_with(101),
        "Over policy low, codoms pays 60 to 61 cycles per call (150 to 153 %) for high. touch changes no "
        "row by 2 %.\n(mean over sizes)\n\n"
        "touch             none       read\n"
        "codoms low          40         40\n"
        "codoms high        100        101\n"
        "syscall      117 (0 B)  117 (0 B)\n"
        "mpk low        refused         90\n");
    EXPECT_THAT(answer_with(200),
                HasSubstr("touch changes 1 of 4 rows by 2 % or more, most codoms high: from 100 "
                          "(touch none) to 200 cycles per call (touch read)."));
}

TEST(RowsAnswer, APointThatFailedIsNoRefusal) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("workload.live");
        for (int live : {1, 2}) {
            const int point =
                sweep.point({{std::to_string(live), live}}, live == 2 ? "failed" : "done", "died");
            if (live == 2) continue;
            sweep.row(point, 1, 10, {{"mechanism", "a"}});
            sweep.row(point, 2, 20, {{"mechanism", "b"}});
        }
    }
    EXPECT_THAT(sweep_answer(folder / "results.sqlite"),
                HasSubstr("live   1       2\na     10  failed\nb     20  failed\n"));
}

}  // namespace
}  // namespace stile::sim
