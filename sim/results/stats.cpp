// SPDX-License-Identifier: Apache-2.0
#include "sim/results/stats.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/results/csv.h"

namespace stile::sim {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value, bool integral) {
    return integral ? Json(static_cast<uint64_t>(value)) : Json(value);
}

Json key_json(const RowKey& key) {
    return {{"mechanism", key.mechanism},   {"policy", key.policy},
            {"scope", key.scope},           {"placement", key.placement},
            {"size_bytes", key.size_bytes}, {"proxies", key.proxies},
            {"protection", key.protection}, {"core", key.core},
            {"machine", key.machine},       {"kernel_profile", key.kernel_profile}};
}

}  // namespace

std::string stats_txt(const std::vector<RowResult>& rows) {
    std::string out;
    for (const RowResult& row : rows) {
        out += "\n---------- Begin Simulation Statistics ----------\n";
        out += fmt::format("# row: {} ({})\n", row.key.text(), status_name(row.status));
        for (const RowStatistic& s : row.statistics) {
            out += fmt::format(
                "{:<48} {:>18}  # {}{}\n", s.path,
                s.integral ? std::to_string(static_cast<uint64_t>(s.value)) : number_text(s.value),
                s.description.empty() ? s.path : s.description, s.unit.empty() ? "" : " (" + s.unit + ")");
        }
        for (const auto& [name, value] : row.reports) {
            out += fmt::format("{:<48} {:>18}  # reported by the workload\n", "report." + name, value);
        }
        out += "\n---------- End Simulation Statistics   ----------\n";
    }
    return out;
}

std::string stats_json(const std::vector<RowResult>& rows) {
    Json all = Json::array();
    for (const RowResult& row : rows) {
        Json statistics = Json::object(), reports = Json::object();
        for (const RowStatistic& s : row.statistics) statistics[s.path] = number(s.value, s.integral);
        for (const auto& [name, value] : row.reports) reports[name] = value;
        Json one{{"key", key_json(row.key)},
                 {"status", status_name(row.status)},
                 {"measured", row.measured},
                 {"cycles", row.cycles},
                 {"instructions", row.instructions}};
        if (row.exit_status) one["exit_status"] = *row.exit_status;
        if (row.status == RowResult::Status::refused) one["errno"] = row.refused_errno;
        one["failures"] = row.failures;
        one["warnings"] = row.warnings;
        one["reports"] = reports;
        one["statistics"] = statistics;
        all.push_back(one);
    }
    return Json{{"rows", all}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string state_txt(const std::vector<RowResult>& rows) {
    std::string out;
    for (const RowResult& row : rows)
        if (!row.state.empty()) out += "=== " + row.key.text() + "\n" + row.state;
    return out;
}

std::string console_txt(const std::vector<RowResult>& rows) {
    if (rows.size() == 1) return rows[0].console;
    std::string out;
    for (const RowResult& row : rows) {
        out += "=== " + row.key.text() + "\n" + row.console;
        if (!row.console.empty() && row.console.back() != '\n') out += "\n";
    }
    return out;
}

}  // namespace stile::sim
