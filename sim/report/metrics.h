// SPDX-License-Identifier: Apache-2.0
//
// The figures of a sweep that one can ask for: what a point costs, what its rows measured, the axes
// themselves, and statistics.
#pragma once

#include "sim/report/sweep_data.h"
#include "sim/sqlite/sqlite.h"

namespace stile::sim {

// Numbers in one page: above this statistics are left out, the last by name first.
inline constexpr size_t page_numbers = 400'000;

void read_metrics(const Database& database, SweepData& data);

}  // namespace stile::sim
