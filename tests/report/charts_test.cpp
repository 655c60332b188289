// SPDX-License-Identifier: Apache-2.0
//
// Question: are the charts there, right, the same each time, and does all else go on without gnuplot?
#include "sim/report/charts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "sim/report/sweep_outputs.h"
#include "tests/report/sweep_maker.h"

namespace stile::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    return names;
}

TEST(Charts, AFrontALinePerAxisAMapPerPair) {
    Folder folder;
    make_loads(folder.path());
    write_sweep_outputs(folder.path());
    EXPECT_THAT(names_in(folder / "charts"),
                UnorderedElementsAre("pareto.svg", "line-1-apl_cache.entries.svg", "line-2-live.svg",
                                     "map-1-2-apl_cache.entries-live.svg"));
    EXPECT_THAT(text_of(folder / "charts" / "pareto.svg"), HasSubstr("build this"));
    EXPECT_THAT(text_of(folder / "charts" / "map-1-2-apl_cache.entries-live.svg"), HasSubstr("106"));
    EXPECT_THAT(text_of(folder / "report.html"), HasSubstr("<img alt=\"cycles_mean over apl_cache.entries"));
}

TEST(Charts, OldOnesDoNotStay) {
    Folder folder;
    make_knee(folder.path());
    std::filesystem::create_directories(folder / "charts");
    { std::ofstream(folder / "charts" / "line-9-old.svg") << "<svg/>"; }
    { std::ofstream(folder / "charts" / "mine.txt") << "kept"; }
    write_sweep_outputs(folder.path());
    EXPECT_THAT(names_in(folder / "charts"),
                UnorderedElementsAre("pareto.svg", "line-1-apl_cache.entries.svg", "mine.txt"));
}

TEST(Charts, AreTheSameBytesEachTime) {
    Folder folder;
    make_knee(folder.path());
    const SweepData data = read_sweep(folder / "results.sqlite");
    const Selection selection = default_selection(data);
    for (const Chart& chart : charts_of(data, selection, answer_of(data, selection)))
        EXPECT_EQ(draw(chart), draw(chart)) << chart.file;
}

TEST(Charts, ShowTheBestOverOtherDesignsAndTheMeanOverLoads) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.core.rob");
        sweep.axis("machine.dtlb.entries");
        sweep.axis("workload.live");
        for (int rob : {1, 2})
            for (int entries : {1, 2})
                for (int live : {1, 2}) {
                    const int point = sweep.point({{std::to_string(rob), rob},
                                                   {std::to_string(entries), entries},
                                                   {std::to_string(live), live}});
                    sweep.row(point, 1, 100 * rob + 10 * entries + live);
                }
    }
    const SweepData data = read_sweep(folder / "results.sqlite");
    const Selection selection = default_selection(data);
    const auto by_rob = shape_of(data, selection, {0});
    ASSERT_EQ(by_rob.size(), 2u);
    EXPECT_DOUBLE_EQ(by_rob[0].objective, 111.5);
    EXPECT_DOUBLE_EQ(by_rob[1].objective, 211.5);
    const auto by_live = shape_of(data, selection, {2});
    EXPECT_DOUBLE_EQ(by_live[1].objective, 112);
    const auto map = shape_of(data, selection, {1, 2});
    ASSERT_EQ(map.size(), 4u);
    EXPECT_THAT(map[3].levels, ElementsAre(1, 1));
    EXPECT_DOUBLE_EQ(map[3].objective, 122);
}

TEST(Charts, AFaultInAScriptIsTold) {
    try {
        draw({"x.svg", "x", "set terminal svg\nplot nonsense(x)\n"});
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("gnuplot did not draw x.svg"));
        EXPECT_THAT(error.what(), HasSubstr("undefined function"));
    }
}

TEST(Charts, WithoutGnuplotAllElseIsWritten) {
    Folder folder;
    make_knee(folder.path());
    const std::string path = std::getenv("PATH");
    setenv("PATH", "/nonexistent", 1);
    const auto warnings = write_sweep_outputs(folder.path());
    setenv("PATH", path.c_str(), 1);
    EXPECT_THAT(warnings,
                ElementsAre("no charts/*.svg: gnuplot is not installed; on Debian or Ubuntu: apt-get install "
                            "gnuplot-nox"));
    EXPECT_THAT(text_of(folder / "report.html"), HasSubstr("Build 8 entries"));
    EXPECT_THAT(text_of(folder / "report.html"), Not(HasSubstr("<img")));
    EXPECT_THAT(text_of(folder / "results.csv"), HasSubstr("\ndomains,"));
}

TEST(Charts, StringsOfGnuplotHoldAnything) {
    EXPECT_EQ(gnuplot_quoted("it's `x` \"$y\"\n@z\\"), "'it''s `x` \"$y\" @z\\'");
}

}  // namespace
}  // namespace stile::sim
