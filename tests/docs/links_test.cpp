// SPDX-License-Identifier: Apache-2.0
//
// Question: does every link between pages lead somewhere, heading included, and is every page in the index?
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace stile::sim {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// Text outside of code, which may hold anything.
std::string prose(const std::string& markdown) {
    std::string out;
    bool inside = false;
    std::istringstream lines(markdown);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) inside = !inside;
        if (!inside) out += std::regex_replace(line, std::regex("`[^`]*`"), "") + "\n";
    }
    return out;
}

// The anchors of a page as its readers' viewers make them: lower case, no punctuation, dashes for spaces.
std::set<std::string> anchors(const std::string& markdown) {
    std::set<std::string> all;
    std::istringstream lines(markdown);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("#")) continue;
        std::string anchor;
        for (const char c : line.substr(line.find_first_not_of("# "))) {
            if (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || (c & 0x80))
                anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            else if (c == ' ')
                anchor += '-';
        }
        all.insert(anchor);
    }
    return all;
}

std::vector<fs::path> pages() {
    const fs::path source = STILE_SOURCE_DIR;
    std::vector<fs::path> all{source / "README.md", source / "README.zh-CN.md", source / "CONTRIBUTING.md",
                              source / "os/kernel/README.md"};
    for (const auto& entry : fs::recursive_directory_iterator(source / "docs"))
        if (entry.path().extension() == ".md") all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
}

TEST(Links, LeadSomewhere) {
    unsigned checked = 0;
    const std::regex link("\\]\\(([^)# ]*)(#[^) ]*)?\\)");
    for (const fs::path& page : pages()) {
        const std::string text = prose(contents(page));
        for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
            const std::string target = (*it)[1], anchor = (*it)[2];
            if (target.find("://") != std::string::npos || target.starts_with("mailto:")) continue;
            const fs::path file = target.empty() ? page : page.parent_path() / target;
            EXPECT_TRUE(fs::exists(file)) << page << " links to " << target;
            if (!anchor.empty() && file.extension() == ".md" && fs::exists(file)) {
                EXPECT_TRUE(anchors(contents(file)).contains(anchor.substr(1)))
                    << page << " links to " << target << anchor;
            }
            ++checked;
        }
    }
    EXPECT_GT(checked, 100u);
}

TEST(Links, TheIndexHasEveryPage) {
    const fs::path docs = fs::path(STILE_SOURCE_DIR) / "docs";
    const std::string index = contents(docs / "README.md");
    for (const auto& entry : fs::recursive_directory_iterator(docs)) {
        const std::string name = fs::relative(entry.path(), docs);
        // Pages of workloads are listed in workloads.md.
        if (entry.path().extension() != ".md" || name == "README.md" || name.starts_with("workloads/"))
            continue;
        EXPECT_NE(index.find("(" + name + ")"), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace stile::sim
