// SPDX-License-Identifier: Apache-2.0
//
// Everything that depends on the host or on how Stile was built.
#pragma once

#include <string>
#include <vector>

#include "sim/config/run_config.h"
#include "sim/results/row_result.h"

namespace stile::sim {

// What `stile --version` prints.
std::string version_text();

struct HostTimes {
    double wall_seconds = 0;
    unsigned jobs = 1;
};
std::string host_json(const RunConfig& config, const std::string& config_yaml,
                      const std::vector<RowResult>& rows, const HostTimes& times);

}  // namespace stile::sim
