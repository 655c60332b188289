// SPDX-License-Identifier: Apache-2.0
//
// Which points does a sweep have, in what order, and does config.yaml of its directory make the same ones?
#include <set>

#include "sim/config/describe.h"
#include "tests/sweep/fixture.h"

namespace stile::sim {
namespace {

using Points = SweepTest;

std::vector<std::string> texts(const LoadedSweep& loaded) {
    std::vector<std::string> all;
    for (size_t i = 1; i <= loaded.points(); ++i) all.push_back(loaded.text(i));
    return all;
}

TEST_F(Points, TheFirstAxisIsTheSlowest) {
    const auto loaded = sweep(
        "workload: ping\nsweep:\n  axes:\n    workload.count: [1, 2]\n    protection: [paging, codoms]\n");
    EXPECT_THAT(texts(*loaded), testing::ElementsAre("workload.count: 1, protection: paging",
                                                     "workload.count: 1, protection: codoms",
                                                     "workload.count: 2, protection: paging",
                                                     "workload.count: 2, protection: codoms"));
    EXPECT_EQ(std::get<int64_t>(loaded->load(3)->config.parameters.at("count")), 2);
    EXPECT_EQ(loaded->load(4)->config.machine.protection, model::ProtectionKind::codoms);
}

TEST_F(Points, ZippedKeysGoTogether) {
    const auto loaded = sweep(
        "workload: ping\nsweep:\n  axes: {workload.count: [1, 2]}\n  zip:\n"
        "    - {machine.l1d.size: [16 KiB, 64 KiB], machine.l1d.latency: [3, 5]}\n");
    EXPECT_THAT(texts(*loaded),
                testing::ElementsAre("workload.count: 1, machine.l1d.size: 16 KiB, machine.l1d.latency: 3",
                                     "workload.count: 1, machine.l1d.size: 64 KiB, machine.l1d.latency: 5",
                                     "workload.count: 2, machine.l1d.size: 16 KiB, machine.l1d.latency: 3",
                                     "workload.count: 2, machine.l1d.size: 64 KiB, machine.l1d.latency: 5"));
    EXPECT_EQ(
        sweep_faults("  zip: [{machine.l1d.size: [16 KiB, 64 KiB], machine.l1d.latency: [3]}]\n"),
        "sweep.yaml:3:67: error: 'machine.l1d.latency' has 1 values, 'machine.l1d.size' 2; keys that are "
        "zipped have as many values as each other");
    // A value may come again, a combination may not.
    EXPECT_EQ(sweep_faults("  zip: [{machine.l1d.size: [16 KiB, 64 KiB], machine.l1d.latency: [4, 4]}]\n"),
              "none");
    EXPECT_EQ(sweep_faults("  zip: [{machine.l1d.latency: [4, 5, 4], os.seed: [1, 1, 1]}]\n"),
              "sweep.yaml:3:38: error: the group has the values 4, 1 twice; leave one out");
    EXPECT_EQ(sweep_faults("  axes: {workload.count: [1]}\n  zip: [{workload.count: [2]}]\n"),
              "sweep.yaml:4:10: error: 'workload.count' is an axis already; leave one out");
}

TEST_F(Points, ARandomSampleRepeatsNothingAndIsTheSameAgain) {
    const std::string text =
        "workload: ping\nsweep:\n  axes:\n    machine.core.ooo.rob: {from: 32, to: 131, step: 1}\n"
        "    workload.count: {from: 1, to: 9, step: 1}\n  random: {points: 40, seed: 7}\n";
    const auto loaded = sweep(text);
    const auto first = texts(*loaded);
    EXPECT_EQ(first.size(), 40u);
    EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), 40u);
    EXPECT_EQ(texts(*sweep(text)), first);
    EXPECT_NE(texts(*sweep(text, {{"--set x", "sweep.random.seed=8"}})), first);
    EXPECT_EQ(sweep(text, {{"--set x", "sweep.random.points=5000"}})->points(), 900u) << "all there are";
}

TEST_F(Points, SamplesAreSpreadEvenly) {
    // 30 of 100, 200 times: each should come up 60 times; 5 sigma are 32.
    std::vector<int> times(100);
    for (uint64_t seed = 0; seed < 200; ++seed) {
        const auto chosen = sample(100, 30, seed);
        ASSERT_EQ(chosen.size(), 30u);
        ASSERT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
        for (const uint64_t n : chosen) ++times.at(n);
    }
    EXPECT_GT(*std::min_element(times.begin(), times.end()), 28);
    EXPECT_LT(*std::max_element(times.begin(), times.end()), 92);
    // Where nothing could be listed.
    const auto few = sample(uint64_t{1} << 61, 3, 1);
    EXPECT_EQ(few.size(), 3u);
    EXPECT_GT(few.back(), uint64_t{1} << 40);
}

TEST_F(Points, TooManyAreRefused) {
    EXPECT_EQ(
        sweep_faults("  axes:\n    machine.core.ooo.rob: {from: 32, to: 511, step: 1}\n"
                     "    machine.memory.size: {from: 64 MiB, to: 2 GiB, step: 2 MiB}\n"),
        "sweep.yaml:3:3: error: the axes make 476640 points; 100000 at most are expected; 'random: {points: "
        "1000}' takes a sample");
}

