// SPDX-License-Identifier: Apache-2.0
//
// Question: does --set win over the file, and do its mistakes name the option?
#include "tests/unit/config/fixture.h"

namespace stile::sim {
namespace {

Override set(const std::string& text) { return {"--set " + text, text}; }

TEST_F(ConfigTest, SetWinsOverTheFile) {
    const auto loaded =
        load("workload: ping\nmachine: {l1d: {latency: 5, size: 64 KiB}}\n",
             {set("machine.l1d.latency=6"), set("workload.sizes=[0, 64 B]"), set("machine.l1d.latency=7")});
    EXPECT_EQ(loaded->config.machine.l1d.latency, 7u);
    EXPECT_EQ(loaded->config.machine.l1d.size, 65536u);
    EXPECT_EQ(std::get<std::vector<int64_t>>(loaded->config.parameters.at("sizes")),
              (std::vector<int64_t>{0, 64}));
}

TEST_F(ConfigTest, SetMayChooseTheWorkload) {
    const auto loaded =
        load("workload: {name: ping, count: 4}\n", {set("workload=pong"), set("workload.path=a b")});
    EXPECT_EQ(loaded->config.workload, "pong");
    EXPECT_EQ(std::get<std::string>(loaded->config.parameters.at("path")), (folder_ / "a b").string());
}

TEST_F(ConfigTest, SetFaultsNameTheOption) {
    EXPECT_EQ(faults("workload: ping\n", {set("machine.l1d.latnecy=4")}),
              "--set machine.l1d.latnecy=4: error: unknown key 'latnecy' in 'machine.l1d'; did you mean "
              "'latency'?");
    EXPECT_EQ(
        faults("workload: ping\n", {set("machine.cores=x")}),
        "--set machine.cores=x: error: 'machine.cores' cannot be 'x'; a whole number is expected, such as 1");
    EXPECT_EQ(faults("workload: ping\n", {set("machine.cores")}),
              "--set machine.cores: error: this sets nothing; KEY.PATH=VALUE is expected, such as "
              "measure.repetitions=10");
    EXPECT_EQ(faults("workload: ping\n", {set("measure.warmup=")}),
              "--set measure.warmup=: error: 'measure.warmup' has no value; a whole number is expected, such "
              "as 50");
    EXPECT_EQ(faults("workload: ping\n", {{"--max-time 5", "measure.max_time=5"}}),
              "--max-time 5: error: 'measure.max_time' cannot be '5'; a time in ns, us, ms or s is expected, "
              "such as 10 s");
    EXPECT_EQ(
        faults("workload: ping\n", {set("=4")}),
        "--set =4: error: this sets nothing; KEY.PATH=VALUE is expected, such as measure.repetitions=10");
}

}  // namespace
}  // namespace stile::sim
