// SPDX-License-Identifier: Apache-2.0
//
// Question: does what Stile says about its keys hold, and does it read what it writes?
#include "sim/config/describe.h"

#include <nlohmann/json.hpp>
#include <set>

#include "tests/unit/config/fixture.h"

namespace stile::sim {
namespace {

using testing::HasSubstr;

TEST_F(ConfigTest, TheResolvedFileGivesTheSameRun) {
    const auto first = load(
        "machine: {frequency: 2.5 GHz, l1d: {latency: 9}, name: \"a: b\"}\nworkload: {name: ping, "
        "mechanisms: [binder], sizes: "
        "[0, 64 B]}\nos: {seed: 77}\n");
    const std::string once = resolved_yaml(first->keys);
    const std::string twice = resolved_yaml(load(once)->keys);
    EXPECT_EQ(once, twice);
    EXPECT_THAT(once, HasSubstr("  l1d:\n    size: 32 KiB\n    ways: 8\n    latency: 9\n"));
    EXPECT_THAT(once, HasSubstr("  name: \"a: b\"\n"));
    EXPECT_THAT(once, HasSubstr("  sizes: [0 B, 64 B]\n"));
    EXPECT_THAT(once, HasSubstr("  frequency: 2.5 GHz\n"));
}

TEST_F(ConfigTest, EveryKeyIsDescribed) {
    RunConfig config;
    Registry keys;
    bind_run(keys, config);
    std::set<std::string> seen;
    for (const Key& key : keys.keys()) {
        EXPECT_FALSE(key.help().empty()) << key.path();
        EXPECT_TRUE(seen.insert(key.path()).second) << key.path() << " is bound twice";
        EXPECT_LT(key.help().size(), 150u) << key.path();
    }
    for (const char* name :
         {"machine.cores", "machine.core.model", "machine.frequency", "machine.l1d.size", "machine.l1d.ways",
          "machine.l1d.latency", "machine.l1i.size", "machine.l2.latency", "machine.llc.ways",
          "machine.dtlb.entries", "machine.codoms.apl_cache.entries", "machine.codoms.apl_cache.ways",
          "machine.codoms.apl_cache.latency", "machine.codoms.apl_cache.refill", "measure.warmup",
          "measure.repetitions", "measure.touch", "os.kernel_profile"}) {
        EXPECT_TRUE(seen.count(name)) << name;
    }
}

TEST_F(ConfigTest, TheListNamesKeysDefaultsAndWorkloadParameters) {
    const workload::PluginList list{{{"ping.so", &ping_}}, {}};
    const std::string text = parameter_list(list);
    EXPECT_THAT(text, HasSubstr("machine.l1d.size\n    size of the first-level data cache\n    size, 1 KiB "
                                "to 1 GiB; default 32 KiB\n"));
    EXPECT_THAT(text, HasSubstr("workload.count\n    how often\n    integer, 1 to 9; default 3\n"));
}

TEST_F(ConfigTest, TheSchemaIsJsonAndClosed) {
    const workload::PluginList list{{{"ping.so", &ping_}}, {}};
    const auto schema = nlohmann::json::parse(json_schema(list));
    EXPECT_EQ(schema["additionalProperties"], false);
    EXPECT_EQ(schema["properties"]["machine"]["properties"]["l1d"]["additionalProperties"], false);
    EXPECT_EQ(schema["properties"]["protection"]["enum"],
              (std::vector<std::string>{"none", "paging", "mpk", "codoms"}));
    const auto branch = schema["properties"]["workload"]["anyOf"][1]["allOf"][0];
    EXPECT_EQ(branch["if"]["properties"]["name"]["const"], "ping");
    EXPECT_EQ(branch["if"]["required"],
              std::vector<std::string>{"name"});  // or it would hold for every workload
    EXPECT_EQ(branch["then"]["properties"]["count"]["maximum"], 9);
    EXPECT_EQ(branch["then"]["additionalProperties"], false);
}

TEST(MachineFiles, AreReadAndTheDefaultOneSaysTheDefaults) {
    RunConfig config;
    Registry keys;
    bind_run(keys, config);
    const std::string before = resolved_yaml(keys);
    Faults faults;
    keys.assign(load_tree(STILE_SOURCE_DIR "/configs/machines/default.yaml"), faults);
    ASSERT_EQ(faults.size(), 1u) << BadInput(faults).what();  // no workload in it
    EXPECT_EQ(resolved_yaml(keys), before);
    faults.clear();
    keys.assign(load_tree(STILE_SOURCE_DIR "/configs/machines/xeon-e3-1220v2.yaml"), faults);
    check_rules(keys, config, faults);
    ASSERT_EQ(faults.size(), 1u) << BadInput(faults).what();
    EXPECT_EQ(config.machine.name, "xeon-e3-1220v2");
}

}  // namespace
}  // namespace stile::sim
