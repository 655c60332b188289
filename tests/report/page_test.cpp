// SPDX-License-Identifier: Apache-2.0
//
// Question: is report.html one well-formed file that needs nothing else, whatever a sweep contains?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "sim/report/page_files.h"
#include "sim/report/sweep_outputs.h"
#include "sim/report/sweep_page.h"
#include "tests/report/sweep_maker.h"

namespace stile::sim {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// What xmllint says; nothing if the file is well-formed.
std::string faults_of(const std::filesystem::path& file) {
    const std::string words = "/tmp/stile-faults-" + std::to_string(getpid());
    const std::string command =
        std::string(STILE_XMLLINT) + " --noout --huge --nonet " + file.string() + " 2>" + words;
    const int status = std::system(command.c_str());
    const std::string said = text_of(words);
    std::filesystem::remove(words);
    return status == 0 ? "" : said + "(" + std::to_string(status) + ")";
}

json data_of(const std::string& html) {
    const std::string begin = "<script type=\"application/json\" id=\"data\">";
    const size_t from = html.find(begin) + begin.size();
    return json::parse(html.substr(from, html.find("</script>", from) - from));
}

std::string without(std::string text, std::string_view part) {
    const size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos);
    return at == std::string::npos ? text : text.erase(at, part.size());
}

const json* metric(const json& data, const std::string& name) {
    for (const json& one : data["metrics"])
        if (one["name"] == name) return &one;
    return nullptr;
}

TEST(Page, IsWellFormedAndBeginsWithTheAnswer) {
    Folder folder;
    make_knee(folder.path());
    write_sweep_outputs(folder.path());
    EXPECT_EQ(faults_of(folder / "report.html"), "");
    const std::string html = text_of(folder / "report.html");
    EXPECT_THAT(html, HasSubstr("<h1>knee</h1>\n<p id=\"answer\" aria-live=\"polite\">Build 8 entries: "));
    EXPECT_THAT(html,
                HasSubstr("<tr class=\"build\"><th scope=\"row\">8 entries <strong>build this</strong>"));
    EXPECT_THAT(html, HasSubstr("5 of 5 points have results."));
    EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
    EXPECT_THAT(html, HasSubstr("@media print"));
}

TEST(Page, NeedsNothingFromOutside) {
    Folder folder;
    make_loads(folder.path());
    write_sweep_outputs(folder.path());
    const std::string own = without(text_of(folder / "report.html"), page_d3());
    for (const char* outside : {"https://", "<link", "@import", "url(", " src=\"h", "fetch(",
                                "XMLHttpRequest", "<iframe", "import("})
        EXPECT_THAT(own, Not(HasSubstr(outside))) << outside;
    // The namespace of the page itself is a name, not a place.
    EXPECT_THAT(without(own, "xmlns=\"http://www.w3.org/1999/xhtml\""), Not(HasSubstr("http://")));
    EXPECT_THAT(own, HasSubstr("Redistributions of source code must retain"));
}

TEST(Page, ItsDataIsTheDatabases) {
    Folder folder;
    make_loads(folder.path());
    write_sweep_outputs(folder.path());
    const json data = data_of(text_of(folder / "report.html"));
    EXPECT_EQ(data["points"]["number"], json::parse("[1,2,3,4,5,6,7,8,9]"));
    EXPECT_EQ(data["points"]["status"][2], "failed");
    EXPECT_EQ(data["points"]["reason"][2], "process 2 died");
    EXPECT_EQ(data["dims"][1]["load"], true);
    EXPECT_EQ(data["dims"][0]["values"], json::parse(R"([["4"],["8"],["16"]])"));
    ASSERT_NE(metric(data, "cycles_mean"), nullptr);
    EXPECT_EQ((*metric(data, "cycles_mean"))["values"], json::parse("[10,34,10,10,106,10,10,106]"));
    EXPECT_EQ((*metric(data, "area_swept_mm2"))["values"][0], 4e-4);
    EXPECT_EQ(metric(data, "calls"), nullptr) << "what does not vary cannot be chosen";
}

// Thirty shapes that no cache can have must not bury the one point whose process died.
TEST(Page, PointsThatFailAlikeAreOneLine) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("workload.live");
        for (int live = 1; live <= 40; ++live) {
            const std::string text = std::to_string(live);
            if (live % 4 == 0) {
                sweep.row(sweep.point({{text, live}}), 1, 10);
            } else {
                sweep.point({{text, live}}, live == 31 ? "crashed" : "invalid",
                            live == 31 ? "SIGBUS" : "odd");
            }
        }
    }
    write_sweep_outputs(folder.path());
    const std::string html = text_of(folder / "report.html");
    EXPECT_EQ(faults_of(folder / "report.html"), "");
    EXPECT_THAT(
        html,
        HasSubstr("<ul class=\"bad\">\n<li><b>Point 1, invalid</b>: odd<br/><code>workload.live=1</code> "
                  "and 28 more points</li>\n<li><b>Point 31, crashed</b>: "
                  "SIGBUS<br/><code>workload.live=31</code></li>\n</ul>"));
}

