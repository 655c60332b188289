// SPDX-License-Identifier: Apache-2.0
//
// Question: is every array that can be configured in the inventory, so that no size is free?
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "model/area/inventory.h"
#include "sim/config/bind.h"

namespace stile::sim {
namespace {

// Name and size of each array.
std::multiset<std::pair<std::string, uint64_t>> arrays(const model::MachineConfig& machine) {
    std::multiset<std::pair<std::string, uint64_t>> all;
    for (const model::area::Structure& s : model::area::inventory(machine)) all.emplace(s.name, s.bits());
    return all;
}

TEST(InventoryKeys, TwiceTheEntriesAreMoreBits) {
    const std::regex sizes(
        ".*[._](size|entries|tables|return_stack|store_buffer|fill_buffers|decode_queue|rob|scheduler|"
        "load_queue|registers|mshrs|write_buffers|write_queue|branches|streams)");
    unsigned checked = 0;
    RunConfig plain;
    Registry keys_of_plain;
    bind_run(keys_of_plain, plain);
    for (const Key& listed : keys_of_plain.keys()) {
        const std::string path = listed.path();
        // Little cores have the same arrays; memory itself is no array of the chip.
        if (!std::regex_match(path, sizes) || path.starts_with("machine.little.") ||
            path == "machine.memory.size")
            continue;
        if (listed.kind() != KeyKind::integer && listed.kind() != KeyKind::bytes) continue;
        RunConfig config;
        Registry keys;
        bind_run(keys, config);
        config.machine.core.model = model::CoreModel::ooo;
        config.machine.core.predictor.direction = model::Direction::tage;
        config.machine.stlb.large_entries = 16;
        const auto before = arrays(config.machine);
        Key& key = *keys.find(path);
        const int64_t doubled = 2 * std::get<int64_t>(key.load());
        ASSERT_GT(doubled, 0) << path;
        // Ways have to divide the entries, as they still do.
        Node node;
        node.kind = Node::Kind::scalar;
        node.text = std::to_string(doubled) + (key.kind() == KeyKind::bytes ? " B" : "");
        Faults faults;
        key.assign(node, 1'000'000'000, faults);
        ASSERT_TRUE(faults.empty()) << path << ": " << faults[0].text();
        EXPECT_NE(arrays(config.machine), before) << path << " changes no array of model/area/inventory.cpp";
        ++checked;
    }
    EXPECT_GE(checked, 30u);
}

// The same arrays for all nodes, and larger ones where transistors are.
TEST(InventoryKeys, EveryArrayHasASizeAtEveryNode) {
    model::MachineConfig machine;
    machine.core.model = model::CoreModel::ooo;
    machine.core.predictor.direction = model::Direction::tage;
    for (const model::area::Structure& s : model::area::inventory(machine)) {
        double smaller = 0;
        for (const unsigned nm : {22u, 32u, 45u}) {
            const model::area::Sized sized = model::area::size_of(s, nm);
            EXPECT_GT(sized.figures.area_mm2, smaller) << s.name << " at " << nm << " nm";
            EXPECT_GT(sized.figures.access_ns, 0) << s.name;
            EXPECT_GT(sized.access_pj, 0) << s.name;
            EXPECT_GT(sized.figures.leakage_mw, 0) << s.name;
            smaller = sized.figures.area_mm2;
        }
    }
}

}  // namespace
}  // namespace stile::sim
