// SPDX-License-Identifier: Apache-2.0
//
// Question: does every source include what its layer may include (CONTRIBUTING.md, "Where things are"), and
// nothing else? `isa` knows no SystemC, `model` no YAML and no operating system, `os` no simulator.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace stile {
namespace {

namespace fs = std::filesystem;

struct Layer {
    std::string folder;
    std::vector<std::string> folders;    // of the project, that it may include; its own among them
    std::vector<std::string> libraries;  // others may not
};

const std::vector<std::string> guarded{"systemc", "tlm",       "yaml-cpp/", "capstone/",
                                       "CLI/",    "nlohmann/", "sqlite3"};

const std::vector<Layer> layers{
    {"abi", {"abi/"}, {}},
    {"isa", {"abi/", "isa/"}, {"capstone/"}},
    {"model", {"abi/", "isa/", "model/"}, {"systemc", "tlm"}},
    {"os", {"abi/", "os/"}, {}},
    {"workloads", {"abi/", "os/lib/", "workloads/"}, {}},
    {"sim",
     {"abi/", "isa/", "model/", "workloads/", "sim/"},
     {"systemc", "tlm", "yaml-cpp/", "CLI/", "nlohmann/", "sqlite3"}},
};

// What is where it is for a reason.
bool is_excepted(const std::string& file, const std::string& included) {
    // What `stile new-workload` writes is guest code, as in workloads/.
    if (file.starts_with("sim/cli/new_workload/")) return included.starts_with("os/lib/");
    // The gallery's table is the tests' and the workload's that runs one attack of it.
    return file.starts_with("workloads/attack/") && included.starts_with("tests/security/attacks/");
}

bool begins_with_one_of(const std::string& text, const std::vector<std::string>& beginnings) {
    return std::ranges::any_of(beginnings, [&](const std::string& b) { return text.starts_with(b); });
}

// What is wrong with a line of `file`; empty if nothing is.
std::string wrong_with(const Layer& layer, const std::string& file, const std::string& line) {
    static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
    std::smatch match;
    if (!std::regex_search(line, match, include)) return "";
    const std::string name = match[2];
    if (match[1] == "<") {
        const bool allowed = !begins_with_one_of(name, guarded) || begins_with_one_of(name, layer.libraries);
        return allowed ? "" : fmt::format("{}: {}/ may not include <{}>", file, layer.folder, name);
    }
    // A name without a folder is the includer's neighbour; one that climbs could be anybody's.
    if (name.find('/') == name.npos || begins_with_one_of(name, layer.folders) || is_excepted(file, name))
        return "";
    return fmt::format("{}: {}/ may not include \"{}\"", file, layer.folder, name);
}

bool is_source(const fs::path& path) {
    static const std::vector<std::string> endings{".h", ".cpp", ".c", ".S", ".inc", ".def"};
    return std::ranges::find(endings, path.extension().string()) != endings.end();
}

TEST(Layers, IncludeWhatTheyMay) {
    const fs::path root = STILE_SOURCE_DIR;
    for (const Layer& layer : layers) {
        size_t files = 0;
        for (const auto& entry : fs::recursive_directory_iterator(root / layer.folder)) {
            if (!entry.is_regular_file() || !is_source(entry.path())) continue;
            ++files;
            const std::string file = entry.path().lexically_relative(root).string();
            std::ifstream in(entry.path());
            for (std::string line; std::getline(in, line);) {
                const std::string wrong = wrong_with(layer, file, line);
                EXPECT_TRUE(wrong.empty()) << wrong;
            }
        }
        EXPECT_GE(files, 5u) << layer.folder;
    }
}

TEST(Layers, AnIncludeThatIsNotAllowedIsSeen) {
    const auto seen = [](const std::string& file, const std::string& line) {
        const auto layer = std::ranges::find(layers, file.substr(0, file.find('/')), &Layer::folder);
        return !wrong_with(*layer, file, line).empty();
    };
    EXPECT_TRUE(seen("isa/x.cpp", "#include <systemc>"));
    EXPECT_TRUE(seen("isa/x.cpp", "# include \"model/config.h\""));
    EXPECT_TRUE(seen("model/x.h", "#include <yaml-cpp/yaml.h>"));
    EXPECT_TRUE(seen("model/x.h", "#include \"os/kernel/task/process.h\""));
    EXPECT_TRUE(seen("model/x.h", "#include <capstone/capstone.h>"));
    EXPECT_TRUE(seen("os/kernel/x.cpp", "#include \"sim/boot/loader.h\""));
    EXPECT_TRUE(seen("workloads/kv/x.c", "#include \"os/kernel/sys/syscalls.def\""));
    EXPECT_TRUE(seen("workloads/kv/x.cpp", "#include \"tests/security/attacks/attacks.def\""));
    EXPECT_TRUE(seen("sim/run/x.cpp", "#include \"os/lib/channel.h\""));
    EXPECT_TRUE(seen("sim/run/x.cpp", "#include \"../tests/support/elf_mutate.h\""));
    EXPECT_FALSE(seen("sim/run/x.cpp", "#include \"abi/marker.h\""));
    EXPECT_FALSE(seen("model/x.cpp", "#include <vector>"));
}

}  // namespace
}  // namespace stile
