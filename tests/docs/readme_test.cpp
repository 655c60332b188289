// SPDX-License-Identifier: Apache-2.0
//
// Question: do README.md and README.zh-CN.md show what a reader will see?
#include <set>
#include <vector>

#include "tests/docs/markdown.h"
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

// Whether `shown` is what was `printed`, word by word.
void expect_same_table(const std::string& shown, const std::string& printed) {
    const std::string line = not_printed(shown, printed);
    EXPECT_EQ(line, "") << "is shown; printed was\n" << printed;
}

class Readme : public Stile {
  protected:
    Readme() { std::filesystem::create_symlink(STILE_SOURCE_DIR "/configs", "configs"); }
    static std::vector<FencedBlock> blocks(const std::string& page) {
        return fenced_blocks(contents(STILE_SOURCE_DIR "/" + page));
    }
};

constexpr const char* pages[] = {"README.md", "README.zh-CN.md"};

TEST_F(Readme, ShowsTheTableThatTheComparisonPrints) {
    const Output output = stile("run configs/runs/compare.yaml");
    ASSERT_EQ(output.code, 0) << output.err;
    for (const char* page : pages) {
        SCOPED_TRACE(page);
        bool shown = false;
        for (const auto& block : blocks(page))
            if (block.text.starts_with("mechanism ")) {
                shown = true;
                expect_same_table(block.text, output.out);
            }
        EXPECT_TRUE(shown);
    }
}

TEST_F(Readme, ItsCommandsDoWhatTheirCommentsSay) {
    ASSERT_EQ(stile("run configs/runs/compare.yaml --set workload.sizes=[0]").code, 0);  // for `report`
    std::set<std::string> done;  // the pages share most of their commands
    for (const char* page : pages) {
        SCOPED_TRACE(page);
        unsigned commands = 0;
        for (const auto& block : blocks(page)) {
            std::istringstream lines(block.text);
            for (std::string line; std::getline(lines, line);) {
                // By its path, or by its name after that path has been put into PATH.
                const bool by_path = line.starts_with("build/release/stile ");
                if (!by_path && !line.starts_with("stile ")) continue;
                ++commands;
                const size_t name = line.find(' ');
                std::string command = STILE_PROGRAM + line.substr(name, line.find('#') - name);
                command.erase(command.find_last_not_of(' ') + 1);
                if (!done.insert(command).second) continue;
                if (command.ends_with(" FILE")) command.replace(command.size() - 5, 5, " " STILE_GUEST_IMAGE);
                // The example program of this build, wherever that is.
                if (line.find("hello.yaml") != std::string::npos)
                    command += " --set workload.path=" STILE_GUEST_HELLO;
                // The one command that shows a failure: the secret is read when nobody checks.
                const int expected = line.find("protection=none") != std::string::npos ? 1 : 0;
                const Output output = shell(command);
                EXPECT_EQ(output.code, expected) << line << "\n" << output.err;
            }
        }
        EXPECT_GE(commands, 9u);
    }
}

}  // namespace
}  // namespace stile::sim
