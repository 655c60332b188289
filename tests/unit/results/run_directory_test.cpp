// SPDX-License-Identifier: Apache-2.0
//
// Question: does a run directory appear at once, and is nothing of the user's ever overwritten?
#include "sim/results/run_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

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
    EXPECT_EQ(read_file(folder_ / "mine" / "thesis.tex"), "years of work");
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
