// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "model/config.h"
#include "sim/results/row_result.h"

namespace stile::sim {

// What a row of this machine has in stats.json, all of it zero; what the guest names (report.NAME,
// kernel.enosys.NAME, core.unsupported.MNEMONIC) apart. Makes the process's only machine.
std::vector<RowStatistic> possible_statistics(const model::MachineConfig& machine);

}  // namespace stile::sim
