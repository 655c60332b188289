// SPDX-License-Identifier: Apache-2.0
#include "sim/report/sweep_csv.h"

#include <fmt/format.h>

#include "sim/results/csv.h"

namespace stile::sim {
namespace {

// Areas may be far below a millionth of a mm2: digits that count, not decimals.
std::string cost_cell(const std::optional<double>& value) {
    return value ? fmt::format("{:.6g}", *value) : std::string();
}

}  // namespace

std::string sweep_csv(const SweepData& data) {
    std::string out;
    for (const std::string& column : data.columns) out += csv_cell(column) + ",";
    out += "point";
    for (const Axis& axis : data.axes) out += "," + csv_cell(axis.key);
    out += ",area_mm2,area_swept_mm2,access_ns_swept\n";
    for (const SweepRow& row : data.rows) {
        const SweepPoint& point = data.points[row.point];
        if (!row.in_results) continue;
        for (const std::string& cell : row.cells) out += csv_cell(cell) + ",";
        out += std::to_string(point.number);
        for (const AxisValue& value : point.values) out += "," + csv_cell(value.text);
        out += fmt::format(",{},{},{}\n", cost_cell(point.area), cost_cell(point.area_swept),
                           cost_cell(point.access_swept));
    }
    return out;
}

}  // namespace stile::sim
