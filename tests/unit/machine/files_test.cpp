// SPDX-License-Identifier: Apache-2.0
//
// Do the machine files say what they claim: default.yaml every built-in default, the frozen machine every
// value, and each a machine that can be built? (That they run, and where values come from:
// tests/fidelity/machines_test.cpp.)
#include <gtest/gtest.h>

#include "model/timing/branch_predictor.h"
#include "model/timing/cache.h"
#include "model/timing/tlb.h"
#include "sim/config/bind.h"
#include "sim/config/load.h"

namespace stile::sim {
namespace {

struct MachineFile {
    explicit MachineFile(const std::string& name) {
        bind_machine(keys, machine);
        bind_cores(keys, config);
        Faults faults;
        keys.assign(load_tree(std::string(STILE_SOURCE_DIR "/configs/machines/") + name), faults);
        EXPECT_TRUE(faults.empty());
    }
    RunConfig config;
    model::MachineConfig& machine = config.machine;
    Registry keys;
};

// A second kind of core, rules that somebody wants to see broken, and a program of the user's, are not a
// machine's to say.
bool is_no_machine_s(const std::string& path) {
    return path.find(".little.") != std::string::npos || path.find(".checks.") != std::string::npos ||
           path.ends_with(".area.cacti");
}

TEST(MachineFiles, DefaultSaysEveryDefault) {
    const MachineFile f("default.yaml");
    for (const Key& key : f.keys.keys()) {
        if (is_no_machine_s(key.path())) continue;
        EXPECT_TRUE(key.was_given()) << key.path();
        EXPECT_EQ(key.value_text(), key.default_text()) << key.path();
    }
}

// No default may change it.
TEST(MachineFiles, XeonSaysEveryValue) {
    const MachineFile f("xeon-e3-1220v2.yaml");
    for (const Key& key : f.keys.keys()) {
        if (is_no_machine_s(key.path())) continue;
        EXPECT_TRUE(key.was_given()) << key.path();
    }
    EXPECT_EQ(f.machine.cores, 4u);
    EXPECT_EQ(f.machine.core.model, model::CoreModel::ooo);
}

TEST(MachineFiles, CanBeBuilt) {
    for (const char* name :
         {"default.yaml", "xeon-e3-1220v2.yaml", "golden-cove.yaml", "atom-bonnell.yaml", "phone.yaml"}) {
        const MachineFile f(name);
        for (const auto& c : {f.machine.l1i, f.machine.l1d, f.machine.l2, f.machine.llc})
            EXPECT_NO_THROW(model::Cache(name, c));
        for (const auto& t : {f.machine.itlb, f.machine.dtlb, f.machine.stlb})
            EXPECT_NO_THROW(model::Tlb(name, t));
        model::Counters counters;
        EXPECT_NO_THROW(model::BranchPredictor(f.machine.core.predictor, counters));
    }
}

}  // namespace
}  // namespace stile::sim
