// SPDX-License-Identifier: Apache-2.0
//
// Question: does a run directory appear at once, and is nothing of the user's ever overwritten?
#include "sim/results/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

class RunDirectory : public testing::Test {
  protected:
    RunDirectory() : folder_(fs::temp_directory_path() / ("stile-run-" + std::to_string(getpid()))) {
        fs::create_directories(folder_);
    }
    ~RunDirectory() override { fs::remove_all(folder_); }
    static std::vector<std::string> entries(const fs::path& folder) {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }
    fs::path folder_;
    const std::map<std::string, std::string> files_{{"config.yaml", "a\n"}, {"results.csv", "b\n"}};
};

TEST_F(RunDirectory, NumbersRuns) {
    EXPECT_EQ(next_directory(folder_, "x"), folder_ / "x");
    write_directory(folder_ / "x", files_);
    EXPECT_EQ(next_directory(folder_, "x"), folder_ / "x-2");
    write_directory(folder_ / "x-2", files_);
    EXPECT_EQ(next_directory(folder_, "x"), folder_ / "x-3");
}

TEST_F(RunDirectory, HoldsWhatWasWrittenAndNothingElse) {
    write_directory(folder_ / "deep" / "x", files_);
    EXPECT_EQ(read_file(folder_ / "deep" / "x" / "results.csv"), "b\n");
    size_t entries = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_ / "deep")) ++entries;
    EXPECT_EQ(entries, 1u);
}

TEST_F(RunDirectory, ReplacesOlderRunsOnly) {
    write_directory(folder_ / "x", {{"config.yaml", ""}, {"results.csv", ""}, {"old.txt", ""}});
    EXPECT_TRUE(may_replace(folder_ / "x"));
    write_directory(folder_ / "x", files_);
    EXPECT_FALSE(fs::exists(folder_ / "x" / "old.txt"));
    fs::create_directories(folder_ / "mine");
    EXPECT_TRUE(may_replace(folder_ / "mine"));
    std::ofstream(folder_ / "mine" / "thesis.tex") << "years of work";
    EXPECT_FALSE(may_replace(folder_ / "mine"));
    EXPECT_THROW(write_directory(folder_ / "mine", files_), std::runtime_error);
    EXPECT_EQ(read_file(unfinished_directory(folder_ / "mine") / "results.csv"), "b\n") << "it is not lost";
    EXPECT_EQ(read_file(folder_ / "mine" / "thesis.tex"), "years of work");
}

TEST_F(RunDirectory, TheCurrentFolderStays) {
    write_directory(folder_ / "x", {{"config.yaml", ""}, {"results.csv", ""}, {"old.txt", ""}});
    fs::create_directories(folder_ / "x" / "files");
    const fs::path before = fs::current_path();
    fs::current_path(folder_ / "x");
    EXPECT_TRUE(write_directory(folder_ / "x", files_, {{"files", {{"a/b", S_IFREG | 0444, "c"}}}}).empty());
    EXPECT_EQ(entries("."), (std::vector<std::string>{"config.yaml", "files", "results.csv"}));
    EXPECT_EQ(read_file("files/a/b"), "c");
    EXPECT_EQ(entries(folder_), std::vector<std::string>{"x"});
    fs::current_path(before);
}

TEST_F(RunDirectory, AMountPointStays) {
    const fs::path x = folder_ / "x";
    fs::create_directories(x);
    if (unshare(CLONE_NEWNS) != 0) GTEST_SKIP() << "only root may mount";
    ASSERT_EQ(mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("tmpfs", x.c_str(), "tmpfs", 0, "size=1m"), 0);
    for (const char* round : {"empty", "an older run"}) {
        EXPECT_TRUE(write_directory(x, files_, {{"files", {{"a", S_IFREG | 0755, "c"}}}}).empty()) << round;
        EXPECT_EQ(entries(x), (std::vector<std::string>{"config.yaml", "files", "results.csv"})) << round;
        EXPECT_EQ(read_file(x / "files" / "a"), "c") << round;
        EXPECT_NE(access((x / "files" / "a").c_str(), X_OK), -1) << round;
        EXPECT_EQ(entries(folder_), std::vector<std::string>{"x"}) << round;
    }
    // What it has no room for is kept where it is, and the older run stays.
    auto big = files_;
    big["console.txt"].assign(2'000'000, 'x');
    try {
        write_directory(x, big);
        ADD_FAILURE() << "it cannot have room for that";
    } catch (const std::runtime_error& error) {
        const fs::path kept = unfinished_directory(x);
        EXPECT_THAT(error.what(), testing::EndsWith("; the results are in " + kept.string()));
        EXPECT_EQ(entries(kept), (std::vector<std::string>{"config.yaml", "console.txt", "results.csv"}));
    }
    EXPECT_EQ(entries(x), (std::vector<std::string>{"config.yaml", "files", "results.csv"}));
    EXPECT_EQ(umount(x.c_str()), 0);
}

// The disk's part is played by a name that no file can have.
TEST_F(RunDirectory, KeepsWhatCanBeWritten) {
    const std::string impossible(300, 'x');
    auto files = files_;
    files[impossible] = "c\n";
    const std::vector<std::string> lost = write_directory(folder_ / "x", files);
    ASSERT_EQ(lost.size(), 1u);
    EXPECT_EQ(lost[0], (folder_ / "x" / impossible).string() + " cannot be written: File name too long");
    EXPECT_EQ(read_file(folder_ / "x" / "results.csv"), "b\n");
    EXPECT_TRUE(write_directory(folder_ / "y", files_).empty());
}

TEST_F(RunDirectory, SaysWhatCannotBeWritten) {
    std::ofstream(folder_ / "file") << "x";
    EXPECT_FALSE(may_replace(folder_ / "file"));
    EXPECT_THROW(write_directory(folder_ / "file" / "x", files_), std::runtime_error);
    EXPECT_THROW(read_file(folder_ / "gone"), std::runtime_error);
}

}  // namespace
}  // namespace stile::sim
