// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace stile::test {
struct Result {
    int code;
    std::string text;
};

inline Result fuzz(const std::string& program, const std::string& arguments) {
    Result result{-1, ""};
    const std::string command =
        std::string("cd /tmp && timeout 250 ") + FUZZERS + "/" + program + " " + arguments;
    std::FILE* out = popen((command + " 2>&1 </dev/null").c_str(), "r");
    if (!out) return result;
    for (int c; (c = std::fgetc(out)) != EOF;) result.text += static_cast<char>(c);
    const int status = pclose(out);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

class YamlPlanted : public testing::TestWithParam<std::pair<const char*, const char*>> {};

inline void expect_found(const std::pair<const char*, const char*>& planted) {
    const auto& [bug, symptom] = planted;
    const Result result = fuzz(std::string("yaml_fuzz_") + bug, "--count 10000 --seed 1");
    EXPECT_NE(result.code, 0) << result.text;
    EXPECT_THAT(result.text, testing::HasSubstr(symptom));
}

}  // namespace stile::test
