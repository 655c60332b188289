// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sim/report/sweep_data.h"

namespace stile::sim {

// results.csv of a sweep: the columns of a run, then `point`, the axes, and what the point's arrays cost.
std::string sweep_csv(const SweepData& data);

}  // namespace stile::sim
