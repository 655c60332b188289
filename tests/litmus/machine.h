// SPDX-License-Identifier: Apache-2.0
//
// Litmus tests on the whole machine: SystemC, coherent caches, cores that start each other by messages and
// take turns as their clocks say.
#pragma once

#include "model/config.h"
#include "tests/litmus/program.h"

namespace stile::test {

struct MachineRun {
    model::CoreModel model = model::CoreModel::ooo;
    model::Cycles quantum = 10'000;
    unsigned tries = 1000;
    uint64_t seed = 1;
};
// In a process of its own: SystemC allows one machine in each. Throws std::runtime_error.
Counts run_machine(const Litmus& test, const MachineRun& how);

}  // namespace stile::test
