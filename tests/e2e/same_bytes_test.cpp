// SPDX-License-Identifier: Apache-2.0
//
// Question: does the same run give the same bytes, alone or among others, however many at once?
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

std::string without_footer(const std::string& html) { return html.substr(0, html.find("<footer>")); }

TEST_F(Stile, RunningTwiceGivesTheSameBytes) {
    ASSERT_EQ(run("--jobs 1 --set workload.sizes=[64]", "a").code, 0);
    ASSERT_EQ(run("--jobs 4 --set workload.sizes=[64]", "b").code, 0);
    for (const char* name :
         {"config.yaml", "results.csv", "refused.csv", "stats.txt", "stats.json", "console.txt"}) {
        EXPECT_EQ(contents(std::string("a/") + name), contents(std::string("b/") + name)) << name;
        EXPECT_FALSE(contents(std::string("a/") + name).empty() && std::string(name) != "console.txt")
            << name;
    }
    EXPECT_EQ(without_footer(contents("a/report.html")), without_footer(contents("b/report.html")));
    // The report can be made again from the other files.
    const std::string before = contents("a/report.html");
    std::filesystem::remove("a/report.html");
    ASSERT_EQ(stile("report a").code, 0);
    EXPECT_EQ(contents("a/report.html"), before);
}

TEST_F(Stile, ARowAloneIsTheRowOfTheFullRun) {
    ASSERT_EQ(run("--set workload.sizes='[0, 64]'", "all").code, 0);
    ASSERT_EQ(run("--set workload.sizes=[64] --set workload.mechanisms=[binder]", "one").code, 0);
    ASSERT_EQ(run("--set workload.sizes=[64] --set workload.mechanisms=[dipc] --set workload.policies=[high]",
                  "two")
                  .code,
              0);
    const Csv all = results("all"), one = results("one"), two = results("two");
    ASSERT_EQ(one.rows.size(), 1u);
    ASSERT_EQ(two.rows.size(), 1u);
    EXPECT_EQ(all.rows[find(all, "binder", "-", "64")], one.rows[0]);
    EXPECT_EQ(all.rows[find(all, "dipc", "high", "64")], two.rows[0]);
}

TEST_F(Stile, TheResolvedConfigurationGivesTheSameRun) {
    ASSERT_EQ(run("--set workload.sizes=[64] --set workload.mechanisms=[pipe]", "a").code, 0);
    std::filesystem::copy("a/config.yaml", "again.yaml");
    ASSERT_EQ(stile("run again.yaml --out b").code, 0);
    for (const char* name : {"config.yaml", "results.csv", "stats.txt"}) {
        EXPECT_EQ(contents(std::string("a/") + name), contents(std::string("b/") + name)) << name;
    }
}

TEST_F(Stile, FreshRunsGetFreshNumbers) {
    write("run.yaml",
          "workload: {name: sync_call, mechanisms: [function], sizes: [0]}\nmeasure: {warmup: 1, "
          "repetitions: 2}\n");
    ASSERT_EQ(stile("run run.yaml").code, 0);
    ASSERT_EQ(stile("run run.yaml").code, 0);
    EXPECT_TRUE(std::filesystem::exists("out/run/results.csv"));
    EXPECT_EQ(contents("out/run/results.csv"), contents("out/run-2/results.csv"));
}

}  // namespace
}  // namespace stile::sim
