// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/store/point_result.h"

#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sim/results/sha256.h"

namespace stile::sim {
namespace {

using nlohmann::json;

constexpr const char* names[] = {"done", "failed", "timeout", "crashed", "invalid"};

PointResult::Status status_of(const std::string& name) {
    for (size_t i = 0; i < std::size(names); ++i)
        if (name == names[i]) return static_cast<PointResult::Status>(i);
    throw std::runtime_error("'" + name + "' is no status");
}

PointResult::Status worse(PointResult::Status a, PointResult::Status b) { return std::max(a, b); }

}  // namespace

const char* name_of(PointResult::Status status) { return names[static_cast<size_t>(status)]; }

PointResult judge_point(size_t point, const std::vector<RowResult>& rows) {
    PointResult result;
    result.point = point;
    result.status = PointResult::Status::done;
    bool of_guest = false;
    for (const RowResult& row : rows) {
        using Status = RowResult::Status;
        if (row.status == Status::done || row.status == Status::refused) continue;
        using Trouble = RowResult::Trouble;
        result.of_host |= row.trouble != Trouble::none;
        of_guest |= row.trouble == Trouble::none;
        result.status = worse(result.status, row.trouble == Trouble::timeout ? PointResult::Status::timeout
                                             : row.status == Status::crashed ? PointResult::Status::crashed
                                                                             : PointResult::Status::failed);
        std::string why;
        for (const std::string& failure : row.failures) why += (why.empty() ? "" : "; ") + failure;
        result.reason += (result.reason.empty() ? "" : "\n") + row.key.text() + ": " +
                         (why.empty() ? std::string(status_name(row.status)) : why);
    }
    // Another attempt would find the same again.
    if (of_guest) result.of_host = false;
    double instructions = 0;
    for (const RowResult& row : rows) {
        instructions += static_cast<double>(row.simulated_instructions());
        result.seconds += row.host_seconds;
    }
    if (result.seconds > 0) result.mips = instructions / result.seconds / 1e6;
    if (result.status == PointResult::Status::done) {
        for (RowResult row : rows) {
            row.console.clear();
            row.state.clear();
            row.proxies.clear();
            row.kept.clear();
            result.rows.push_back(std::move(row));
        }
    }
    return result;
}

std::string to_text(const PointResult& result) {
    json rows = json::array();
    for (const RowResult& row : result.rows) {
        json one = to_json(row);
        // Empty, and JSON text has no bytes.
        for (const char* bytes : {"console", "state", "kept"}) one.erase(bytes);
        rows.push_back(std::move(one));
    }
    const json all{{"point", result.point},
                   {"status", name_of(result.status)},
                   {"reason", result.reason},
                   {"of_host", result.of_host},
                   {"config_sha256", result.config_sha256},
                   {"program_sha256", result.program_sha256},
                   {"rows", rows},
                   {"seconds", result.seconds},
                   {"mips", result.mips}};
    const std::string text = all.dump(-1, ' ', false, json::error_handler_t::replace);
    // A number that lost a digit would still be JSON.
    return text + "\n" + sha256(text) + "\n";
}

PointResult point_from_text(const std::string& text) {
    const size_t end = text.find('\n');
    if (end == std::string::npos || text.substr(end + 1) != sha256(text.substr(0, end)) + "\n")
        throw std::runtime_error("its text does not fit the hash at its end");
    try {
        const json all = json::parse(text.substr(0, end));
        PointResult result;
        all.at("point").get_to(result.point);
        result.status = status_of(all.at("status").get<std::string>());
        all.at("reason").get_to(result.reason);
        all.at("of_host").get_to(result.of_host);
        all.at("config_sha256").get_to(result.config_sha256);
        all.at("program_sha256").get_to(result.program_sha256);
        for (json row : all.at("rows")) {
            for (const char* bytes : {"console", "state", "kept"}) row[bytes] = json::binary_t();
            result.rows.push_back(row_from_json(row));
        }
        all.at("seconds").get_to(result.seconds);
        all.at("mips").get_to(result.mips);
        return result;
    } catch (const json::exception& error) {
        throw std::runtime_error(error.what());
    }
}

}  // namespace stile::sim
