// SPDX-License-Identifier: Apache-2.0
//
// Question: does a comparison of two runs or sweeps tell every difference, and nothing else?
#include "sim/report/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/results/csv.h"
#include "sim/results/run_directory.h"
#include "tests/report/sweep_maker.h"
#include "tests/unit/results/rows.h"

namespace stile::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Results run_of(const std::filesystem::path& directory, const std::vector<RowResult>& rows,
               const std::string& yaml = "machine:\n  l1d: {size: 32 KiB, ways: 8}\nlist: [a, b]\n",
               bool statistics = false) {
    write_directory(directory, result_files(rows, yaml));
    return load_results(directory, statistics);
}

TEST(Diff, OfEqualRunsIsEmpty) {
    Folder folder;
    const std::vector<RowResult> rows{row("function", 0, 10), row("dipc", 64, 100, "low")};
    const Diff diff = compare(run_of(folder / "a", rows), run_of(folder / "b", rows), {});
    EXPECT_FALSE(diff.differs());
    EXPECT_THAT(diff.configuration, IsEmpty());
    EXPECT_EQ(diff.compared, 2u);
    EXPECT_EQ(diff.equal, 2u);
    EXPECT_EQ(diff_text(diff, "x", "y"), "A: x\nB: y\n\n2 rows compared: 2 without a difference, 0 with.\n");
}

TEST(Diff, TellsFiguresRowsAndConfiguration) {
    Folder folder;
    const Results a =
        run_of(folder / "a", {row("function", 0, 10), row("dipc", 64, 100, "low"), row("pipe", 0, 7)});
    const Results b =
        run_of(folder / "b", {row("dipc", 64, 110, "low"), row("function", 0, 10), row("binder", 0, 9)},
               "machine:\n  l1d: {size: 64 KiB, ways: 8}\nlist: [a, c]\nnew: 1\n");
    DiffOptions options;
    options.figures = {"cycles_mean"};
    const Diff diff = compare(a, b, options);
    ASSERT_EQ(diff.figures.size(), 1u);
    EXPECT_EQ(diff.figures[0].key[0], "dipc");
    EXPECT_EQ(diff.figures[0].a, "100");
    EXPECT_EQ(diff.figures[0].b, "110");
    EXPECT_EQ(diff.figures[0].percent, "+10");
    ASSERT_EQ(diff.only_a.size(), 1u);
    ASSERT_EQ(diff.only_b.size(), 1u);
    EXPECT_EQ(diff.only_b[0][0], "binder");
    ASSERT_EQ(diff.configuration.size(), 3u);
    EXPECT_EQ(diff.configuration[0].figure, "list");
    EXPECT_EQ(diff.configuration[0].b, "[a, c]");
    EXPECT_EQ(diff.configuration[1].figure, "machine.l1d.size");
    EXPECT_EQ(diff.configuration[2].a, "-");
    const std::string text = diff_text(diff, "a", "b");
    EXPECT_THAT(text,
                HasSubstr("\nrow   figure         A    B  change\ndipc  cycles_mean  100  110   +10 %\n"));
    EXPECT_THAT(text, HasSubstr("\nonly in A:\n  pipe\n"));
    EXPECT_THAT(text, HasSubstr("2 rows compared: 1 without a difference, 1 with."));
}

TEST(Diff, ThresholdIsInPerCent) {
    Folder folder;
    const Results a = run_of(folder / "a", {row("dipc", 0, 100)}),
                  b = run_of(folder / "b", {row("dipc", 0, 103)});
    const auto changed = [&](double threshold) {
        DiffOptions options;
        options.threshold = threshold;
        options.figures = {"cycles_mean"};
        return compare(a, b, options).figures.size();
    };
    EXPECT_EQ(changed(2.9), 1u);
    EXPECT_EQ(changed(3), 1u);
    EXPECT_EQ(changed(3.1), 0u);
}

TEST(Diff, FailuresAndWhatComesFromZeroAreTold) {
    Folder folder;
    RowResult failed = row("dipc", 0, 1);
    failed.figures.reset();
    failed.status = RowResult::Status::failed;
    RowResult misses = row("pipe", 0, 5);
    misses.figures->tlb_misses = 3;
    DiffOptions options;
    options.threshold = 50;
    options.figures = {"status", "tlb_misses"};
    const Diff diff = compare(run_of(folder / "a", {row("dipc", 0, 1), row("pipe", 0, 5)}),
                              run_of(folder / "b", {failed, misses}), options);
    ASSERT_EQ(diff.figures.size(), 3u);
    EXPECT_EQ(diff.figures[0].figure, "status");
    EXPECT_EQ(diff.figures[0].b, "failed");
    EXPECT_EQ(diff.figures[1].b, "") << "no figures any more";
    EXPECT_EQ(diff.figures[2].b, "3");
    EXPECT_EQ(diff.figures[2].percent, "") << "nothing is no part of 0";
}

