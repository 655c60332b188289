// SPDX-License-Identifier: Apache-2.0
//
// Question: can a machine have cores of another kind, and what are they like where the file does not say?
#include "sim/config/describe.h"
#include "tests/unit/config/fixture.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(ConfigTest, LittleCoresAreLikeTheOthersUnlessTheFileSaysOtherwise) {
    const auto loaded = load(
        "workload: ping\nmachine:\n  cores: 4\n  frequency: 2 GHz\n  core: {model: ooo, width: 3}\n"
        "  l1d: {size: 64 KiB}\n  llc: {size: 4 MiB}\n"
        "  little: {cores: 3, core: {model: inorder}, l1d: {ways: 4}, frequency: 1 GHz}\n");
    const model::MachineConfig& machine = loaded->config.machine;
    ASSERT_TRUE(machine.little);
    const model::MachineConfig big = machine.for_core(0), little = machine.for_core(1);
    EXPECT_EQ(big.core.model, model::CoreModel::ooo);
    EXPECT_EQ(little.core.model, model::CoreModel::inorder);
    EXPECT_EQ(little.core.width, 3u) << "as the big ones";
    EXPECT_EQ(little.l1d.size, 64u << 10);
    EXPECT_EQ(big.l1d.ways, 8u);
    EXPECT_EQ(little.l1d.ways, 4u);
    EXPECT_EQ(little.frequency, 1'000'000'000u);
    EXPECT_EQ(little.llc.size, 4u << 20) << "there is one";
    EXPECT_EQ(machine.for_core(3).core.model, model::CoreModel::inorder);
}

TEST_F(ConfigTest, WithoutLittleCoresTheirKeysSayNothing) {
    EXPECT_FALSE(load("workload: ping\nmachine: {cores: 2}\n")->config.machine.little);
    EXPECT_EQ(faults("workload: ping\nmachine: {l1d: {ways: 7}}\n"),
              "run.yaml:2:23: error: 'machine.l1d' has no power of two of sets: 32 KiB in 7 ways of 64-byte "
              "lines; choose a size that is the ways x 64 B x a power of two");
}

TEST_F(ConfigTest, ATimeInALittleCoresCyclesIsOneOfItsOwnClock) {
    const auto loaded = load(
        "workload: ping\nmachine: {cores: 2, frequency: 3 GHz, l2: {latency: 4 ns}, little: {cores: 1, "
        "frequency: "
        "1 GHz, l2: {latency: 4 ns}}}\n");
    EXPECT_EQ(loaded->config.machine.for_core(0).l2.latency, 12u);
    EXPECT_EQ(loaded->config.machine.for_core(1).l2.latency, 4u);
}

TEST_F(ConfigTest, FaultsOfLittleCoresAreToldWhereTheyStand) {
    EXPECT_EQ(
        faults("workload: ping\nmachine: {cores: 2, little: {cores: 3}}\n"),
        "run.yaml:2:37: error: 'machine.little.cores' is 3, machine.cores 2; the little cores are some of "
        "machine.cores; at most 2 are expected");
    EXPECT_THAT(
        faults("workload: ping\nmachine: {cores: 2, little: {cores: 1, l1d: {ways: 7}}}\n"),
        testing::StartsWith("run.yaml:2:52: error: 'machine.little.l1d' has no power of two of sets"));
    EXPECT_THAT(faults("workload: ping\nmachine: {little: {llc: {size: 1 MiB}}}\n"),
                HasSubstr("unknown key 'llc' in 'machine.little'"))
        << "the cores share it";
    // One mistake, told once, although the little cores follow.
    EXPECT_EQ(faults("workload: ping\nmachine: {cores: 2, l1d: {ways: 7}, little: {cores: 1}}\n"),
              "run.yaml:2:33: error: 'machine.l1d' has no power of two of sets: 32 KiB in 7 ways of 64-byte "
              "lines; choose a size that is the ways x 64 B x a power of two");
}

TEST_F(ConfigTest, TheResolvedFileHasLittleCoresWhereThereAreSome) {
    EXPECT_THAT(resolved_yaml(load("workload: ping\n")->keys),
                Not(HasSubstr("l2:\n    size: 256 KiB\n      ")));
    EXPECT_THAT(resolved_yaml(load("workload: ping\nmachine: {cores: 2, little: {l1d: {ways: 4}}}\n")->keys),
                Not(HasSubstr("ways: 4\n    latency: 4")));
    const auto first = load("workload: ping\nmachine: {cores: 2, little: {cores: 1, l1d: {ways: 4}}}\n");
    const std::string once = resolved_yaml(first->keys);
    EXPECT_THAT(once, HasSubstr("  little:\n    cores: 1\n    frequency: 3.1 GHz\n"));
    EXPECT_EQ(once, resolved_yaml(load(once)->keys));
}

TEST_F(ConfigTest, LittleKeysAreListedAsOneParagraph) {
    const std::string list = parameter_list({});
    EXPECT_THAT(list, HasSubstr("machine.little.cores\n"));
    EXPECT_THAT(list,
                HasSubstr("machine.little.KEY\n    for KEY in frequency, core.*, l1i.*, l1d.*, l2.*, "));
    EXPECT_THAT(list, Not(HasSubstr("machine.little.l1d")));
    EXPECT_THAT(json_schema({}), HasSubstr("(default: that of machine.l1d.ways)"));
}

TEST_F(ConfigTest, MomentsAreNamesOrTimes) {
    EXPECT_EQ(load("workload: ping\n")->config.measure.fast_forward, "none");
    EXPECT_EQ(load("workload: ping\nmeasure: {fast_forward: roi}\n")->config.measure.fast_forward, "roi");
    const auto loaded = load("workload: ping\nmeasure: {stop_at: 1500 us}\n");
    EXPECT_EQ(loaded->config.measure.stop_at, "1500 us");
    EXPECT_THAT(resolved_yaml(loaded->keys), HasSubstr("  stop_at: 1500 us\n"));
    EXPECT_EQ(
        faults("workload: ping\nmeasure: {stop_at: roi}\n"),
        "run.yaml:2:20: error: 'measure.stop_at' cannot be 'roi'; end or roi_end, or a time such as 2 ms, is "
        "expected");
    EXPECT_THAT(faults("workload: ping\nmeasure: {stop_at: 0 s}\n"),
                HasSubstr("'measure.stop_at' is out of range: 0 s"));
    EXPECT_THAT(faults("workload: ping\nmeasure: {stop_at: [roi]}\n"), HasSubstr("cannot be a list"));
}

}  // namespace
}  // namespace stile::sim
