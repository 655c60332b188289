// SPDX-License-Identifier: Apache-2.0
//
// Question: does more of an array ever need less area, and how far apart are neighbours? A sweep over sizes
// draws its front from these figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "model/area/inventory.h"

namespace stile::model::area {
namespace {

using Setter = std::function<void(MachineConfig&, unsigned)>;

// At each node; the nodes are tests of their own because there are many arrays.
class Monotone : public testing::TestWithParam<unsigned> {
  protected:
    double area(const std::string& name, const std::function<void(MachineConfig&)>& set) const {
        MachineConfig machine;
        machine.core.model = CoreModel::ooo;
        set(machine);
        for (const Structure& s : inventory(machine))
            if (s.name == name) return size_of(s, GetParam()).figures.area_mm2;
        ADD_FAILURE() << name << " is not in the inventory";
        return 0;
    }
    // Never less from one to the next; the greatest factor between two where what varies doubles.
    double rise(const std::string& name, const std::vector<unsigned>& values, const Setter& set,
                const std::string& what = "") const {
        double last = 0, most = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            const double now = area(name, [&](MachineConfig& m) { set(m, values[i]); });
            EXPECT_GE(now, last) << name << " " << what << " with " << values[i] << " at " << GetParam()
                                 << " nm";
            if (i != 0 && values[i] == 2 * values[i - 1]) most = std::max(most, now / last);
            last = now;
        }
        return most;
    }
};

std::vector<unsigned> powers(unsigned from, unsigned to) {
    std::vector<unsigned> all;
    for (; from <= to; from *= 2) all.push_back(from);
    return all;
}

// Where CACTI's least energy x delay^2 goes over to a larger and faster cut, area rises more than bits do.
constexpr double steepest = 2.8;

TEST_P(Monotone, EntriesOfTlbs) {
    for (const unsigned ways : {1u, 2u, 4u, 8u}) {
        const std::string what = std::to_string(ways) + " ways";
        EXPECT_LT(rise(
                      "dtlb", powers(2 * ways, 256),
                      [ways](MachineConfig& m, unsigned n) { m.dtlb.entries = n, m.dtlb.ways = ways; }, what),
                  steepest)
            << what;
        EXPECT_LT(rise(
                      "stlb", powers(32, 512),
                      [ways](MachineConfig& m, unsigned n) { m.stlb.entries = n, m.stlb.ways = ways; }, what),
                  steepest)
            << what;
    }
    const Setter any_place = [](MachineConfig& m, unsigned n) { m.dtlb.entries = m.dtlb.ways = n; };
    EXPECT_LT(rise("dtlb", {2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256}, any_place), steepest);
    const Setter six = [](MachineConfig& m, unsigned n) { m.dtlb.entries = n, m.dtlb.ways = 6; };
    EXPECT_LT(rise("dtlb", {12, 24, 48, 96, 192}, six), steepest);
}

TEST_P(Monotone, SizesOfCaches) {
    for (const unsigned ways : {1u, 2u, 4u, 8u})
        EXPECT_LT(rise("l1d", powers(1, 64),
                       [ways](MachineConfig& m, unsigned kib) { m.l1d.size = kib << 10, m.l1d.ways = ways; }),
                  steepest);
    const Setter twelve = [](MachineConfig& m, unsigned kib) { m.l1d.size = kib << 10, m.l1d.ways = 12; };
    rise("l1d", {6, 12, 24, 48, 96}, twelve);
    const Setter l2 = [](MachineConfig& m, unsigned kib) { m.l2.size = kib << 10, m.l2.ways = 8; };
    EXPECT_LT(rise("l2", powers(64, 256), l2), steepest);
}

// An entry has a right over every other, so that bits rise with the square of the entries.
TEST_P(Monotone, EntriesOfTheAplCache) {
    const Setter any_place = [](MachineConfig& m, unsigned n) { m.apl_cache.entries = m.apl_cache.ways = n; };
    EXPECT_LT(rise("codoms.apl_cache", powers(2, 128), any_place), 4);
    for (const unsigned ways : {1u, 2u, 4u, 8u})
        EXPECT_LT(
            rise("codoms.apl_cache", powers(2 * ways, 128),
                 [ways](MachineConfig& m, unsigned n) { m.apl_cache.entries = n, m.apl_cache.ways = ways; }),
            5);
    rise("codoms.apl_cache", {1, 2, 3, 4}, [](MachineConfig& m, unsigned n) { m.apl_cache.ports = n; });
    const Setter ported = [](MachineConfig& m, unsigned n) { m.apl_cache.ways = 4, m.apl_cache.ports = n; };
    rise("codoms.apl_cache", {1, 2, 3, 4}, ported, "4 ways");
}

TEST_P(Monotone, WaysOfAsManyEntries) {
    for (const unsigned n : {16u, 64u, 128u}) {
        const std::string what = std::to_string(n) + " entries";
        rise(
            "dtlb", powers(1, n), [n](MachineConfig& m, unsigned w) { m.dtlb.entries = n, m.dtlb.ways = w; },
            what);
        rise(
            "codoms.apl_cache", powers(1, n),
            [n](MachineConfig& m, unsigned w) { m.apl_cache.entries = n, m.apl_cache.ways = w; }, what);
    }
    for (const unsigned kib : {8u, 48u})
        rise(
            "l1d", {1, 2, 4, 8, 12, 16},
            [kib](MachineConfig& m, unsigned w) { m.l1d.size = kib << 10, m.l1d.ways = w; },
            std::to_string(kib) + " KiB");
    rise(
        "l1d", {3, 6, 12}, [](MachineConfig& m, unsigned w) { m.l1d.size = 48 << 10, m.l1d.ways = w; },
        "48 KiB in a power of two of sets");
}

// A look-up reads one set. What is built in another shape has the sets asked for in sets of its own, whole
// ones.
TEST_P(Monotone, WhatIsBuiltInsteadHoldsWholeSets) {
    unsigned others = 0;
    for (const unsigned ways : {2u, 3u, 5u, 6u, 7u, 9u, 12u}) {
        for (const unsigned sets : powers(2, 256)) {
            const Structure s{"x", ArrayKind::cache, uint64_t{sets} * ways, 64, 30, ways, {}};
            const Sized sized = size_of(s, GetParam());
            if (sized.style != Style::larger) continue;
            ++others;
            const uint64_t built_sets = sized.built.bits / sized.built.block_bits / sized.built.ways;
            EXPECT_GE(built_sets * (sized.built.ways / ways), sets) << ways << " ways";
        }
    }
    EXPECT_GT(others, 0u);
}

TEST_P(Monotone, EntriesOfPredictors) {
    for (const unsigned ways : {1u, 2u, 4u})
        EXPECT_LT(rise("predictor.btb", powers(4 * ways, 1024),
                       [ways](MachineConfig& m, unsigned n) {
                           m.core.predictor.btb_entries = n, m.core.predictor.btb_ways = ways;
                       }),
                  steepest);
    const Setter counters = [](MachineConfig& m, unsigned n) { m.core.predictor.entries = n; };
    EXPECT_LT(rise("predictor.counters", powers(4, 16384), counters), steepest);
    const Setter indirect = [](MachineConfig& m, unsigned n) { m.core.predictor.indirect_entries = n; };
    EXPECT_LT(rise("predictor.indirect", powers(2, 1024), indirect), steepest);
    const Setter returns = [](MachineConfig& m, unsigned n) { m.core.predictor.return_stack = n; };
    EXPECT_LT(rise("predictor.return_stack", {2, 4, 8, 12, 16, 24, 32, 48, 64, 128}, returns), steepest);
}

TEST_P(Monotone, EntriesAndPortsOfQueues) {
    const std::vector<unsigned> sizes{8, 16, 24, 32, 48, 56, 64, 80, 96, 112, 128, 160, 168, 192, 224, 256};
    EXPECT_LT(rise("rob", sizes, [](MachineConfig& m, unsigned n) { m.core.ooo.rob = n; }), steepest);
    rise(
        "rob", {1, 2, 4, 6, 8}, [](MachineConfig& m, unsigned n) { m.core.ooo.retire = n; }, "retire");
    rise("load_queue", sizes, [](MachineConfig& m, unsigned n) { m.core.ooo.load_queue = n; });
    rise("registers.vector", sizes, [](MachineConfig& m, unsigned n) { m.core.ooo.vector_registers = n; });
    rise("store_buffer", sizes, [](MachineConfig& m, unsigned n) { m.core.store_buffer = n; });
    rise("fill_buffers", sizes, [](MachineConfig& m, unsigned n) { m.core.fill_buffers = n; });
    rise("scheduler", sizes, [](MachineConfig& m, unsigned n) { m.core.ooo.scheduler = n; });
}

INSTANTIATE_TEST_SUITE_P(Nodes, Monotone, testing::Values(22u, 32u, 45u));

}  // namespace
}  // namespace stile::model::area
