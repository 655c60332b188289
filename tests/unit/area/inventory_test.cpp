// SPDX-License-Identifier: Apache-2.0
#include "model/area/inventory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/protection/bits.h"

namespace stile::model::area {
namespace {

const Structure* find(const std::vector<Structure>& all, const std::string& name) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const Structure& s) { return s.name == name; });
    return at == all.end() ? nullptr : &*at;
}

TEST(Inventory, EveryArrayHasFigures) {
    for (const CoreModel model : {CoreModel::inorder, CoreModel::ooo}) {
        MachineConfig machine;
        machine.core.model = model;
        machine.llc.size = 0;
        std::set<std::string> names;
        for (const Structure& s : inventory(machine)) {
            EXPECT_TRUE(names.insert(s.name).second) << s.name;
            const Sized sized = size_of(s, 22);
            EXPECT_GT(sized.figures.area_mm2, 0) << s.name;
            EXPECT_GT(sized.figures.access_ns, 0) << s.name;
            EXPECT_GT(sized.figures.leakage_mw, 0) << s.name;
            EXPECT_GT(sized.access_pj, 0) << s.name;
            // No less than its cells; not so large that decimals were lost.
            EXPECT_GT(sized.figures.area_mm2 * 1e6, static_cast<double>(s.bits()) * .07) << s.name;
            EXPECT_LT(sized.figures.area_mm2 * 1e6, static_cast<double>(s.bits()) * 60) << s.name;
        }
        EXPECT_EQ(names.contains("rob"), model == CoreModel::ooo);
        EXPECT_FALSE(names.contains("llc"));
    }
}

TEST(Inventory, AplCacheHasTheBitsOfItsFormat) {
    MachineConfig machine;
    for (const unsigned entries : {8u, 32u, 128u}) {
        machine.apl_cache.entries = machine.apl_cache.ways = entries;
        const auto all = inventory(machine);
        const Structure* apl = find(all, "codoms.apl_cache");
        ASSERT_NE(apl, nullptr);
        EXPECT_EQ(apl->bits(), uint64_t{entries} * apl_entry_bits(machine.apl_cache));
        EXPECT_EQ(apl->kind, ArrayKind::associative);
        EXPECT_EQ(apl->ports.search, machine.apl_cache.ports);
    }
    machine.protection = ProtectionKind::paging;
    EXPECT_EQ(find(inventory(machine), "codoms.apl_cache"), nullptr);
}

// An entry holds a right over every other domain: area grows faster than the number of entries.
TEST(Inventory, AplCacheGrowsFasterThanItsEntries) {
    MachineConfig machine;
    double area[3];
    for (unsigned i = 0; i < 3; ++i) {
        machine.apl_cache.entries = machine.apl_cache.ways = 32u << i;
        area[i] = size_of(*find(inventory(machine), "codoms.apl_cache"), 22).figures.area_mm2;
    }
    EXPECT_GT(area[2] - area[1], 2 * (area[1] - area[0]));
}

TEST(Inventory, TheSmallestStyleIsTaken) {
    MachineConfig machine;
    const auto style = [&](const char* name) { return size_of(*find(inventory(machine), name), 22).style; };
    EXPECT_EQ(style("codoms.capabilities"), Style::flip_flops);
    EXPECT_EQ(style("l1d"), Style::sram);
    EXPECT_EQ(style("stlb"), Style::sram);
    // 16 sets are fewer than CACTI's two subarrays of 16 rows.
    EXPECT_EQ(style("dtlb"), Style::shallow);
    machine.dtlb.entries = machine.dtlb.ways = 2;
    EXPECT_EQ(style("dtlb"), Style::flip_flops);
    // Two sets are fewer than two subarrays of four rows.
    machine.l1d = {.size = 1 << 10, .ways = 8, .line = 64};
    EXPECT_EQ(style("l1d"), Style::larger);
    // A set of 32 is wider than 64 entries that are searched are high.
    machine.dtlb.entries = 64, machine.dtlb.ways = 32;
    EXPECT_EQ(style("dtlb"), Style::associative);
}

// What has no figures of its own but those of something larger has them all.
TEST(Inventory, WhatIsLargerHasItsFiguresAndItsShape) {
    MachineConfig machine;
    machine.dtlb.entries = 64, machine.dtlb.ways = 32;
    const Sized of_sets = size_of(*find(inventory(machine), "dtlb"), 22);
    machine.dtlb.ways = 64;
    const Sized searched = size_of(*find(inventory(machine), "dtlb"), 22);
    EXPECT_EQ(of_sets.figures.area_mm2, searched.figures.area_mm2);
    EXPECT_EQ(of_sets.access_pj, searched.access_pj);
    EXPECT_EQ(of_sets.built, searched.built);
    EXPECT_EQ(of_sets.built.kind, ArrayKind::associative);
}

TEST(Inventory, WaysBetweenPowersOfTwo) {
    Structure cache{"c", ArrayKind::cache, 768, 512, 24, 8, {}, 256, true, false, 0};
    const double eight = size_of(cache, 32).figures.area_mm2;
    cache.ways = 12;
    const double twelve = size_of(cache, 32).figures.area_mm2;
    cache.ways = 16;
    const double sixteen = size_of(cache, 32).figures.area_mm2;
    EXPECT_DOUBLE_EQ(twelve, (eight + sixteen) / 2);
}

}  // namespace
}  // namespace stile::model::area