TEST_F(Points, ConfigYamlMakesTheSamePoints) {
    write("machines/m.yaml",
          "machine: {cores: 2, little: {cores: 1, frequency: 1 GHz}, l2: {latency: 4 ns}}\n");
    const auto loaded = sweep(
        "extends: machines/m.yaml\nworkload: {name: pong}\nsweep:\n  axes:\n    workload.path: [a.elf, "
        "b/c.elf]\n"
        "    machine.frequency: [2 GHz, 3 GHz]\n    machine.l1d.latency: [4, 3 ns]\n    machine.l1d.ways: "
        "[4, 8]\n"
        "  zip:\n    - machine.l1i.size: [16 KiB, 32 KiB]\n      machine.l1i.latency: [3, 4]\n"
        "  random: {points: 20}\n  timeout: 3 s\n  invalid: skip\n");
    write("elsewhere/config.yaml", loaded->yaml());
    const auto again = sweep_file("elsewhere/config.yaml");
    ASSERT_EQ(again->points(), 20u);
    EXPECT_EQ(texts(*again), texts(*loaded));
    for (size_t i = 1; i <= 20; ++i)
        EXPECT_EQ(resolved_yaml(again->load(i)->keys), resolved_yaml(loaded->load(i)->keys)) << i;
    EXPECT_EQ(again->identity(), loaded->identity());
    EXPECT_EQ(again->yaml(), loaded->yaml());
    EXPECT_EQ(again->config().timeout_ns, 3'000'000'000);
}

TEST_F(Points, WhatAnAxisSetsOthersMayFollow) {
    // The little cores' first-level cache is that of the big ones, whatever size these have.
    const auto loaded = sweep(
        "workload: ping\nmachine: {cores: 2, little: {cores: 1}}\nsweep:\n  axes:\n    machine.l1d.size: [32 "
        "KiB, "
        "64 KiB]\n");
    EXPECT_EQ(loaded->load(1)->config.little.l1d.size, 32u << 10);
    EXPECT_EQ(loaded->load(2)->config.little.l1d.size, 64u << 10);
    write("again.yaml", loaded->yaml());
    EXPECT_EQ(sweep_file("again.yaml")->load(2)->config.little.l1d.size, 64u << 10);
}

TEST_F(Points, ATimeIsOneAtEveryFrequency) {
    const auto loaded = sweep(
        "workload: ping\nmachine: {l2: {latency: 5 ns}}\nsweep:\n  axes:\n    machine.frequency: [2 GHz, 4 "
        "GHz]\n");
    EXPECT_EQ(loaded->load(1)->config.machine.l2.latency, 10u);
    EXPECT_EQ(loaded->load(2)->config.machine.l2.latency, 20u);
    write("again.yaml", loaded->yaml());
    EXPECT_EQ(sweep_file("again.yaml")->load(2)->config.machine.l2.latency, 20u);
}

TEST_F(Points, ValuesThatDoNotGoTogetherAreTheirPointsFault) {
    const auto loaded = sweep(
        "workload: ping\nsweep:\n  axes:\n    machine.l1d.size: [32 KiB, 48 KiB]\n    workload.count: [6, "
        "7]\n");
    EXPECT_NO_THROW(make_rows(*loaded->load(1)));
    const auto wrong = [&](size_t point) {
        try {
            make_rows(*loaded->load(point));
        } catch (const BadInput& bad) {
            return std::string(bad.what());
        }
        return std::string("none");
    };
    EXPECT_EQ(wrong(2), "sweep.yaml:5:25: error: 'workload.count': 7 is unlucky; 6 would do");
    EXPECT_THAT(wrong(3),
                testing::StartsWith("sweep.yaml:4:32: error: 'machine.l1d' has no power of two of sets"));
}

TEST_F(Points, OptionsSetAxesToo) {
    const auto loaded =
        sweep("workload: ping\nsweep:\n  axes:\n    workload.count: {from: 1, to: 9, step: 1}\n",
              {{"--set a", "sweep.axes.workload.count=[2, 3]"}, {"--set b", "sweep.axes.os.seed=[1, 2, 3]"}});
    EXPECT_EQ(loaded->points(), 6u);
    EXPECT_EQ(loaded->text(6), "workload.count: 3, os.seed: 3");
}

TEST_F(Points, ASweepPutOverAnotherReplacesItsAxes) {
    write("base.yaml", "workload: ping\nsweep:\n  axes:\n    workload.count: {from: 1, to: 9, step: 1}\n");
    const auto loaded =
        sweep("extends: base.yaml\nsweep:\n  axes:\n    workload.count: {from: 2, to: 8, times: 2}\n");
    EXPECT_EQ(loaded->points(), 3u);
}

TEST_F(Points, NoSweepIsSaid) {
    const auto what = [this](const std::string& text) {
        try {
            sweep(text);
        } catch (const BadInput& bad) {
            return std::string(bad.what());
        }
        return std::string("none");
    };
    EXPECT_EQ(what("workload: ping\n"),
              "sweep.yaml:1:1: error: 'sweep' is missing; this is one run: 'stile run' does it");
    EXPECT_EQ(what("workload: ping\nsweep: 4\n"),
              "sweep.yaml:2:1: error: 'sweep' cannot be '4'; a map with axes is expected");
    EXPECT_EQ(what("workload: png\nsweep:\n  axes: {workload.count: [1]}\n"),
              "sweep.yaml:1:11: error: there is no workload 'png'")
        << "its parameters cannot be judged, and nothing is said of them";
}

}  // namespace
}  // namespace stile::sim
