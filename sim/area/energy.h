// SPDX-License-Identifier: Apache-2.0
//
// Energy of a run: what was counted, times the energy of an access; leakage, times simulated time. An array
// whose accesses nobody counts has leakage only.
#pragma once

#include <vector>

#include "model/config.h"
#include "sim/area/arrays.h"
#include "sim/results/row_result.h"

namespace stile::sim {

// Their names and what they are of, with the value 0: nothing is sized.
std::vector<RowStatistic> energy_statistics(const model::MachineConfig& machine);

// Adds them to a row's statistics, from the others.
void add_energy(const model::MachineConfig& machine, ArraySizer& sizer, std::vector<RowStatistic>& row);

}  // namespace stile::sim
