// SPDX-License-Identifier: Apache-2.0
//
// Question: does every file of code say under which licence it is?
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace {

namespace fs = std::filesystem;

bool is_code(const fs::path& path) {
    static const std::set<std::string> endings{".cpp", ".h",   ".c",  ".S",    ".ld",   ".def",
                                               ".js",  ".css", ".sh", ".yaml", ".cmake"};
    // Ill-formed on purpose, byte by byte.
    if (path.string().find("/tests/malformed/") != std::string::npos) return false;
    return endings.count(path.extension()) || path.filename() == "CMakeLists.txt" ||
           (path.parent_path().filename() == "scripts" && !path.has_extension());
}

TEST(Licence, EveryFileOfCodeNamesIt) {
    unsigned files = 0;
    for (const char* folder : {"abi", "bench", "cmake", "configs", "examples", "isa", "model", "os",
                               "scripts", "sim", "tests", "workloads"}) {
        for (const auto& entry : fs::recursive_directory_iterator(fs::path(STILE_SOURCE_DIR) / folder)) {
            if (!entry.is_regular_file() || !is_code(entry.path())) continue;
            ++files;
            std::ifstream in(entry.path());
            bool named = false;
            std::string line;
            for (int i = 0; i < 3 && std::getline(in, line); ++i)
                named = named || line.find("SPDX-License-Identifier: Apache-2.0") != std::string::npos;
            EXPECT_TRUE(named) << entry.path();
        }
    }
    EXPECT_GT(files, 900u);
}

}  // namespace
