// SPDX-License-Identifier: Apache-2.0
//
// Question: has every workload a page that lists its parameters, and shows what its runs print?
#include <regex>
#include <set>

#include "tests/docs/markdown.h"
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

class WorkloadPages : public Stile {
  protected:
    WorkloadPages() { fs::create_symlink(STILE_SOURCE_DIR "/configs", "configs"); }
    static std::string page(const std::string& workload) {
        return contents(STILE_SOURCE_DIR "/docs/workloads/" + workload + ".md");
    }
    static std::set<std::string> written() {
        std::set<std::string> names;
        for (const auto& file : fs::directory_iterator(STILE_SOURCE_DIR "/docs/workloads"))
            if (file.path().extension() == ".md") names.insert(file.path().stem());
        return names;
    }
    // `words` below "## Parameters": all of them, or those of the table's first column.
    static std::set<std::string> words(const std::string& text, bool first_column) {
        std::set<std::string> keys;
        const std::regex word("`([a-z_]+)`");
        size_t at = text.find("\n## Parameters\n");
        if (at == text.npos) return keys;
        std::istringstream lines(text.substr(at + 15));
        for (std::string line; std::getline(lines, line) && !line.starts_with("## ");) {
            if (first_column && !line.starts_with("| `")) continue;
            if (first_column) line = line.substr(1, line.find('|', 1) - 1);
            for (std::sregex_iterator i(line.begin(), line.end(), word), end; i != end; ++i)
                keys.insert((*i)[1]);
        }
        return keys;
    }
};

TEST_F(WorkloadPages, ListTheParametersThatTheWorkloadsHave) {
    std::map<std::string, std::set<std::string>> parameters;
    const Output output = shell("unset STILE_PLUGIN_PATH; " STILE_PROGRAM " list parameters");
    ASSERT_EQ(output.code, 0) << output.err;
    std::istringstream lines(output.out);
    std::string workload;
    for (std::string line; std::getline(lines, line);) {
        const std::string heading = "# with workload.name: ", key = "workload.";
        if (line.starts_with(heading)) {
            workload = line.substr(heading.size(), line.find(' ', heading.size()) - heading.size());
            parameters[workload];
        } else if (line.starts_with("# ")) {
            workload.clear();
        } else if (!workload.empty() && line.starts_with(key)) {
            parameters[workload].insert(
                line.substr(key.size(), line.find_first_of(" ", key.size()) - key.size()));
        }
    }
    EXPECT_GE(parameters.size(), 10u);
    std::set<std::string> names;
    for (const auto& [name, keys] : parameters) {
        names.insert(name);
        const std::string text = page(name);
        EXPECT_THAT(words(text, false), testing::IsSupersetOf(keys)) << "docs/workloads/" << name << ".md";
        EXPECT_THAT(keys, testing::IsSupersetOf(words(text, true))) << "docs/workloads/" << name << ".md";
    }
    EXPECT_EQ(written(), names);
    const std::string index = contents(STILE_SOURCE_DIR "/docs/workloads.md");
    for (const std::string& name : names)
        EXPECT_THAT(index, testing::HasSubstr("(workloads/" + name + ".md)")) << "docs/workloads.md";
}

// A block of one `stile run` command, and the block behind it, if that begins as a table of results does.
TEST_F(WorkloadPages, ShowWhatTheirRunsPrint) {
    unsigned shown = 0;
    for (const std::string& name : written()) {
        const auto blocks = fenced_blocks(page(name));
        for (size_t i = 0; i < blocks.size(); ++i) {
            const std::string& text = blocks[i].text;
            const bool table = i + 1 < blocks.size() && (blocks[i + 1].text.starts_with("mechanism ") ||
                                                         blocks[i + 1].text.starts_with("workload "));
            const bool fails = text.find("# exit 1") != text.npos;
            if (!text.starts_with("stile run ") || (!table && !fails)) continue;
            SCOPED_TRACE("docs/workloads/" + name + ".md:" + std::to_string(blocks[i].line));
            std::string command = text.substr(6, text.find_first_of("#\n") - 6);
            if (command.find("hello.yaml") != command.npos)
                command += " --set workload.path=" STILE_GUEST_HELLO;
            const Output output = stile(command + " --out out" + std::to_string(shown++));
            EXPECT_EQ(output.code, fails ? 1 : 0) << output.err;
            if (!table) continue;
            EXPECT_EQ(not_printed(blocks[i + 1].text, output.out), "") << "is shown; printed was\n"
                                                                       << output.out;
        }
    }
    EXPECT_GE(shown, 12u);
}

}  // namespace
}  // namespace stile::sim
