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
        std::filesystem::remove_all("bin");
    }
}

TEST_F(Scripts, RunNeedsAConfiguration) {
    const Output output = shell(STILE_SOURCE_DIR "/scripts/run");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("scripts/run configs/runs/compare.yaml"));
}

// The scripts in a checkout of their own, where cmake and ninja only say what they were asked.
class ScriptsInACheckout : public Scripts {
  protected:
    ScriptsInACheckout() {
        std::filesystem::create_directories("a checkout/build/release");
        std::filesystem::copy(STILE_SOURCE_DIR "/scripts", "a checkout/scripts");
        std::filesystem::create_directory("tools");
        tool("cmake", "echo configured >>" + folder_ + "/asked; touch build/release/build.ninja");
        tool("ninja", "echo built >>" + folder_ + "/asked");
        tool("ctest", "echo tested \"$@\" >>" + folder_ + "/asked");
        write("a checkout/build/release/stile", "#!/bin/sh\necho \"$@\"\n");
        executable("a checkout/build/release/stile");
    }
    void executable(const std::string& file) {
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    }
    void tool(const std::string& name, const std::string& what) {
        write("tools/" + name, "#!/bin/sh\n" + what + "\n");
        executable("tools/" + name);
    }
    Output script(const std::string& arguments) {
        std::filesystem::remove("asked");
        return shell("STILE_NO_INSTALL=1 PATH=" + folder_ + "/tools:$PATH '" + folder_ +
                     "/a checkout/scripts/'" + arguments);
    }
    void configured_in(const std::string& place) {
        write("a checkout/build/release/CMakeCache.txt",
              "CMAKE_CACHE_MAJOR_VERSION:INTERNAL=3\nCMAKE_HOME_DIRECTORY:INTERNAL=" + place + "\n");
        write("a checkout/build/release/build.ninja", "");
    }
};

TEST_F(ScriptsInACheckout, ConfigureOnceAndAgainWhereTheCheckoutWasMoved) {
    const Output first = script("run 'my run.yaml' --out x");
    EXPECT_EQ(first.code, 0) << first.err;
    EXPECT_EQ(first.out, "run my run.yaml --out x\n");
    EXPECT_EQ(contents("asked"), "configured\nbuilt\n");
    configured_in(folder_ + "/a checkout");
    EXPECT_EQ(script("run x.yaml").code, 0);
    EXPECT_EQ(contents("asked"), "built\n");
    std::filesystem::create_directory_symlink("a checkout", "link");
    configured_in(folder_ + "/link");
    EXPECT_EQ(script("run x.yaml").code, 0);
    EXPECT_EQ(contents("asked"), "built\n") << "another name is not another place";
    configured_in("/where/it/was");
    const Output moved = script("run x.yaml");
    EXPECT_EQ(moved.code, 0) << moved.err;
    EXPECT_EQ(contents("asked"), "configured\nbuilt\n");
    EXPECT_THAT(moved.err, HasSubstr("this checkout was configured in another place"));
}

TEST_F(ScriptsInACheckout, TestTakesOptionsOnly) {
    configured_in(folder_ + "/a checkout");
    EXPECT_EQ(script("test -R Stile").code, 0);
    EXPECT_THAT(contents("asked"), HasSubstr("-LE long -R Stile\n"));
    const Output word = script("test Stile");
    EXPECT_EQ(word.code, 2);
    EXPECT_THAT(word.err, HasSubstr("scripts/test -R Stile"));
    EXPECT_FALSE(std::filesystem::exists("asked"));
    for (const char* command : {"test --help", "run --help"}) {
        const Output help = script(command);
        EXPECT_EQ(help.code, 0);
        EXPECT_THAT(help.err, HasSubstr("usage: scripts/"));
        EXPECT_FALSE(std::filesystem::exists("asked"));
    }
}

TEST_F(ScriptsInACheckout, APlaceThatCannotBeWrittenIsSaid) {
    std::filesystem::remove_all("a checkout/build");
    write("a checkout/build", "in the way");
    const Output output = script("run x.yaml");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("building needs to write in " + folder_ + "/a checkout/build/release"));
}

// What configuring asks for by name is what both scripts install.
TEST_F(Scripts, EveryPackageThatConfiguringNamesIsOnTheList) {
    std::set<std::string> listed;
    std::istringstream lines(contents(STILE_SOURCE_DIR "/scripts/packages.txt"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') continue;
        EXPECT_GT(line.size(), 22u) << line << ": why is it needed?";
        if (line.find(" tests run:") != std::string::npos) continue;  // not scripts/run
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
    const std::regex asked("is missing: apt-get install ([a-z0-9+-]+)");
    found = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(STILE_SOURCE_DIR "/tests")) {
        if (file.path().filename() != "CMakeLists.txt") continue;
        const std::string text = contents(file.path());
        for (std::sregex_iterator it(text.begin(), text.end(), asked), end; it != end; ++it, ++found)
            EXPECT_TRUE(listed.count((*it)[1])) << (*it)[1] << ", named by " << file.path();
    }
    EXPECT_GE(found, 2u);
}

}  // namespace
}  // namespace stile::sim
