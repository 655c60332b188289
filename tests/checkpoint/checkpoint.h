// SPDX-License-Identifier: Apache-2.0
//
// A run unbroken, one that writes checkpoints, and one that begins with them.
#pragma once

#include <algorithm>
#include <vector>

#include "tests/e2e/stile.h"

namespace stile::sim {

inline const char* const result_files[] = {"results.csv", "refused.csv", "stats.txt",
                                           "stats.json",  "console.txt", "config.yaml"};

class Checkpoint : public Stile {
  protected:
    Output run(const std::string& arguments, const std::string& out) {
        return stile("run run.yaml --out " + out + " " + arguments);
    }
    static std::vector<std::string> checkpoints(const std::string& folder) {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }
    static void expect_same(const std::string& a, const std::string& b) {
        for (const char* file : result_files) {
            ASSERT_TRUE(std::filesystem::exists(a + "/" + file)) << a << "/" << file;
            EXPECT_TRUE(contents(a + "/" + file) == contents(b + "/" + file))
                << file << " of " << a << " and " << b;
        }
    }
    static void expect_same_checkpoints(const std::string& a, const std::string& b) {
        ASSERT_EQ(checkpoints(a), checkpoints(b));
        for (const std::string& name : checkpoints(a))
            EXPECT_TRUE(contents(a + "/" + name) == contents(b + "/" + name)) << name;
    }
    // run.yaml in all three ways, and saved twice. `rows`: how many there are, refused ones among them.
    void expect_no_difference(const std::string& arguments, size_t rows) {
        SCOPED_TRACE(arguments);
        for (const char* out : {"plain", "saved", "again", "restored", "state", "state2"})
            std::filesystem::remove_all(out);
        Output output = run(arguments, "plain");
        ASSERT_EQ(output.code, 0) << output.err;
        output = run(arguments + " --save state", "saved");
        ASSERT_EQ(output.code, 0) << output.err;
        ASSERT_EQ(run(arguments + " --save state2", "again").code, 0);
        output = run(arguments + " --restore state", "restored");
        ASSERT_EQ(output.code, 0) << output.err;
        EXPECT_EQ(checkpoints("state").size(), rows);
        expect_same("plain", "saved");
        expect_same("plain", "restored");
        expect_same_checkpoints("state", "state2");
    }
};

}  // namespace stile::sim
