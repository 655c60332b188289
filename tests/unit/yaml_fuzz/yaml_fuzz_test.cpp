// SPDX-License-Identifier: Apache-2.0
//
// Question: can a YAML file make the loader crash, hang, eat memory, or misunderstand its own output? And
// would this test notice? Each planted bug is the fuzzer with one line of sim/config spoilt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace stile::test {
namespace {

struct Result {
    int code;
    std::string text;
};

Result fuzz(const std::string& program, const std::string& arguments) {
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

TEST(YamlFuzz, SpoiltFilesAreTakenOrRefused) {
    const Result result = fuzz("yaml_fuzz", "--count 3000 --seed 1");
    EXPECT_EQ(result.code, 0) << result.text;
    unsigned mutations = 0, files = 0, taken = 0, sweeps = 0, refused = 0;
    ASSERT_EQ(std::sscanf(result.text.c_str(), "%u mutations of %u files: %u taken (%u sweeps), %u refused",
                          &mutations, &files, &taken, &sweeps, &refused),
              5)
        << result.text;
    // Both ends, or the figures above say little.
    EXPECT_EQ(mutations, 3000u);
    EXPECT_GT(files, 140u);
    EXPECT_GT(taken, 150u);
    EXPECT_GT(sweeps, 10u);
    EXPECT_GT(refused, 1500u);
}

class YamlPlanted : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(YamlPlanted, IsFound) {
    const auto& [bug, symptom] = GetParam();
    const Result result = fuzz(std::string("yaml_fuzz_") + bug, "--count 10000 --seed 1");
    EXPECT_NE(result.code, 0) << result.text;
    EXPECT_THAT(result.text, testing::HasSubstr(symptom));
}

INSTANTIATE_TEST_SUITE_P(
    Config, YamlPlanted,
    testing::Values(std::pair{"aliases", "eats memory"}, std::pair{"texts", "eats memory"},
                    std::pair{"utf8", "no plain text"}, std::pair{"null", "written out"},
                    std::pair{"backslash", "written out"}, std::pair{"place", "without a place"},
                    std::pair{"printable", "no plain text"}, std::pair{"cycle", "crashes"},
                    std::pair{"endless", "eats memory"}, std::pair{"product", "eats memory"}),
    [](const auto& info) { return std::string(info.param.first); });

}  // namespace
}  // namespace stile::test
