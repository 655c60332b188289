// SPDX-License-Identifier: Apache-2.0
//
// Is the latency table whole, in order and cited?
#include "model/timing/latency_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace stile::model {
namespace {

TEST(LatencyTable, HasOneCitedRowPerClassInOrder) {
    size_t cls = 1;
    std::set<std::string> names;
    for (const LatencyRow& r : latency_table()) {
        EXPECT_EQ(static_cast<size_t>(r.cls), cls++) << r.name;
        EXPECT_TRUE(names.insert(r.name).second) << r.name;
        EXPECT_STRNE(r.source, "");
        EXPECT_STRNE(r.help, "");
    }
    EXPECT_EQ(cls, static_cast<size_t>(isa::OpClass::count));
}

TEST(LatencyTable, IsWhatAConfigurationStartsWith) {
    const MachineConfig c;
    for (const LatencyRow& r : latency_table()) {
        EXPECT_EQ(c.core.latency[static_cast<size_t>(r.cls)], r.latency) << r.name;
        EXPECT_EQ(c.core.throughput[static_cast<size_t>(r.cls)], r.throughput) << r.name;
    }
}

}  // namespace
}  // namespace stile::model
