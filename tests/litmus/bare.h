// SPDX-License-Identifier: Apache-2.0
//
// Litmus tests on bare cores that take turns at random (turns.h).
#pragma once

#include "tests/litmus/plant.h"
#include "tests/litmus/program.h"

namespace stile::test {

struct BareRun {
    model::CoreModel model = model::CoreModel::ooo;
    unsigned tries = 1000;
    uint64_t seed = 1;
    Plant plant{};  // into each core before it runs
};
// Throws std::runtime_error if the cores do not come to an end.
Counts run_bare(const Litmus& test, const BareRun& how);

}  // namespace stile::test
