// SPDX-License-Identifier: Apache-2.0
//
// Question: does yaml_fuzz find the bugs that show rarely, too?
#include "tests/unit/yaml_fuzz/fuzz_run.h"

namespace stile::test {
namespace {

TEST_P(YamlPlanted, IsFound) { expect_found(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Config, YamlPlanted,
                         testing::Values(std::pair{"aliases", "eats memory"},
                                         std::pair{"texts", "eats memory"}, std::pair{"null", "written out"},
                                         std::pair{"backslash", "written out"},
                                         std::pair{"endless", "eats memory"},
                                         std::pair{"product", "eats memory"}),
                         [](const auto& info) { return std::string(info.param.first); });

}  // namespace
}  // namespace stile::test
