// SPDX-License-Identifier: Apache-2.0
//
// results.csv, refused.csv and failed.csv.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/results/row_result.h"

namespace stile::sim {

// `reports`: figures of the workload's own, a column each after the fixed ones.
std::string results_csv(const std::vector<RowResult>& rows, const std::vector<std::string>& reports = {});
std::string refused_csv(const std::vector<RowResult>& rows);
// Rows that did not come to their end, also those that have figures; nothing at all where there are none.
std::string failed_csv(const std::vector<RowResult>& rows);

// A table as it stands in a file: header and cells.
struct Csv {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;

    // The cell below `column`; empty if there is no such column.
    std::string at(size_t row, const std::string& column) const;
};
// Throws std::runtime_error that names the line.
Csv parse_csv(const std::string& text);

// `text` as one cell: in quotes where it must be.
std::string csv_cell(const std::string& text);

// At most six decimals, without trailing zeros: 12, 12.5, 0.333333.
std::string number_text(double value);
// The other way round: nothing if the text is not a number from end to end.
std::optional<double> whole_number(const std::string& text);

}  // namespace stile::sim
