// SPDX-License-Identifier: Apache-2.0
//
// Does an installed Stile do what users do with it, wherever it has been moved to, far from the source tree:
// run a ready configuration, start a workload, build and test it, run it and sweep with it?
#include <gmock/gmock.h>

#include <filesystem>
#include <map>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Installed : public Stile {
  protected:
    // Installs into one folder and moves it to another, so that nothing can depend on where it was.
    void install() {
        const Output output = shell("cmake --install " STILE_BINARY_DIR
                                    " --prefix first && mkdir elsewhere && mv first elsewhere/here");
        ASSERT_EQ(output.code, 0) << output.err;
    }
    Output installed(const std::string& arguments) {
        return shell("env -u STILE_PLUGIN_PATH -u STILE_CONFIG_PATH " + stile_ + " " + arguments);
    }
    void expect_done(const Output& output) { EXPECT_EQ(output.code, 0) << output.out << output.err; }

    const std::string prefix_ = folder_ + "/elsewhere/here", stile_ = prefix_ + "/bin/stile";
};

// Every text file of a folder that says `what`.
std::vector<std::string> who_says(const fs::path& folder, const std::string& what) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && contents(entry.path()).find(what) != std::string::npos)
            names.push_back(entry.path().string());
    return names;
}

TEST_F(Installed, AWorkloadIsStartedBuiltTestedRunAndSweptFarFromTheSourceTree) {
    install();
    // Nothing of what others build with names the tree that it came from.
    for (const char* part : {"share/stile", "lib/cmake"}) {
        EXPECT_THAT(who_says(prefix_ + "/" + part, STILE_SOURCE_DIR), testing::IsEmpty());
        EXPECT_THAT(who_says(prefix_ + "/" + part, folder_ + "/first"), testing::IsEmpty());
    }

    Output output = installed("new-workload adder");
    expect_done(output);
    EXPECT_THAT(output.out, HasSubstr("cmake -B build -G Ninja -DCMAKE_PREFIX_PATH=" + prefix_ + "\n"));
    expect_done(shell("cd adder && cmake -B build -G Ninja -DCMAKE_PREFIX_PATH=" + prefix_ +
                      " && cmake --build build && ctest --test-dir build --output-on-failure"));
    // The build used the installation and nothing of the tree.
    EXPECT_THAT(contents("adder/build/build.ninja"),
                AllOf(HasSubstr(prefix_), Not(HasSubstr(STILE_SOURCE_DIR))));

    output = installed("run adder/run.yaml --set measure.repetitions=7 --out r");
    expect_done(output);
    const Csv csv = results("r");
    ASSERT_EQ(csv.rows.size(), 4u);
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(csv.at(i, "checked"), "1");
        EXPECT_EQ(csv.at(i, "answers"), "7");
        EXPECT_EQ(csv.at(i, "size_bytes"), "512");
    }
    EXPECT_EQ(csv.header.back(), "answers");
    // Payload by reference for a call and for dIPC, through the kernel's pages and through Binder's mapping.
    EXPECT_EQ(csv.at(0, "copies"), "0");
    EXPECT_EQ(csv.at(1, "copies"), "2");
    EXPECT_EQ(csv.at(2, "copies"), "1");
    EXPECT_EQ(csv.at(3, "copies"), "0");
    EXPECT_LT(number(csv, 3, "cycles_mean"), number(csv, 1, "cycles_mean"));
    // The configuration that is left behind means the same from anywhere.
    expect_done(installed("run r/config.yaml --out again"));
    EXPECT_EQ(contents("again/results.csv"), contents("r/results.csv"));

    write("small.yaml",
          "extends: adder/sweep.yaml\nmeasure: {warmup: 2, repetitions: 3}\nsweep:\n  axes:\n    "
          "machine.l1d.size: "
          "[16 KiB, 64 KiB]\n    workload.numbers: [8, 4096]\n");
    expect_done(installed("sweep small.yaml --out s"));
    EXPECT_EQ(results("s").rows.size(), 4u);
}