TEST(Diff, WhatIsTheSameInAllRowsIsConfiguration) {
    Folder folder;
    std::vector<RowResult> ooo{row("dipc", 0, 50)};
    ooo[0].key.core = "ooo";
    ooo[0].key.machine = "other";
    const Diff diff = compare(run_of(folder / "a", {row("dipc", 0, 100)}), run_of(folder / "b", ooo), {});
    EXPECT_EQ(diff.compared, 1u);
    EXPECT_THAT(diff.key_columns, testing::Not(testing::Contains("core")));
}

TEST(Diff, StatisticsOnDemand) {
    Folder folder;
    std::vector<RowResult> rows{row("dipc", 0, 100)};
    const Results a = run_of(folder / "a", rows, "x: 1\n", true);
    rows[0].statistics[1].value = 0.75;
    const Diff diff = compare(a, run_of(folder / "b", rows, "x: 1\n", true), {});
    ASSERT_EQ(diff.figures.size(), 1u);
    EXPECT_EQ(diff.figures[0].figure, "core0.ipc");
    EXPECT_EQ(diff.figures[0].percent, "+50");
}

TEST(Diff, OfSweepsGoesByAxisValues) {
    Folder folder;
    make_loads(folder / "a");
    make_loads(folder / "b");
    {
        // Another order of points, one figure changed, one point repaired.
        SweepMaker sweep(folder / "c", "loads");
        sweep.axis("workload.live");
        sweep.axis("machine.codoms.apl_cache.entries");
        for (int live : {2, 8, 32}) {
            for (int entries : {4, 8, 16}) {
                const int point =
                    sweep.point({{std::to_string(live), live}, {std::to_string(entries), entries}});
                sweep.array(point, "apl cache", 1e-4 * entries);
                sweep.row(point, 1, live == 8 && entries == 4 ? 40 : 10 + (live > entries ? live * 3 : 0));
            }
        }
    }
    const Results a = load_results(folder / "a", false);
    EXPECT_FALSE(compare(a, load_results(folder / "b", false), {}).differs());
    const Diff diff = compare(a, load_results(folder / "c", false), {});
    EXPECT_THAT(diff.only_a, IsEmpty());
    const std::string text = diff_text(diff, "a", "c");
    EXPECT_THAT(text, HasSubstr("entries=4 live=8   cycles_mean      34    40  +17.6 %"));
    EXPECT_THAT(text, HasSubstr("entries=4 live=32  status       failed  done"));
}

TEST(Diff, RefusesWhatCannotBeCompared) {
    Folder folder;
    make_loads(folder / "loads");
    make_knee(folder / "knee");
    const Results run = run_of(folder / "a", {row("dipc", 0, 1), row("dipc", 64, 1)});
    const Results other = run_of(folder / "b", {row("pipe", 0, 1), row("binder", 64, 1)});
    EXPECT_THROW(compare(run, load_results(folder / "loads", false), {}), NotComparable);
    EXPECT_THROW(compare(load_results(folder / "knee", false), load_results(folder / "loads", false), {}),
                 NotComparable);
    EXPECT_THROW(compare(run, other, {}), NotComparable);
    EXPECT_THROW(load_results(folder / "nothing", false), std::runtime_error);
}

TEST(Diff, AsCsv) {
    Folder folder;
    const Diff diff = compare(run_of(folder / "a", {row("dipc", 0, 100), row("pipe", 0, 1)}),
                              run_of(folder / "b", {row("dipc", 0, 110)}, "list: [a, b]\n"), {});
    const Csv csv = parse_csv(diff_csv(diff));
    EXPECT_EQ(csv.at(0, "kind"), "configuration");
    EXPECT_EQ(csv.at(0, "figure"), "machine.l1d.size");
    size_t found = 0;
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        if (csv.at(i, "figure") == "cycles_mean") {
            EXPECT_EQ(csv.at(i, "change_percent"), "+10");
            ++found;
        }
        if (csv.at(i, "kind") == "only_a") {
            EXPECT_EQ(csv.at(i, "mechanism"), "pipe");
            ++found;
        }
    }
    EXPECT_EQ(found, 2u);
}

}  // namespace
}  // namespace stile::sim
