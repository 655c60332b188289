// SPDX-License-Identifier: Apache-2.0
//
// Question: do the two commands say what they need, where they cannot get it themselves?
#include <regex>
#include <set>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

class Scripts : public Stile {
  protected:
    // A system with the usual tools, but no package manager that we know.
    std::string without_apt() {
        std::filesystem::create_directory("bin");
        for (const char* tool : {"bash", "dirname", "grep", "cut", "sed", "sort", "comm", "cat", "env"}) {
            for (const char* folder : {"/usr/bin/", "/bin/"}) {
                const std::string path = std::string(folder) + tool;
                if (!std::filesystem::exists(path)) continue;
                std::filesystem::create_symlink(path, std::string("bin/") + tool);
                break;
            }
        }
        return "PATH=" + folder_ + "/bin ";
    }
};

TEST_F(Scripts, WithoutAptThePackagesAreListed) {
    for (const char* command : {"run x.yaml", "test"}) {
        const Output output = shell(without_apt() + STILE_SOURCE_DIR "/scripts/" + command);
        EXPECT_EQ(output.code, 2) << command;
        EXPECT_THAT(output.err, HasSubstr("this system has no apt"));
        EXPECT_THAT(output.err, HasSubstr("libsystemc-dev        the simulation kernel"));
        // Who wants a comparison is not made to install a batch system.
        const bool tests = command == std::string("test");
        EXPECT_EQ(output.err.find("slurmctld") != std::string::npos, tests) << output.err;
        EXPECT_EQ(output.err.find("bash-static") != std::string::npos, tests) << output.err;
        std::filesystem::remove_all("bin");
    }
}

TEST_F(Scripts, RunNeedsAConfiguration) {
    const Output output = shell(STILE_SOURCE_DIR "/scripts/run");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("scripts/run configs/runs/compare.yaml"));
}

// What configuring asks for by name is what the scripts install.
TEST_F(Scripts, EveryPackageThatConfiguringNamesIsOnTheList) {
    std::set<std::string> listed;
    std::istringstream lines(contents(STILE_SOURCE_DIR "/scripts/packages.txt"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') continue;
        EXPECT_GT(line.size(), 22u) << line << ": why is it needed?";
        listed.insert(line.substr(0, line.find(' ')));
    }
    const std::string cmake = contents(STILE_SOURCE_DIR "/cmake/dependencies.cmake");
    const std::regex needed(
        "stile_need(?:_pkg|_program)?\\(.* ([a-z0-9+-]+)\\)|STILE_MISSING ([a-z0-9-]+)\\)");
    size_t found = 0;
    for (std::sregex_iterator it(cmake.begin(), cmake.end(), needed), end; it != end; ++it) {
        const std::string package = (*it)[1].matched ? (*it)[1] : (*it)[2];
        if (package == "package" || package == "g++-x86-64-linux-gnu")
            continue;  // a macro's; hosts that are no x86-64
        EXPECT_TRUE(listed.count(package)) << package;
        ++found;
    }
    EXPECT_GE(found, 12u);
}

}  // namespace
}  // namespace stile::sim
