// SPDX-License-Identifier: Apache-2.0
//
// Litmus tests on bare cores that take turns at random: any core, for any number of cycles up to a hundred or
// so. Every memory access beyond the first-level cache takes a random time. What a clock would rule out is
// tried, too, so that memory order must hold without its help.
#pragma once

#include <functional>

#include "model/core/core_impl.h"
#include "tests/litmus/program.h"

namespace stile::test {

struct BareRun {
    model::CoreModel model = model::CoreModel::ooo;
    unsigned tries = 1000;
    uint64_t seed = 1;
    std::function<void(model::Core::Impl&)> plant;  // told of each core before it runs
};
// Throws std::runtime_error if the cores do not come to an end.
Counts run_bare(const Litmus& test, const BareRun& how);

}  // namespace stile::test
