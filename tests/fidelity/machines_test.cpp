// SPDX-License-Identifier: Apache-2.0
//
// Question: is every machine of configs/machines/ one that runs, and is each of its values said to be from
// somewhere?
#include <algorithm>
#include <filesystem>
#include <regex>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

const std::filesystem::path machines = STILE_SOURCE_DIR "/configs/machines";

class Machines : public Stile, public testing::WithParamInterface<const char*> {};

// configs/runs/smoke.yaml, on another machine.
TEST_P(Machines, RunsTheSmallComparison) {
    std::ofstream("smoke.yaml") << "extends: " << (machines / GetParam()).string() << ".yaml\n"
                                << "workload:\n  name: sync_call\n"
                                   "  mechanisms: [function, syscall, dipc, binder, pipe]\n"
                                   "  policies: [low, high]\n  sizes: [0 B, 64 B]\n"
                                   "protection: codoms\nproxies: software\n"
                                   "measure:\n  warmup: 10\n  repetitions: 20\n";
    const Output output = stile("run smoke.yaml --out out");
    EXPECT_EQ(output.code, 0) << output.err;
    const std::string results = contents("out/results.csv");
    EXPECT_EQ(std::count(results.begin(), results.end(), '\n'), 1 + 11) << output.out;
    EXPECT_NE(results.find(std::string(",") + GetParam() + ","), std::string::npos);
}

TEST_P(Machines, EveryValueHasASource) {
    std::ifstream in(machines / (std::string(GetParam()) + ".yaml"));
    const std::regex value(R"( +\w+: +[^ #].*)"), with_source(R"( +\w+: +[^#]+ # .*\w.*)");
    unsigned values = 0;
    for (std::string line; std::getline(in, line);) {
        if (!std::regex_match(line, value) || line.starts_with("  name:")) continue;
        ++values;
        EXPECT_TRUE(std::regex_match(line, with_source)) << line;
    }
    EXPECT_GT(values, 50u);
}

INSTANTIATE_TEST_SUITE_P(Files, Machines,
                         testing::Values("xeon-e3-1220v2", "golden-cove", "atom-bonnell", "phone"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::erase(name, '-');
                             return name;
                         });

TEST(MachineFolder, HasNoOthers) {
    unsigned files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(machines))
        files += entry.path().extension() == ".yaml";
    EXPECT_EQ(files, 5u) << "default.yaml and those above";
}

}  // namespace
}  // namespace stile::sim
