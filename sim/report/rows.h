// SPDX-License-Identifier: Apache-2.0
//
// What a sweep says whose designs hardly differ, but the rows of a point do: mechanisms, policies.
// page/rows.js says the same for whatever is selected in the page; a test compares the two.
//
// Rows that do the same work in different ways (struct Kind) are compared along an axis that has an order:
// which is best where, how far behind the next mechanism is at both ends, and which change places. A
// difference that is not worth having (front.h) changes no place. Where policies differ, each is told by what
// it costs over `low`.
#pragma once

#include "sim/report/front.h"

namespace stile::sim {

// Over the first axis of the design, or of the load; a figure is the best over other designs, the mean over
// other loads.
std::optional<RowsTable> rows_table(const SweepData& data, Selection selection);

std::string rows_text(const SweepData& data, const Selection& selection, const RowsTable& table);
// "mean over live, best over ways"
std::string rows_over(const SweepData& data, const Selection& selection, const RowsTable& table);

// A line per kind of row, headed by levels; of many levels some. Where there is no figure the cell says why.
std::vector<std::vector<std::string>> rows_cells(const SweepData& data, const Selection& selection,
                                                 const RowsTable& table);

}  // namespace stile::sim