TEST(Page, HostileNamesStayText) {
    const std::string evil =
        "</script><script>alert(1)</script>'\"&<!--]]>\\ \xc3\xa4\xe2\x80\xa8`$(x)` \xff\x01";
    Folder folder;
    {
        SweepMaker sweep(folder.path(), evil);
        sweep.meta("config_yaml", evil);
        sweep.meta("version", evil);
        sweep.axis("machine." + evil);
        sweep.axis("workload." + evil);
        for (int i = 0; i < 4; ++i) {
            const int point =
                sweep.point({{i < 2 ? evil : "b", std::nullopt}, {evil + std::to_string(i % 2), i % 2}},
                            i == 3 ? "failed" : "done", evil);
            sweep.array(point, evil, 1 + i);
            if (i == 3) continue;
            sweep.row(point, 1, 10 + i, {{"mechanism", evil}});
            sweep.row(point, 2, 20 + i, {{"mechanism", "m\n2"}});
            sweep.statistic(point, 1, evil, i);
            sweep.refused(point, 3, evil, 95, evil);
        }
    }
    for (const std::string& warning : write_sweep_outputs(folder.path())) ADD_FAILURE() << warning;
    EXPECT_EQ(faults_of(folder / "report.html"), "");
    for (const auto& entry : std::filesystem::directory_iterator(folder / "charts"))
        EXPECT_EQ(faults_of(entry.path()), "");
    const std::string html = text_of(folder / "report.html");
    EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
    EXPECT_NO_THROW(data_of(html));
    size_t scripts = 0;
    for (size_t at = html.find("</script"); at != std::string::npos; at = html.find("</script", at + 1))
        ++scripts;
    EXPECT_EQ(scripts, 5u) << "data, D3, and three of ours";
}

TEST(Page, OfOnePoint) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.core.rob");
        const int point = sweep.point({{"32", 32}});
        sweep.array(point, "rob", 0.1);
        sweep.row(point, 1, 10);
    }
    write_sweep_outputs(folder.path());
    EXPECT_EQ(faults_of(folder / "report.html"), "");
    EXPECT_THAT(text_of(folder / "report.html"), HasSubstr("10 cycles per call"));
}

TEST(Page, OfNothingDone) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.core.rob");
        for (int i = 0; i < 700; ++i)
            sweep.point({{std::to_string(i), i}}, "crashed",
                        "killed by signal 9 <at " + std::to_string(i) + ">");
    }
    write_sweep_outputs(folder.path());
    EXPECT_EQ(faults_of(folder / "report.html"), "");
    const std::string html = text_of(folder / "report.html");
    EXPECT_THAT(html, HasSubstr("No point of this sweep has a result: 700 crashed."));
    EXPECT_THAT(html, HasSubstr("<b>Point 500, crashed</b>: killed by signal 9 &lt;at 499&gt;"));
    EXPECT_THAT(html, Not(HasSubstr("Point 501")));
    EXPECT_THAT(html, HasSubstr("and 200 more"));
    EXPECT_EQ(text_of(folder / "results.csv").find('\n') + 1, text_of(folder / "results.csv").size());
}

TEST(Page, OfASweepThatHasJustBegun) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.core.rob");
    }
    write_sweep_outputs(folder.path());
    EXPECT_EQ(faults_of(folder / "report.html"), "");
    EXPECT_THAT(text_of(folder / "report.html"), HasSubstr("No point of this sweep has a result."));
}

TEST(Page, OfFiveThousandPointsIsBounded) {
    Folder folder;
    {
        SweepMaker sweep(folder.path());
        sweep.axis("machine.core.rob");
        sweep.axis("machine.dtlb.entries");
        sweep.begin();
        for (int rob = 1; rob <= 50; ++rob) {
            for (int entries = 1; entries <= 100; ++entries) {
                const int point =
                    sweep.point({{std::to_string(rob), rob}, {std::to_string(entries), entries}});
                sweep.array(point, "rob", rob * 1e-4);
                sweep.array(point, "dtlb", entries * 3e-4);
                sweep.row(point, 1, 100 + 1000.0 / rob + 700.0 / entries);
                for (int i = 0; i < 100; ++i)
                    sweep.statistic(point, 1, "core0.something." + std::to_string(i),
                                    rob * 1.1 + i * entries);
            }
        }
        sweep.commit();
    }
    write_sweep_outputs(folder.path());
    const std::string html = text_of(folder / "report.html");
    EXPECT_LT(html.size(), 8u << 20);
    EXPECT_THAT(html, HasSubstr("more statistics vary; they would make this page too large"));
    EXPECT_EQ(faults_of(folder / "report.html"), "");
    EXPECT_EQ(data_of(html)["points"]["number"].size(), 5000u);
}

}  // namespace
}  // namespace stile::sim
