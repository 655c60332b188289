// SPDX-License-Identifier: Apache-2.0
//
// Does configs/sweeps/apl-cache.yaml, killed twice and resumed, end as one that nobody disturbed, and with
// every point booting by itself too? And do the other ready sweeps come out well?
#include "tests/sweep/sweep_fixture.h"

namespace stile::sim {
namespace {

constexpr const char* folder = STILE_SOURCE_DIR "/configs/sweeps/";

using ReadySweeps = Sweep;

TEST_F(ReadySweeps, AplCacheKilledTwice) {
    const std::string file = std::string(folder) + "apl-cache.yaml";
    const Output whole = stile("sweep " + file + " --out whole");
    ASSERT_EQ(whole.code, 0) << whole.err;
    EXPECT_GE(done("whole"), 60);
    for (const int at_least : {20, 45}) {
        Running running({"sweep", file, "--out", "o", "--resume"});
        ASSERT_TRUE(eventually([&] { return done("o") >= at_least; }));
        running.end(SIGKILL);
        EXPECT_TRUE(eventually([&] { return processes_of(folder_ + "/o").empty(); })) << "workers outlive it";
        EXPECT_LT(done("o"), done("whole")) << "it was killed too late to show anything";
    }
    ASSERT_EQ(stile("sweep " + file + " --out o --resume").code, 0);
    EXPECT_EQ(contents("o/results.csv"), contents("whole/results.csv"));
    // Ten seconds of looking are enough.
    EXPECT_THAT(whole.out, testing::StartsWith("Build "));
}

TEST_F(ReadySweeps, AplCacheWithoutSharedBoot) {
    const std::string file = std::string(folder) + "apl-cache.yaml";
    ASSERT_EQ(stile("sweep " + file + " --out shared").code, 0);
    ASSERT_EQ(stile("sweep " + file + " --out own --no-shared-boot").code, 0);
    EXPECT_EQ(contents("shared/results.csv"), contents("own/results.csv"));
}

class OtherSweeps : public ReadySweeps, public testing::WithParamInterface<const char*> {};

TEST_P(OtherSweeps, ComesOutWell) {
    const Output output = stile(std::string("sweep ") + folder + GetParam() + ".yaml --out o");
    EXPECT_EQ(output.code, 0) << output.err;
    EXPECT_GT(results("o").rows.size(), 5u);
    EXPECT_FALSE(std::filesystem::exists("o/failed"));
}

INSTANTIATE_TEST_SUITE_P(All, OtherSweeps, testing::Values("l1", "tlb", "payload", "policy"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace stile::sim
