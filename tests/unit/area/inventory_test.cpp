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

TEST(Inventory, FewWordsAreFlipFlopsAndFewSetsAreBanks) {
    MachineConfig machine;
    const auto all = inventory(machine);
    EXPECT_EQ(size_of(*find(all, "codoms.capabilities"), 22).style, Style::flip_flops);
    EXPECT_EQ(size_of(*find(all, "walker.pml4"), 22).style, Style::flip_flops);
    EXPECT_EQ(size_of(*find(all, "dtlb"), 22).style, Style::banked);
    EXPECT_EQ(size_of(*find(all, "stlb"), 22).style, Style::sram);
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
