// SPDX-License-Identifier: Apache-2.0
//
// Question: can an ELF file make anything that reads it touch memory that is not its own, or take it for what
// it is not? And would this test notice? Each planted bug is a copy of a reader with one check taken out.
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
    std::FILE* out = popen((std::string(FUZZERS) + "/" + program + " " + arguments + " 2>&1").c_str(), "r");
    if (!out) return result;
    for (int c; (c = std::fgetc(out)) != EOF;) result.text += static_cast<char>(c);
    const int status = pclose(out);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

TEST(ElfFuzz, SpoiltFilesAreRefusedOrRead) {
    for (const char* seed : {"1", "1000000000"}) {
        const Result result = fuzz("elf_fuzz", std::string("25000 ") + seed);
        EXPECT_EQ(result.code, 0) << result.text;
        unsigned files = 0, runnable = 0, planned = 0, doomed = 0, named = 0;
        ASSERT_EQ(std::sscanf(result.text.c_str(),
                              "%u files: %u runnable, %u planned, %u of them doomed, %u with names", &files,
                              &runnable, &planned, &doomed, &named),
                  5)
            << result.text;
        // Files of every kind, or the figures above say little.
        EXPECT_EQ(files, 25000u);
        EXPECT_GT(runnable, 4000u);
        EXPECT_LT(runnable, 16000u);
        EXPECT_GT(planned, runnable + 2000);
        EXPECT_GT(doomed, 1000u);
        EXPECT_GT(named, 4000u);
    }
}

class Planted : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Planted, IsFound) {
    const auto& [bug, symptom] = GetParam();
    const Result result = fuzz(std::string("elf_fuzz_") + bug, "25000 1");
    EXPECT_NE(result.code, 0) << result.text;
    EXPECT_THAT(result.text, testing::HasSubstr(symptom));
}

INSTANTIATE_TEST_SUITE_P(
    ElfFuzz, Planted,
    testing::Values(std::pair{"image_header", "AddressSanitizer"},
                    std::pair{"image_part", "AddressSanitizer"}, std::pair{"image_name", "AddressSanitizer"},
                    std::pair{"image_link", "AddressSanitizer"}, std::pair{"check_table", "AddressSanitizer"},
                    std::pair{"plan_wrap", "a segment leaves user memory"},
                    std::pair{"plan_page", "a segment cannot be mapped"},
                    std::pair{"plan_sizes", "a segment is larger in the file than in memory"},
                    std::pair{"plan_offset", "a segment's end is no file offset"},
                    std::pair{"check_alignment", "the host accepts what the kernel refuses"},
                    std::pair{"check_dynamic", "the host accepts what"}),
    [](const auto& info) { return std::string(info.param.first); });

}  // namespace
}  // namespace stile::test
