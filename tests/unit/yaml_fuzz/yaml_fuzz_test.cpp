// SPDX-License-Identifier: Apache-2.0
//
// Question: can a YAML file make the loader crash, hang, eat memory, or misunderstand its own output? And
// would this test notice? Each planted bug is the fuzzer with one line of sim/config spoilt.
#include "tests/unit/yaml_fuzz/fuzz_run.h"

namespace stile::test {
namespace {

TEST(YamlFuzz, SpoiltFilesAreTakenOrRefused) {
    const Result result = fuzz("yaml_fuzz", "--count 1000 --seed 1");
    EXPECT_EQ(result.code, 0) << result.text;
    unsigned mutations = 0, files = 0, taken = 0, sweeps = 0, refused = 0;
    ASSERT_EQ(std::sscanf(result.text.c_str(), "%u mutations of %u files: %u taken (%u sweeps), %u refused",
                          &mutations, &files, &taken, &sweeps, &refused),
              5)
        << result.text;
    // Both ends, or the figures above say little.
    EXPECT_EQ(mutations, 1000u);
    EXPECT_GT(files, 140u);
    EXPECT_GT(taken, 80u);
    EXPECT_GT(sweeps, 10u);
    EXPECT_GT(refused, 500u);
}

TEST_P(YamlPlanted, IsFound) { expect_found(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Config, YamlPlanted,
                         testing::Values(std::pair{"utf8", "no plain text"},
                                         std::pair{"place", "without a place"},
                                         std::pair{"printable", "no plain text"},
                                         std::pair{"cycle", "crashes"}),
                         [](const auto& info) { return std::string(info.param.first); });

}  // namespace
}  // namespace stile::test