TEST_F(Installed, ItFindsItsConfigurationsAndWorkloads) {
    install();
    const std::string machines = installed("list machines").out;
    EXPECT_THAT(machines, AllOf(HasSubstr("stile:machines/default.yaml"), HasSubstr("golden-cove")));
    EXPECT_THAT(installed("list workloads").out,
                AllOf(HasSubstr(prefix_ + "/lib/stile/plugins/libstile_workload_sync_call.so"),
                      Not(HasSubstr(STILE_BINARY_DIR))));
    const Output hello = installed("run stile:runs/hello.yaml --console --out h");
    expect_done(hello);
    EXPECT_THAT(hello.err, HasSubstr("over the stile"));
    const Output absent = installed("run stile:runs/smoky.yaml");
    EXPECT_EQ(absent.code, 2);
    EXPECT_THAT(absent.err, AllOf(HasSubstr("did you mean 'stile:runs/smoke.yaml'?"),
                                  HasSubstr(prefix_ + "/share/stile/configs/runs/smoky.yaml")));
    EXPECT_TRUE(fs::exists(prefix_ + "/share/doc/stile/README.md"));
}

// Built-in workloads use nothing that others could not: built as somebody else's, from the installation,
// their guest programs are the same bytes.
TEST_F(Installed, BuiltInWorkloadsBuildFromTheInstallationAsAnybodysDo) {
    install();
    fs::create_directories("theirs/workloads");
    for (const char* name : {"domains", "throughput", "sync_call"})  // the second uses a source of the third
        fs::copy(STILE_SOURCE_DIR "/workloads/" + std::string(name), "theirs/workloads/" + std::string(name));
    write("theirs/CMakeLists.txt",
          "cmake_minimum_required(VERSION 3.25)\nproject(theirs LANGUAGES C)\nfind_package(Stile 0.1 "
          "REQUIRED)\n"
          "add_subdirectory(workloads/domains)\nadd_subdirectory(workloads/throughput)\n");
    expect_done(shell("cmake -S theirs -B build -G Ninja -DCMAKE_PREFIX_PATH=" + prefix_ +
                      " && cmake --build build"));
    const std::string own = installed("--version").out,
                      theirs = shell("STILE_PLUGIN_PATH=build/plugins " + stile_ + " --version").out;
    EXPECT_THAT(own, HasSubstr("guest throughput/throughput_client_pie sha256 "));
    EXPECT_EQ(theirs, own);
    const std::string list = shell("STILE_PLUGIN_PATH=$PWD/build/plugins " + stile_ + " list workloads").out;
    for (const char* name : {"domains", "throughput"})
        EXPECT_THAT(list, HasSubstr(folder_ + "/build/plugins/libstile_workload_" + name + ".so"));
}

// The same on the level of sources. Their data excepted: the gallery of attacks lies beside its tests.
TEST(BuiltInWorkloads, IncludeNothingThatIsNotInstalled) {
    unsigned included = 0;
    for (const auto& folder : fs::directory_iterator(STILE_SOURCE_DIR "/workloads")) {
        if (!folder.is_directory()) continue;
        for (const auto& file : fs::directory_iterator(folder)) {
            std::istringstream text(contents(file.path()));
            for (std::string line; std::getline(text, line);) {
                if (!line.starts_with("#include \"")) continue;
                const std::string name = line.substr(10, line.find('"', 10) - 10);
                ++included;
                if (name == "workloads/workload.h" || name == "workloads/mechanisms.h" ||
                    name == "workloads/policies.h" || name.starts_with("os/lib/") || name.starts_with("abi/"))
                    continue;
                if (name == "tests/security/attacks/attacks.def") continue;
                // What is left belongs to workloads.
                const bool theirs = name.starts_with("workloads/") && name.find('/', 10) != name.npos;
                EXPECT_TRUE(theirs || fs::exists(folder.path() / name)) << file.path() << ": " << line;
            }
        }
    }
    EXPECT_GT(included, 20u);
}

