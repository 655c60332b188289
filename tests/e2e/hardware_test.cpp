// SPDX-License-Identifier: Apache-2.0
//
// Question: does slower hardware make slower calls, whichever structure is slowed down?
#include <nlohmann/json.hpp>

#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

struct Slower {
    const char *name, *setting, *base;  // what is set in both runs, to make the structure matter
    const char* mechanisms;
    const char* size;
};

class SlowerHardware : public Stile, public testing::WithParamInterface<Slower> {};

TEST_P(SlowerHardware, RaisesEveryRowThatTouchesIt) {
    const Slower& p = GetParam();
    const std::string common = std::string("--set workload.mechanisms=") + p.mechanisms +
                               " --set workload.sizes=" + p.size + " --set workload.policies=[low] " + p.base;
    ASSERT_EQ(run(common, "fast").code, 0);
    ASSERT_EQ(run(common + " --set " + p.setting, "slow").code, 0);
    const Csv fast = results("fast"), slow = results("slow");
    ASSERT_EQ(fast.rows.size(), slow.rows.size());
    ASSERT_GT(fast.rows.size(), 0u);
    for (size_t i = 0; i < fast.rows.size(); ++i) {
        EXPECT_GT(number(slow, i, "cycles_mean"), number(fast, i, "cycles_mean")) << fast.at(i, "mechanism");
    }
}

// Small caches bring the levels behind them into play; the second row of each pair is then slowed down.
constexpr const char* small_l1 = "--set 'machine.l1d.size=1 KiB' --set machine.l1d.ways=2";
constexpr const char* small_l2 =
    "--set 'machine.l1d.size=1 KiB' --set machine.l1d.ways=2 --set 'machine.l2.size=2 KiB' --set "
    "machine.l2.ways=2";
constexpr const char* no_llc =
    "--set 'machine.l1d.size=1 KiB' --set machine.l1d.ways=2 --set 'machine.l2.size=2 KiB' --set "
    "machine.l2.ways=2 "
    "--set 'machine.llc.size=4 KiB' --set machine.llc.ways=2";
constexpr const char* all = "[function,syscall,dipc,binder,pipe]";

INSTANTIATE_TEST_SUITE_P(
    Each, SlowerHardware,
    testing::Values(
        Slower{"l1d", "machine.l1d.latency=12", "", all, "[0]"},
        Slower{"l1i", "machine.l1i.latency=4", "", all, "[0]"},
        Slower{"l2", "machine.l2.latency=40", small_l1, "[dipc,binder,pipe]", "[4096]"},
        Slower{"llc", "machine.llc.latency=90", small_l2, "[dipc,binder,pipe]", "[4096]"},
        Slower{"memory", "machine.memory.latency=900", no_llc, "[dipc,binder,pipe]", "[4096]"},
        Slower{"apl_cache", "machine.codoms.apl_cache.latency=20", "", "[codoms,dipc]", "[0]"},
        Slower{"dtlb", "machine.stlb.latency=40", "--set machine.dtlb.entries=4", "[binder,pipe]", "[4096]"},
        Slower{"syscall", "machine.core.latencies.sys_syscall=400", "", "[syscall,binder,pipe]", "[0]"}),
    [](const auto& info) { return std::string(info.param.name); });

// On the machine as it is, by the sentence of the issue: a row touches a cache if its warm calls ask it for a
// line each. The others move by what the boot left behind only.
TEST_F(Stile, RaisingOneCachesLatencyRaisesEveryRowThatTouchesIt) {
    const std::string rows =
        "--set workload.mechanisms=[function,syscall,dipc,pipe] --set workload.policies=[low] "
        "--set 'workload.sizes=[0, 64 KiB]' ";
    ASSERT_EQ(run(rows, "base").code, 0);
    const Csv base = results("base");
    const auto stats = nlohmann::json::parse(contents("base/stats.json"))["rows"];
    struct {
        const char *latency, *touched;
        size_t rows;
    } const caches[] = {{"l1i.latency=2", "roi.instructions", 7},
                        {"l1d.latency=9", "roi.l1d_accesses", 7},
                        {"l2.latency=13", "roi.l2_accesses", 4},
                        {"llc.latency=30", "roi.llc_accesses", 1}};
    for (const auto& cache : caches) {
        ASSERT_EQ(run(rows + "--set machine." + cache.latency, "slow").code, 0);
        const Csv slow = results("slow");
        ASSERT_EQ(slow.rows.size(), base.rows.size());
        size_t touching = 0;
        for (size_t i = 0, row = 0; i < base.rows.size(); ++i, ++row) {
            while (stats[row]["status"] != "done") ++row;  // refused
            ASSERT_EQ(stats[row]["key"]["mechanism"], base.at(i, "mechanism"));
            const double before = number(base, i, "cycles_mean"), after = number(slow, i, "cycles_mean");
            const std::string what =
                base.at(i, "mechanism") + " " + base.at(i, "size_bytes") + " " + cache.latency;
            const auto touched = stats[row]["statistics"][cache.touched].get<double>();
            if (touched >= number(base, i, "calls")) {
                ++touching;
                EXPECT_GT(after, before) << what;
            } else {
                EXPECT_NEAR(after, before, 0.01 * before) << what;
            }
        }
        EXPECT_GE(touching, cache.rows) << cache.latency;
    }
}

// A buffer that a capability lends ends where it ends, not with its page: a repeated string instruction reads
// it in one go all the same, as from memory of its own.
TEST_F(Stile, AStringCopyOutOfALentBufferIsAsQuickAsAnother) {
    write("kv.yaml", "extends: " STILE_SOURCE_DIR
                     "/configs/runs/kv.yaml\nworkload: {mechanisms: [function, codoms], sizes: [1 KiB], "
                     "value_sizes: fixed, gets: 0, deletes: 0}\n");
    ASSERT_EQ(stile("run kv.yaml --out r").code, 0);
    const Csv csv = results("r");
    ASSERT_EQ(csv.rows.size(), 2u);
    // Byte by byte it was 3.8 times as long.
    EXPECT_LT(number(csv, 1, "cycles_p50"), 1.2 * number(csv, 0, "cycles_p50"));
}

TEST_F(Stile, ACoreWithoutTimeCountsInstructions) {
    const Output output = run("--core functional --set workload.sizes=[0]", "f");
    ASSERT_EQ(output.code, 0);
    // Its table looks like any other: what it is not must be said.
    EXPECT_THAT(output.err,
                testing::HasSubstr("stile: core model functional counts instructions: its cycles and ns are "
                                   "no times\n"));
    EXPECT_THAT(contents("f/report.html"), testing::HasSubstr("This core model counts instructions"));
    const Csv csv = results("f");
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        EXPECT_EQ(csv.at(i, "core"), "functional");
        EXPECT_NEAR(number(csv, i, "cycles_p50"), number(csv, i, "instructions"), 1)
            << csv.at(i, "mechanism");
    }
}

}  // namespace
}  // namespace stile::sim
