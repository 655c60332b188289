// SPDX-License-Identifier: Apache-2.0
//
// report.html, made from the files of a run directory alone, so that `stile report` can make it again.
#pragma once

#include <string>

namespace stile::sim {

struct ReportInput {
    std::string title;
    std::string results_csv, refused_csv, config_yaml;
    std::string stats_json;  // for what failed
    std::string host_json;   // only the footer depends on it; may be empty
};

// Throws std::runtime_error when one of the files cannot be understood.
std::string report_html(const ReportInput& input);

}  // namespace stile::sim
