// SPDX-License-Identifier: Apache-2.0
#include "sim/results/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace stile::sim {
namespace {

constexpr const char* key_columns =
    "mechanism,policy,scope,placement,size_bytes,proxies,protection,core,machine,kernel_profile";
constexpr const char* figure_columns =
    "calls,cycles_mean,cycles_p50,cycles_p99,ns_mean,instructions,kernel_instructions,syscalls,context_"
    "switches,"
    "page_table_switches,bytes_copied,copies,copies_kernel,copies_proxy,copies_user,tlb_misses,apl_misses,"
    "domain_crossings,checked";

std::string key_cells(const RowKey& key) {
    return fmt::format("{},{},{},{},{},{},{},{},{},{}", csv_cell(key.mechanism), csv_cell(key.policy),
                       key.scope, key.placement, key.size_bytes, key.proxies, key.protection, key.core,
                       csv_cell(key.machine), key.kernel_profile);
}

// Of the whole row: all that is known of one that made no timed calls.
constexpr const char* run_columns = "run_cycles,run_ns,run_instructions";

std::string optional_cell(const std::optional<double>& value) { return value ? number_text(*value) : ""; }

std::string figure_cells(const std::optional<Figures>& figures) {
    if (!figures) return "0" + std::string(18 + model::phase_names.size(), ',');
    const Figures& f = *figures;
    std::string line = fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", f.calls, number_text(f.cycles_mean),
        number_text(f.cycles_p50), number_text(f.cycles_p99), number_text(f.ns_mean), f.instructions,
        f.kernel_instructions, f.syscalls, f.context_switches, f.page_table_switches, f.bytes_copied,
        optional_cell(f.copies), optional_cell(f.copies_kernel), optional_cell(f.copies_proxy),
        optional_cell(f.copies_user), f.tlb_misses, f.apl_misses, f.domain_crossings,
        f.checked ? (*f.checked ? "1" : "0") : "");
    for (double cycles : f.phase) line += "," + number_text(cycles);
    return line;
}

std::string run_cells(const RowResult& row) {
    return fmt::format("{},{},{}", row.cycles, number_text(row.ns), row.instructions);
}

// What failed or was refused before its first timed call has no line, but one in failed.csv or refused.csv:
// every line has figures, so that nobody takes an empty cell for one.
bool has_line(const RowResult& row) { return row.figures || row.status == RowResult::Status::done; }

// A name that is reported again has its last value.
std::string report_cells(const RowResult& row, const std::vector<std::string>& reports) {
    std::string cells;
    for (const std::string& name : reports) {
        std::string value;
        for (const auto& [reported, number] : row.reports)
            if (reported == name) value = std::to_string(number);
        cells += "," + value;
    }
    return cells;
}

}  // namespace

std::string csv_cell(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string quoted = "\"";
    for (char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string number_text(double value) {
    std::string text = fmt::format("{:.6f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text == "-0" ? "0" : text;
}

std::optional<double> whole_number(const std::string& text) {
    // strtod() also reads "nan", "infinity" and hexadecimal, which are words here.
    if (text.empty() || text.find_first_not_of("+-.0123456789eE") != std::string::npos) return std::nullopt;
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end != text.c_str() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string results_csv(const std::vector<RowResult>& rows, const std::vector<std::string>& reports) {
    std::string out = fmt::format("{},{}", key_columns, figure_columns);
    for (const char* phase : model::phase_names) out += std::string(",phase_") + phase;
    out += std::string(",") + run_columns;
    for (const std::string& name : reports) out += "," + csv_cell(name);
    out += "\n";
    for (const RowResult& row : rows) {
        if (has_line(row))
            out += fmt::format("{},{},{}{}\n", key_cells(row.key), figure_cells(row.figures), run_cells(row),
                               report_cells(row, reports));
    }
    return out;
}

std::string refused_csv(const std::vector<RowResult>& rows) {
    std::string out = fmt::format("{},errno,errno_name,reason\n", key_columns);
    for (const RowResult& row : rows) {
        if (row.status != RowResult::Status::refused) continue;
        const char* name = strerrorname_np(row.refused_errno);
        out += fmt::format("{},{},{},{}\n", key_cells(row.key), row.refused_errno, name ? name : "",
                           csv_cell(row.refused_because));
    }
    return out;
}

std::string failed_csv(const std::vector<RowResult>& rows) {
    std::string out;
    for (const RowResult& row : rows) {
        if (row.status == RowResult::Status::done || row.status == RowResult::Status::refused) continue;
        out += fmt::format("{},{},{}\n", key_cells(row.key), status_name(row.status),
                           csv_cell(fmt::format("{}", fmt::join(row.failures, "; "))));
    }
    return out.empty() ? "" : fmt::format("{},status,reason\n", key_columns) + out;
}

std::string Csv::at(size_t row, const std::string& column) const {
    const auto found = std::find(header.begin(), header.end(), column);
    if (found == header.end()) return "";
    const auto index = static_cast<size_t>(found - header.begin());
    return index < rows[row].size() ? rows[row][index] : "";
}

Csv parse_csv(const std::string& text) {
    Csv csv;
    std::vector<std::string> cells(1);
    bool quoted = false;
    size_t line = 1;
    const auto end_line = [&] {
        if (csv.header.empty()) {
            csv.header = cells;
        } else if (cells.size() != csv.header.size()) {
            throw std::runtime_error(
                fmt::format("line {} has {} cells, the header {}", line, cells.size(), csv.header.size()));
        } else {
            csv.rows.push_back(cells);
        }
        cells.assign(1, "");
    };
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                cells.back() += text[++i];
            } else if (c == '"') {
                quoted = false;
            } else {
                cells.back() += c;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            cells.emplace_back();
        } else if (c == '\n') {
            end_line();
            ++line;
        } else if (c != '\r') {
            cells.back() += c;
        }
    }
    if (cells.size() > 1 || !cells[0].empty()) end_line();
    return csv;
}

}  // namespace stile::sim
