// SPDX-License-Identifier: Apache-2.0
//
// Question: are results.csv and the rows what the database says, every time?
#include "sim/report/sweep_outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/report/front.h"
#include "sim/report/sweep_csv.h"
#include "sim/results/csv.h"
#include "tests/report/sweep_maker.h"

namespace stile::sim {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(SweepOutputs, TheCsvHasTheRunsColumnsThenPointAxesAndCosts) {
    Folder folder;
    make_knee(folder.path());
    EXPECT_THAT(write_sweep_outputs(folder.path()), IsEmpty());
    const std::string text = text_of(folder / "results.csv");
    EXPECT_EQ(
        text.substr(0, text.find('\n')),
        "mechanism,policy,scope,placement,size_bytes,proxies,protection,core,machine,kernel_profile,calls,"
        "cycles_mean,ns_mean,instructions,copies,apl_misses,point,machine.codoms.apl_cache.entries,area_mm2,"
        "area_swept_mm2,access_ns_swept");
    const Csv csv = parse_csv(text);
    ASSERT_EQ(csv.rows.size(), 5u);
    EXPECT_EQ(csv.at(3, "cycles_mean"), "19.9");
    EXPECT_EQ(csv.at(3, "machine.codoms.apl_cache.entries"), "16");
    EXPECT_EQ(csv.at(3, "copies"), "");
    EXPECT_EQ(csv.at(3, "point"), "4");
    // The l1d is the same everywhere: part of the area, not of what is swept.
    EXPECT_EQ(csv.at(3, "area_mm2"), "0.080008");
    EXPECT_EQ(csv.at(3, "area_swept_mm2"), "8e-06");
    EXPECT_EQ(csv.at(3, "access_ns_swept"), "0.13");
}

TEST(SweepOutputs, PointsWithoutResultsHaveNoLines) {
    Folder folder;
    make_loads(folder.path());
    write_sweep_outputs(folder.path());
    const Csv csv = parse_csv(text_of(folder / "results.csv"));
    EXPECT_EQ(csv.rows.size(), 8u);
    for (size_t i = 0; i < csv.rows.size(); ++i) EXPECT_NE(csv.at(i, "point"), "3");
}

TEST(SweepOutputs, AreTheSameBytesEachTime) {
    Folder one, two;
    make_loads(one.path());
    make_loads(two.path());
    write_sweep_outputs(one.path());
    write_sweep_outputs(two.path());
    const std::string csv = text_of(one / "results.csv"), html = text_of(one / "report.html");
    EXPECT_EQ(csv, text_of(two / "results.csv"));
    EXPECT_EQ(html, text_of(two / "report.html"));
    write_sweep_outputs(one.path());
    EXPECT_EQ(csv, text_of(one / "results.csv"));
    EXPECT_EQ(html, text_of(one / "report.html"));
}

TEST(SweepOutputs, WhatAllCoresShareCountsOnlyWhereItIsSwept) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.llc.size");
        for (int i : {1, 2}) {
            const int point = sweep.point({{std::to_string(i) + " MiB", i << 20}});
            sweep.array(point, "llc", i, 1, true);
            sweep.array(point, "memory queue", 0.5, 1, true);
            sweep.array(point, "l1d", 0.25);
            sweep.row(point, 1, 10 * i);
        }
    }
    const SweepData data = read_sweep(folder / "results.sqlite");
    EXPECT_DOUBLE_EQ(*data.points[1].area, 0.25);
    EXPECT_DOUBLE_EQ(*data.points[1].area_swept, 2);
}

TEST(SweepOutputs, AnArrayThatOnlySomePointsHaveIsSwept) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("protection");
        for (const char* name : {"paging", "codoms"}) {
            const int point = sweep.point({{name, std::nullopt}});
            sweep.array(point, "l1d", 0.25);
            if (point == 2) sweep.array(point, "apl cache", 0.125);
            sweep.row(point, 1, 10);
        }
    }
    const SweepData data = read_sweep(folder / "results.sqlite");
    EXPECT_DOUBLE_EQ(*data.points[0].area_swept, 0);
    EXPECT_DOUBLE_EQ(*data.points[1].area_swept, 0.125);
}

TEST(Rows, AreGroupedByWhatTellsThemApartWithinAPoint) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("workload.sizes");
        for (int size : {0, 64}) {
            const int point = sweep.point({{"[" + std::to_string(size) + " B]", size}});
            const std::string bytes = std::to_string(size);
            sweep.row(point, 1, 10, {{"mechanism", "function"}, {"size_bytes", bytes}});
            sweep.row(point, 2, 50 + size, {{"mechanism", "dipc"}, {"policy", "low"}, {"size_bytes", bytes}});
            sweep.row(point, 3, 90 + size,
                      {{"mechanism", "dipc"}, {"policy", "high"}, {"size_bytes", bytes}});
            // What was refused has statistics, but is no row of the answer.
            sweep.refused(point, 4, "mpk", 38, "");
            sweep.statistic(point, 4, "run.cycles", 1000);
        }
    }
    const SweepData data = read_sweep(folder / "results.sqlite");
    EXPECT_THAT(data.groups, ElementsAre("function", "dipc low", "dipc high"));
    EXPECT_EQ(default_selection(data).group, 1u) << "a function shows nothing";
    // Nothing is built here: the rows are what the sweep is about.
    EXPECT_EQ(
        sweep_answer(folder / "results.sqlite"),
        "function is best everywhere; next comes dipc low with 5x (size 0 B) to 11x its cycles (size 64 B). "
        "Over policy low, dipc pays 40 cycles per call (35 to 80 %) for high.\n\n"
        "sizes      0 B  64 B\nfunction    10    10\ndipc low    50   114\ndipc high   90   154\n");
}

TEST(SweepData, RefusesWhatItCannotRead) {
    Folder folder;
    EXPECT_THROW(read_sweep(folder / "results.sqlite"), std::runtime_error);
    std::filesystem::create_directories(folder.path());
    {
        SweepMaker sweep(folder.path());
        sweep.execute("PRAGMA user_version=7");
    }
    try {
        read_sweep(folder / "results.sqlite");
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("has schema version 7; this version of Stile reads 1"));
    }
}

}  // namespace
}  // namespace stile::sim
