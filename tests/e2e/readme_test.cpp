// SPDX-License-Identifier: Apache-2.0
//
// Question: does what the README shows work, and does it still show what comes out?
#include <map>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

class Readme : public Stile {
  protected:
    // The folder looks like a clone that has been built.
    Readme() {
        std::filesystem::create_directory_symlink(STILE_SOURCE_DIR "/configs", "configs");
        std::filesystem::create_directory("build");
        std::filesystem::create_directory_symlink(STILE_BINARY_DIR, "build/release");
    }

    static std::vector<std::string> lines(const std::string& text) {
        std::vector<std::string> all;
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    }
    static std::vector<std::string> words(const std::string& line) {
        std::vector<std::string> all;
        std::istringstream in(line);
        for (std::string word; in >> word;) all.push_back(word);
        return all;
    }
    const std::vector<std::string> readme_ = lines(contents(STILE_SOURCE_DIR "/README.md"));
};

TEST_F(Readme, EveryCommandWorks) {
    ASSERT_EQ(shell("build/release/stile run configs/runs/compare.yaml --set workload.sizes=[0]").code, 0);
    size_t commands = 0;
    for (std::string line : readme_) {
        if (!line.starts_with("build/release/stile ")) continue;
        // The one that shows what happens without protection fails, as it should.
        const int expected = line.find("protection=none") == std::string::npos ? 0 : 1;
        line = line.substr(0, line.find(" #"));
        if (const size_t file = line.find("FILE"); file != std::string::npos)
            line.replace(file, 4, STILE_GUEST_HELLO);
        const Output output = shell(line);
        EXPECT_EQ(output.code, expected) << line << "\n" << output.err;
        ++commands;
    }
    EXPECT_GE(commands, 9u);
}

TEST_F(Readme, TheTableIsStillTrue) {
    std::map<std::string, std::vector<std::string>> shown;
    for (const std::string& line : readme_) {
        const std::vector<std::string> w = words(line);
        if (w.size() >= 6 && (w[3] == "B" || w[3] == "KiB")) shown[w[0] + w[1] + w[2] + w[3]] = w;
    }
    const Output output = shell("build/release/stile run configs/runs/compare.yaml");
    ASSERT_EQ(output.code, 0) << output.err;
    size_t rows = 0;
    for (const std::string& line : lines(output.out)) {
        const std::vector<std::string> w = words(line);
        if (w.size() < 6 || (w[3] != "B" && w[3] != "KiB")) continue;
        ++rows;
        const std::vector<std::string>& old = shown[w[0] + w[1] + w[2] + w[3]];
        ASSERT_EQ(old.size(), w.size()) << line;
        for (size_t i = 7; i < w.size(); ++i) EXPECT_EQ(old[i], w[i]) << line;
        // Work on the model moves cycles; the README may lag behind by a quarter, not by more.
        if (w[4] != "refused:") {
            EXPECT_NEAR(std::stod(old[4]), std::stod(w[4]), std::stod(w[4]) / 4) << line;
        }
    }
    EXPECT_EQ(rows, shown.size());
    EXPECT_EQ(rows, 24u);
}

}  // namespace
}  // namespace stile::sim
