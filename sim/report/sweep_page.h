// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/report/charts.h"

namespace stile::sim {

struct DrawnChart {
    Chart chart;
    std::string svg;
};

// report.html of a sweep: one file that needs nothing else. `charts` are what is seen without JavaScript.
std::string sweep_page(const SweepData& data, const std::vector<DrawnChart>& charts);

// What the page's script works on.
nlohmann::ordered_json page_data(const SweepData& data, const Selection& selection);

}  // namespace stile::sim
