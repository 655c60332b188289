// SPDX-License-Identifier: Apache-2.0
//
// Question: is a report whole, self-contained, and the same but for its footer?
#include "sim/results/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/results/chart.h"
#include "sim/results/run_directory.h"
#include "tests/unit/results/rows.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;
using testing::Not;

std::map<std::string, std::string> files() {
    RowResult failed = row("pipe", 0, 1);
    failed.figures.reset();
    failed.status = RowResult::Status::failed;
    failed.failures = {"process 1 <client> died"};
    return result_files(
        {row("function", 0, 10), row("dipc", 0, 100, "low"), row("dipc", 64, 120, "high"), failed},
        "a: <b>\n");
}

TEST(Report, ShowsRowsPhasesFailuresAndConfiguration) {
    const std::string html = report_of(files(), "compare");
    EXPECT_THAT(html, HasSubstr("<title>Stile: compare</title>"));
    EXPECT_THAT(html,
                HasSubstr("<td>dipc<td>low<td>same_core<td>0 B<td>100<td>99.5<td>101<td>32.3<td>10.00"));
    EXPECT_THAT(html, HasSubstr("process 1 &lt;client&gt; died"));
    EXPECT_THAT(html, HasSubstr("a: &lt;b&gt;"));
    EXPECT_THAT(html, HasSubstr("dispatch 66.7 cycles, 66.7 %"));
    EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
    EXPECT_THAT(html, HasSubstr("What these figures do not show"));
}

TEST(Report, ARowWithoutTimedCallsIsToldWithItsEndOnly) {
    RowResult program = row("program", 0, 1);
    program.figures.reset();
    program.measured = false;
    program.exit_status = 0;
    program.cycles = 931575;
    const std::string html = report_of(result_files({program}, "a: b\n"), "hello");
    EXPECT_THAT(html, HasSubstr("<td>program<td>exit 0<td>931575<td>"));
    EXPECT_THAT(html, Not(HasSubstr("What a call costs")));
    const std::string mixed = report_of(result_files({program, row("pipe", 64, 50)}, "a: b\n"), "x");
    EXPECT_THAT(mixed, HasSubstr("<td>pipe<td>"));
    EXPECT_THAT(mixed, Not(HasSubstr("<td>program<td>-<td>")));
}

TEST(Report, NeedsNothingFromOutside) {
    const std::string html = report_of(files(), "compare");
    for (const char* outside : {"http://", "https://", "<script", "<link", "@import", "url("}) {
        EXPECT_THAT(html, Not(HasSubstr(outside)));
    }
}

TEST(Report, OnlyTheFooterDependsOnTheHost) {
    auto one = files(), two = files();
    one["host.json"] = "{\"mips\": 30}";
    two["host.json"] = "{\"mips\": 40}";
    const std::string a = report_of(one, "x"), b = report_of(two, "x");
    EXPECT_NE(a, b);
    EXPECT_EQ(a.substr(0, a.find("<footer>")), b.substr(0, b.find("<footer>")));
}

TEST(Chart, ATenfoldValueIsOneDecadeFurther) {
    const std::string svg =
        bar_chart({{"a", "g", 10, "10"}, {"b", "g", 100, "100"}, {"c", "g", 1000, "1000"}}, "cycles");
    std::vector<double> widths;
    for (size_t at = svg.find("class=\"bar\""); at != std::string::npos;
         at = svg.find("class=\"bar\"", at + 1)) {
        widths.push_back(std::stod(svg.substr(svg.find("width=\"", at) + 7)));
    }
    ASSERT_EQ(widths.size(), 3u);
    EXPECT_NEAR(widths[1] - widths[0], widths[2] - widths[1], 0.2);
    EXPECT_GT(widths[0], 10);
    EXPECT_EQ(bar_chart({}, "cycles"), "");
}

}  // namespace
}  // namespace stile::sim
