// SPDX-License-Identifier: Apache-2.0
//
// Question: do `stile report` and `stile diff` do for users what the functions below them do?
#include <fstream>

#include "tests/e2e/stile.h"
#include "tests/report/sweep_maker.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

using Commands = Stile;

TEST_F(Commands, ReportRebuildsASweepFromItsDatabaseAlone) {
    make_knee("sweep");
    const Output first = stile("report sweep");
    EXPECT_EQ(first.code, 0) << first.err;
    EXPECT_THAT(first.out, HasSubstr("Build 8 entries"));
    EXPECT_THAT(first.out, HasSubstr("sweep/report.html\n"));
    const std::string html = contents("sweep/report.html"), csv = contents("sweep/results.csv");
    std::filesystem::remove("sweep/report.html");
    std::filesystem::remove("sweep/results.csv");
    std::filesystem::remove_all("sweep/charts");
    EXPECT_EQ(stile("report sweep").code, 0);
    EXPECT_EQ(contents("sweep/report.html"), html);
    EXPECT_EQ(contents("sweep/results.csv"), csv);
    EXPECT_TRUE(std::filesystem::exists("sweep/charts/pareto.svg"));
}

TEST_F(Commands, ReportRefusesADamagedDatabase) {
    std::filesystem::create_directory("sweep");
    write("sweep/results.sqlite",
          "this is no database, but long enough to be taken for one if one does not look");
    const Output output = stile("report sweep");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("file is not a database"));
}

TEST_F(Commands, AFullDiskIsToldAndLeavesNothingHalf) {
    make_knee("sweep");
    const Output output = shell("ulimit -f 40; " STILE_PROGRAM " report sweep");
    EXPECT_EQ(output.code, 2) << output.err;
    EXPECT_THAT(output.err, HasSubstr("sweep/report.html cannot be written: File too large"));
    EXPECT_FALSE(std::filesystem::exists("sweep/report.html"));
    for (const auto& entry : std::filesystem::directory_iterator("sweep"))
        EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::StartsWith(".")))
            << "half a file";
}

TEST_F(Commands, DiffOfTwoRuns) {
    ASSERT_EQ(run("--set workload.mechanisms=[function,syscall]", "a").code, 0);
    ASSERT_EQ(run("--set workload.mechanisms=[function,syscall] --set machine.l1d.latency=9", "b").code, 0);
    const Output same = stile("diff a a --exit-code");
    EXPECT_EQ(same.code, 0) << same.err;
    EXPECT_THAT(same.out, HasSubstr("without a difference, 0 with."));
    const Output output = stile("diff a b --figure cycles_mean");
    EXPECT_EQ(output.code, 0);
    EXPECT_THAT(output.out, HasSubstr("machine.l1d.latency  4  9\n"));
    EXPECT_THAT(output.out, HasSubstr("function 4 KiB  cycles_mean"));
    EXPECT_EQ(stile("diff a b --exit-code").code, 1);
    EXPECT_EQ(stile("diff a b --exit-code --threshold 10000").code, 0);
    EXPECT_THAT(stile("diff a b --csv").out, HasSubstr("\nconfiguration,"));
}

TEST_F(Commands, DiffRefusesWhatCannotBeCompared) {
    make_knee("sweep");
    make_loads("other");
    const Output axes = stile("diff sweep other");
    EXPECT_EQ(axes.code, 2);
    EXPECT_THAT(axes.err, HasSubstr("their axes differ: machine.codoms.apl_cache.entries and "));
    const Output nothing = stile("diff sweep nowhere");
    EXPECT_EQ(nothing.code, 2);
    EXPECT_THAT(nothing.err, HasSubstr("nowhere has neither results.sqlite nor results.csv"));
    for (const char* wrong : {"-1", "nan", "5%"}) {
        const Output threshold = stile(std::string("diff sweep sweep --threshold ") + wrong);
        EXPECT_EQ(threshold.code, 2);
        EXPECT_THAT(threshold.err, HasSubstr(std::string("--threshold: '") + wrong +
                                             "' is no percentage; 0 or more is expected"));
    }
}

// A figure that nobody has must not pass for one that does not differ.
TEST_F(Commands, DiffKnowsStatisticsByNameAndRefusesWhatNobodyHas) {
    ASSERT_EQ(run("--set workload.mechanisms=[function]", "a").code, 0);
    ASSERT_EQ(run("--set workload.mechanisms=[function] --set machine.l1d.latency=9", "b").code, 0);
    const Output known = stile("diff a b --figure roi.cycles --exit-code");
    EXPECT_EQ(known.code, 1) << known.err;
    EXPECT_THAT(known.out, HasSubstr("roi.cycles"));
    EXPECT_THAT(known.out, testing::Not(HasSubstr("cycles_mean")));
    const Output wrong = stile("diff a b --figure cycels_mean --figure roi.cycels --exit-code");
    EXPECT_EQ(wrong.code, 2);
    EXPECT_THAT(wrong.err,
                HasSubstr("--figure cycels_mean: error: neither has a figure of that name; did you "
                          "mean 'cycles_mean'?\n--figure roi.cycels: error: "));
}

}  // namespace
}  // namespace stile::sim
