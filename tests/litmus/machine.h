// SPDX-License-Identifier: Apache-2.0
//
// Litmus tests on the whole machine: SystemC, coherent caches, cores that start each other by messages and
// take turns as their clocks say.
#pragma once

#include "tests/litmus/plant.h"
#include "tests/litmus/program.h"

namespace stile::test {

struct MachineRun {
    model::CoreModel model = model::CoreModel::ooo;
    model::Cycles quantum = 10'000;
    unsigned tries = 1000;
    uint64_t seed = 1;
    Plant plant{};  // into each core before it runs
};
// In a process of its own. Throws std::runtime_error.
Counts run_machine(const Litmus& test, const MachineRun& how);

}  // namespace stile::test
