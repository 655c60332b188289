// SPDX-License-Identifier: Apache-2.0
//
// Do the machine files say what they claim: default.yaml every built-in default, the others only their own
// differences, each a machine that can be built?
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
        Faults faults;
        keys.assign(load_tree(std::string(STILE_SOURCE_DIR "/configs/machines/") + name), faults);
        EXPECT_TRUE(faults.empty());
    }
    model::MachineConfig machine;
    Registry keys;
};

TEST(MachineFiles, DefaultSaysEveryDefault) {
    const MachineFile f("default.yaml");
    for (const Key& key : f.keys.keys()) {
        EXPECT_TRUE(key.was_given()) << key.path();
        EXPECT_EQ(key.value_text(), key.default_text()) << key.path();
    }
}

TEST(MachineFiles, XeonDiffersWhereItsSourcesDo) {
    const MachineFile f("xeon-e3-1220v2.yaml");
    std::string differences;
    for (const Key& key : f.keys.keys())
        if (key.value_text() != key.default_text()) differences += key.path() + '=' + key.value_text() + ' ';
    EXPECT_EQ(differences,
              "machine.name=xeon-e3-1220v2 machine.core.model=ooo machine.core.width=4 machine.core.mispredict=16 ");
}

TEST(MachineFiles, CanBeBuilt) {
    for (const char* name : {"default.yaml", "xeon-e3-1220v2.yaml"}) {
        const MachineFile f(name);
        for (const auto& c : {f.machine.l1i, f.machine.l1d, f.machine.l2, f.machine.llc})
            EXPECT_NO_THROW(model::Cache(name, c));
        for (const auto& t : {f.machine.itlb, f.machine.dtlb, f.machine.stlb})
            EXPECT_NO_THROW(model::Tlb(name, t));
        EXPECT_NO_THROW(model::BranchPredictor{f.machine.core});
    }
}

}  // namespace
}  // namespace stile::sim