// All of what stile_add_workload() takes: several hosts, programs with common sources, C++ guests, second
// domains.
TEST_F(Installed, AProjectOfManyKindsOfPrograms) {
    fs::copy(STILE_SOURCE_DIR "/tests/plugin/projects/kinds", "kinds");
    expect_done(
        shell("cmake -S kinds -B build -G Ninja -DStile_DIR=" STILE_BINARY_DIR " && cmake --build build"));
    const Output output =
        stile("run kinds/run.yaml --set workload.name=build/plugins/libstile_workload_kinds.so --out r");
    expect_done(output);
    const Csv csv = results("r");
    ASSERT_EQ(csv.rows.size(), 5u);
    for (size_t i = 0; i < csv.rows.size(); ++i)
        EXPECT_EQ(csv.at(i, "checked"), "1") << csv.at(i, "mechanism");
    EXPECT_EQ(csv.at(4, "domain_crossings"), "2");
    // What they have in common is compiled once for all programs of a kind, and once for the other kind.
    std::map<std::string, unsigned> compiled;
    for (const auto& file : fs::recursive_directory_iterator("build"))
        if (file.path().extension() == ".o") ++compiled[file.path().filename()];
    EXPECT_EQ(compiled["os.lib.payload.c.o"], 2u);
    EXPECT_EQ(compiled["os.lib.channel.pipe.c.o"], 2u);
    EXPECT_EQ(compiled["os.lib.pool.pipe.c.o"], 1u);
}

TEST_F(Installed, WhatCMakeIsToldWronglyIsRefusedWithWhatWouldBeRight) {
    const auto told = [&](const std::string& call) {
        write("CMakeLists.txt",
              "cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C CXX)\n"
              "find_package(Stile REQUIRED)\n" +
                  call + "\n");
        const Output output = shell("cmake -B build -G Ninja -DStile_DIR=" STILE_BINARY_DIR);
        EXPECT_NE(output.code, 0);
        std::string text;  // CMake breaks lines
        for (const char c : output.err)
            if (c != '\n')
                text += c;
            else if (!text.empty() && text.back() != ' ')
                text += ' ';
        while (text.find("  ") != text.npos) text.erase(text.find("  "), 1);
        return text;
    };
    EXPECT_THAT(told("stile_add_workload(NAME Mine HOST a.cpp)"),
                HasSubstr("lower-case letters, digits and _ are right"));
    EXPECT_THAT(told("stile_add_workload(NAME mine)"), HasSubstr("HOST names no source"));
    EXPECT_THAT(told("stile_add_workload(NAME mine HOST a.c)"), HasSubstr("descriptors are C++"));
    EXPECT_THAT(told("stile_add_workload(HOSTS a.cpp)"), HasSubstr("'HOSTS' is no keyword"));
    EXPECT_THAT(told("stile_add_workload(NAME mine HOST a.cpp IMAGES b)"),
                HasSubstr("there is no stile_guest_executable(NAME b ...) before it"));
    EXPECT_THAT(told("stile_guest_executable(NAME p KIND musl SOURCES a.c LIBRARIES b)"),
                HasSubstr("there is no stile_guest_library(NAME b ...) before it"));
    EXPECT_THAT(told("stile_add_workload(NAME mine HOST a.cpp PROGRAM p c.c)"),
                HasSubstr("SOURCES files [FLAGS"));
}

TEST_F(Stile, NewWorkloadRefusesWhatCannotBe) {
    const auto refused = [&](const std::string& name) {
        const Output output = stile("new-workload '" + name + "'");
        EXPECT_EQ(output.code, 2) << name;
        return output.err;
    };
    for (const char* name : {"Mine", "9lives", "a-b", "a b", "../a"})
        EXPECT_THAT(refused(name), HasSubstr("lower-case letters, digits and _ are right")) << name;
    EXPECT_THAT(refused(""), HasSubstr("NAME: the value is empty"));
    EXPECT_THAT(refused(std::string(33, 'a')), HasSubstr("at most 32"));
    EXPECT_THAT(refused("sync_call"), HasSubstr("there is a workload of that name: "));
    fs::create_directory("mine");
    EXPECT_THAT(refused("mine"), HasSubstr("./mine exists; choose another name"));
    EXPECT_TRUE(fs::is_empty("mine"));
    EXPECT_EQ(stile("new-workload yours").code, 0);
    EXPECT_TRUE(fs::exists("yours/yours.cpp"));
    for (const auto& file : fs::directory_iterator("yours")) {
        EXPECT_EQ(contents(file.path()).find('@'), std::string::npos) << file.path();
        EXPECT_THAT(contents(file.path()), Not(HasSubstr("SPDX"))) << file.path();
    }
}

