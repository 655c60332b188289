// SPDX-License-Identifier: Apache-2.0
//
// The rows of a configuration, simulated: what `stile run` and a point of a sweep have in common.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/checkpoint/options.h"
#include "sim/config/load.h"
#include "sim/results/run_directory.h"
#include "sim/run/row_pool.h"

namespace stile::sim {

struct PerformOptions {
    unsigned jobs = 1;
    bool console = false;
    double timeout_seconds = 0;  // of host time, for all rows together; 0: none
    std::function<void(const PoolStatus&)> status;
    CheckpointOptions checkpoints;
};

struct Performed {
    std::vector<RowResult> rows;
    KeptFolders kept;
    bool interrupted = false;
    unsigned jobs = 1;
    double seconds = 0;  // of host time
};

Performed perform(const LoadedConfig& loaded, const std::vector<workload::Row>& rows,
                  const PerformOptions& options);

// All files of a run directory; the report among them if the configuration wants one.
std::map<std::string, std::string> directory_files(const LoadedConfig& loaded, const Performed& performed);

}  // namespace stile::sim
