// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sim/results/row_result.h"

namespace stile::sim {

// gem5's format: one section per row, `name value # description (unit)`.
std::string stats_txt(const std::vector<RowResult>& rows);
std::string stats_json(const std::vector<RowResult>& rows);
// What machines were doing that ended in a way that nobody wanted; empty if there was none.
std::string state_txt(const std::vector<RowResult>& rows);
// What the guest printed, row by row.
std::string console_txt(const std::vector<RowResult>& rows);

}  // namespace stile::sim