TEST_F(Stile, APluginByPathIsRelativeToTheFileThatNamesItAndKeepsItsParameters) {
    fs::create_directories("here/plugins");
    fs::copy_file(STILE_BINARY_DIR "/plugins/libstile_workload_sync_call.so",
                  "here/plugins/libstile_workload_sync_call.so");
    write("here/base.yaml",
          "workload:\n  name: plugins/libstile_workload_sync_call.so\n  mechanisms: [function]\n  sizes: [0, "
          "64]\n"
          "measure: {warmup: 1, repetitions: 2}\n");
    write("run.yaml", "extends: here/base.yaml\n");
    ASSERT_EQ(stile("run run.yaml --out a").code, 0);
    EXPECT_EQ(results("a").rows.size(), 2u);
    // Another build of the same workload takes the parameters that stand in the file.
    ASSERT_EQ(stile("run run.yaml --set workload.name=" STILE_BINARY_DIR
                    "/plugins/libstile_workload_sync_call.so --out b")
                  .code,
              0);
    EXPECT_EQ(contents("b/results.csv"), contents("a/results.csv"));
    const Output absent = stile("run run.yaml --set workload.name=here/plugins/absent.so");
    EXPECT_EQ(absent.code, 2);
    EXPECT_THAT(absent.err, HasSubstr(folder_ + "/here/plugins/absent.so: no such file"));
}

TEST_F(Stile, APluginThatFailsIsAnErrorOfTheFileThatNamesIt) {
    const std::string bad = STILE_BINARY_DIR "/tests/plugin/bad/libstile_workload_";
    write("run.yaml", "workload:\n  name: " + bad + "rows_throw.so\n");
    Output output = stile("run run.yaml");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err,
                HasSubstr("run.yaml:2:9: error: workload 'rows_throw' (" + bad +
                          "rows_throw.so) failed: its rows() threw an exception: no such element"));
    write("run.yaml", "workload: " + bad + "old_abi.so\n");
    output = stile("run run.yaml");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err,
                AllOf(HasSubstr("run.yaml:1:11: error: "), HasSubstr("it was built for workload ABI")));
}

// Of a shell's point of view: neither the end of the program nor its beginning is a plugin's to decide.
TEST_F(Stile, APluginCannotEndStileWithSuccessNorKeepItFromEnding) {
    const std::string bad = STILE_BINARY_DIR "/tests/plugin/bad/libstile_workload_";
    const std::string sweep = "\nsweep: {axes: {machine.l1d.latency: [4, 5]}}\n";
    write("late.yaml", "workload: " + bad + "ends_late.so\n");
    Output output = stile("run late.yaml");
    EXPECT_EQ(output.code, 2) << "not what its destructor says";
    EXPECT_THAT(output.err, HasSubstr("'ends_late'"));
    write("end.yaml", "workload: " + bad + "rows_end.so" + sweep);
    output = stile("sweep end.yaml --out o");
    EXPECT_EQ(output.code, 2);
    EXPECT_THAT(output.err, HasSubstr("its rows() ended the program: it called _exit()"));
    EXPECT_FALSE(fs::exists("o/results.sqlite"));
    write("sleep.yaml", "workload: " + bad + "rows_sleep.so" + sweep);
    output = shell("timeout -k 60 -s INT 2 " STILE_PROGRAM " sweep sleep.yaml --out o; test $? = 124");
    EXPECT_EQ(output.code, 0) << "Control-C does not end it";
    EXPECT_THAT(output.err,
                HasSubstr("'rows_sleep' (" + bad +
                          "rows_sleep.so): its rows() does not come to an end, and was interrupted"));
}

TEST_F(Installed, TheCommandsThatANewWorkloadShowsWorkWhereAFolderHasBlanksInItsName) {
    install();
    ASSERT_EQ(shell("mv elsewhere 'else where'\\''s'").code, 0);
    const Output output = shell("'else where'\\''s/here/bin/stile' new-workload adder");
    expect_done(output);
    // What is shown after the prefix is what the shell makes of it again.
    const std::string option = "-DCMAKE_PREFIX_PATH='";
    const size_t at = output.out.find(option);
    ASSERT_NE(at, std::string::npos) << output.out;
    const std::string shown = output.out.substr(at, output.out.find('\n', at) - at);
    EXPECT_EQ(shell("printf %s " + shown).out, "-DCMAKE_PREFIX_PATH=" + folder_ + "/else where's/here");
    EXPECT_THAT(contents("adder/README.md"), HasSubstr(shown));
}

}  // namespace
}  // namespace stile::sim
