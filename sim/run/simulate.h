// SPDX-License-Identifier: Apache-2.0
//
// One row, from reset to power-off, on a machine of its own.
#pragma once

#include <functional>
#include <vector>

#include "sim/checkpoint/options.h"
#include "sim/config/run_config.h"
#include "sim/results/row_result.h"
#include "sim/run/conductor.h"

namespace stile::sim {

struct SimulateOptions {
    bool console_to_stderr = false;
    ProgressFunction progress;
    CheckpointOptions checkpoints = {};
};

RowKey row_key(const RunConfig& config, const workload::Row& row);

// Makes the process's only machine: SystemC allows one simulation per process. What the guest does wrong is
// in the result; what Stile does wrong is an exception.
RowResult simulate(const RunConfig& config, const workload::Row& row, const SimulateOptions& options);

}  // namespace stile::sim
