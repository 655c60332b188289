// SPDX-License-Identifier: Apache-2.0
//
// Question: does each malformed configuration of this folder get its messages, with file, line and column and
// the right hint, and exit code 2, before anything is simulated?
//
// NAME.expect begins with the command as typed in this folder; each line below it is part of a line that it
// prints, in this order, and there are no further messages.
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

const std::filesystem::path folder = STILE_SOURCE_DIR "/tests/malformed";

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".expect") all.push_back(entry.path().stem().string());
    std::sort(all.begin(), all.end());
    return all;
}

class MalformedYaml : public Stile, public testing::WithParamInterface<std::string> {};

TEST_P(MalformedYaml, GetsItsMessages) {
    std::istringstream expected(contents(folder / (GetParam() + ".expect")));
    std::string command;
    ASSERT_TRUE(std::getline(expected, command));
    ASSERT_TRUE(command.starts_with("$ stile run ") || command.starts_with("$ stile sweep ")) << command;
    const Output output = shell("cd " + folder.string() + " && timeout 60 " STILE_PROGRAM +
                                command.substr(command.find(' ', 2)) + " --out " + folder_ + "/out");
    EXPECT_EQ(output.code, 2);
    EXPECT_EQ(output.out, "");
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/out"));

    size_t at = 0, messages = 0;
    for (std::string line; std::getline(expected, line);) {
        const std::string here = "$HERE";
        for (size_t i = line.find(here); i != line.npos; i = line.find(here))
            line.replace(i, here.size(), folder.string());
        const size_t found = output.err.find(line, at);
        if (found == output.err.npos) {
            ADD_FAILURE() << "missing: " << line << "\nin what was said:\n" << output.err;
            return;
        }
        at = output.err.find('\n', found);
        messages += line.find(": error: ") != line.npos;
    }
    EXPECT_GT(messages, 0u) << "nothing is expected";
    size_t said = 0;
    for (size_t i = output.err.find(": error: "); i != output.err.npos;
         i = output.err.find(": error: ", i + 1))
        ++said;
    EXPECT_EQ(said, messages) << output.err;
}

INSTANTIATE_TEST_SUITE_P(Folder, MalformedYaml, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

// A file without an expectation would be tested by nobody.
TEST(MalformedFolder, EveryFileIsTestedAndThereAreEnough) {
    const std::vector<std::string> tested = names();
    EXPECT_GE(tested.size(), 100u);
    std::string commands;
    for (const std::string& name : tested) commands += contents(folder / (name + ".expect"));
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".yaml") continue;
        EXPECT_NE(commands.find(entry.path().filename().string()), commands.npos) << entry.path();
    }
}

}  // namespace
}  // namespace stile::sim
