// SPDX-License-Identifier: Apache-2.0
//
// Question: are the pages of docs/reference/ what the program says now, and is it true which machines count
// what?
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

const std::string checkout = STILE_SOURCE_DIR;

class Reference : public Stile {
  protected:
    Reference() { unsetenv("STILE_PLUGIN_PATH"); }
    Output page(const std::string& name) { return stile("reference " + name); }
};

TEST_F(Reference, PagesAreWhatTheProgramSays) {
    for (const char* name : {"commands", "parameters", "results", "statistics"}) {
        const Output output = page(name);
        ASSERT_EQ(output.code, 0) << output.err;
        const std::string file = checkout + "/docs/reference/" + name + ".md";
        // Only the first line that differs: the whole pages are too long to be read in a log.
        std::istringstream committed(contents(file)), now(output.out);
        std::string left, right;
        for (unsigned line = 1;; ++line) {
            const bool more = !!std::getline(committed, left);
            if (more != !!std::getline(now, right) || (more && left != right)) {
                ADD_FAILURE() << file << ":" << line << " is\n  " << left << "\nbut the program says\n  "
                              << right << "\nscripts/reference writes the pages anew";
                break;
            }
            if (!more) break;
        }
    }
}

TEST_F(Reference, EveryKeyOfTheListIsOnThePage) {
    const std::string markdown = page("parameters").out;
    std::istringstream lines(stile("list parameters").out);
    unsigned keys = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == ' ' || line[0] == '#' || line.ends_with(".KEY")) continue;
        EXPECT_NE(markdown.find("| `" + line + "` |"), std::string::npos) << line;
        ++keys;
    }
    EXPECT_GT(keys, 350u);
}

// A statistic that is described by nothing, or by its name once more, tells nobody what it counts.
TEST_F(Reference, EveryStatisticIsDescribed) {
    std::istringstream lines(page("statistics").out);
    unsigned statistics = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("| `")) continue;
        const std::string path = line.substr(3, line.find('`', 3) - 3);
        const size_t unit = line.find(" | ") + 3, what = line.find(" | ", unit) + 3;
        const std::string description = line.substr(what, line.find(" |", what) - what);
        ++statistics;
        EXPECT_FALSE(description.empty() || path.ends_with(description)) << line;
    }
    EXPECT_GT(statistics, 200u);
}

// Everything that a run and a sweep leave behind is on the page of files.
TEST_F(Reference, EveryFileIsOnItsPage) {
    const std::string markdown = contents(checkout + "/docs/reference/files.md");
    write("sweep.yaml",
          "extends: " + checkout +
              "/configs/runs/domains.yaml\nmeasure: {repetitions: 5, fast_forward: roi}\nsweep:\n  axes:\n"
              "    workload.live: [1, 2]\n    machine.codoms.apl_cache.refill: [software, hardware]\n");
    ASSERT_EQ(run("--set workload.sizes=[0] --set workload.mechanisms=[syscall]", "out/run").code, 0);
    const Output sweep = stile("sweep sweep.yaml --out out/sweep");
    ASSERT_EQ(sweep.code, 0) << sweep.err;
    for (const char* folder : {"out/run", "out/sweep"})
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::string name = entry.path().filename();
            EXPECT_NE(markdown.find("`" + name), std::string::npos) << folder << "/" << name;
        }
}

// Statistics whose last column names core models or protections are 0 or absent with all others.
TEST_F(Reference, WhatAMachineCannotCountIsZero) {
    const std::string markdown = page("statistics").out;
    struct Case {
        const char *arguments, *name;
        std::set<std::string> of;  // the column speaks of this if it names one of these
    };
    const std::set<std::string> cores{"functional", "inorder", "ooo"},
        protections{"none", "paging", "mpk", "codoms"};
    for (const Case& c :
         {Case{"--core functional", "functional", cores}, Case{"--set protection=none", "none", protections},
          Case{"--set protection=paging", "paging", protections},
          Case{"--set protection=mpk", "mpk", protections}}) {
        ASSERT_EQ(run(std::string("--set workload.sizes=[64] ") + c.arguments, "out").code, 0) << c.arguments;
        const auto rows = nlohmann::json::parse(contents("out/stats.json"))["rows"];
        std::istringstream lines(markdown);
        unsigned excluded = 0;
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("| `")) continue;
            const std::string path = line.substr(3, line.find('`', 3) - 3);
            std::string with = line.substr(0, line.rfind(" |"));
            with = with.substr(with.rfind("| ") + 1);
            const auto names = [&with](const std::string& n) {
                return with.find("`" + n + "`") != with.npos;
            };
            if (!std::ranges::any_of(c.of, names) || names(c.name)) continue;
            ++excluded;
            for (const auto& row : rows)
                EXPECT_EQ(row["statistics"].value(path, 0.0), 0) << path << " with " << c.arguments;
        }
        EXPECT_GT(excluded, 30u) << c.arguments;
        std::filesystem::remove_all("out");
    }
}

}  // namespace
}  // namespace stile::sim
