// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sim/results/row_result.h"

namespace stile::sim {

// The table on stdout: what people look at first. Rows that failed say so in place of figures.
std::string result_table(const std::vector<RowResult>& rows);

// Columns padded to the widest cell; the first `left` of them to the left, the others to the right.
std::string aligned(const std::vector<std::vector<std::string>>& cells, size_t left);

// 1234567.8 -> "1234568", 12.34 -> "12.3": as many digits as mean something to a reader.
std::string short_number(double value);

}  // namespace stile::sim
