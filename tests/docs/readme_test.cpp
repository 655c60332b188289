// SPDX-License-Identifier: Apache-2.0
//
// Question: does the README show what a reader will see?
#include <vector>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

// The lines of each fenced block of a Markdown file.
std::vector<std::string> fenced_blocks(const std::string& markdown) {
    std::vector<std::string> blocks;
    bool inside = false;
    std::istringstream lines(markdown);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) {
            inside = !inside;
            if (inside) blocks.emplace_back();
        } else if (inside) {
            blocks.back() += line + "\n";
        }
    }
    return blocks;
}

// Whether `shown` is what was `printed`, word by word. Cycles may differ by a twentieth: another compiler
// lays the guest's code out differently, and then they do. Counts are small whole numbers and must be equal.
void expect_same_table(const std::string& shown, const std::string& printed) {
    std::istringstream left(shown), right(printed);
    std::string a, b;
    while (left >> a) {
        ASSERT_TRUE(right >> b) << "the README goes on with " << a;
        const double x = std::atof(a.c_str()), y = std::atof(b.c_str());
        if (x > 10 || a.find('.') != std::string::npos)
            EXPECT_NEAR(x, y, x / 20) << shown;
        else
            EXPECT_EQ(a, b);
    }
    EXPECT_FALSE(right >> b) << "the program goes on with " << b;
}

class Readme : public Stile {
  protected:
    Readme() : blocks_(fenced_blocks(contents(STILE_SOURCE_DIR "/README.md"))) {
        std::filesystem::create_symlink(STILE_SOURCE_DIR "/configs", "configs");
    }
    std::vector<std::string> blocks_;
};

TEST_F(Readme, ShowsTheTableThatTheComparisonPrints) {
    const Output output = stile("run configs/runs/compare.yaml");
    ASSERT_EQ(output.code, 0) << output.err;
    bool shown = false;
    for (const auto& block : blocks_)
        if (block.starts_with("mechanism ")) {
            shown = true;
            expect_same_table(block, output.out);
        }
    EXPECT_TRUE(shown);
}

TEST_F(Readme, ItsCommandsDoWhatTheirCommentsSay) {
    unsigned commands = 0;
    ASSERT_EQ(stile("run configs/runs/compare.yaml --set workload.sizes=[0]").code, 0);  // for `report`
    for (const auto& block : blocks_) {
        std::istringstream lines(block);
        for (std::string line; std::getline(lines, line);) {
            const std::string program = "build/release/stile";
            if (!line.starts_with(program)) continue;
            std::string command =
                STILE_PROGRAM + line.substr(program.size(), line.find('#') - program.size());
            if (const size_t file = command.find(" FILE"); file != std::string::npos)
                command.replace(file, 5, " " STILE_GUEST_IMAGE);
            // The example program of this build, wherever that is.
            if (line.find("hello.yaml") != std::string::npos)
                command += " --set workload.path=" STILE_GUEST_HELLO;
            // The one command that shows a failure: the secret is read when nobody checks.
            const int expected = line.find("protection=none") != std::string::npos ? 1 : 0;
            const Output output = shell(command);
            EXPECT_EQ(output.code, expected) << line << "\n" << output.err;
            ++commands;
        }
    }
    EXPECT_GE(commands, 9u);
}

}  // namespace
}  // namespace stile::sim
