// SPDX-License-Identifier: Apache-2.0
#include "sim/results/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "sim/results/csv.h"

namespace stile::sim {
namespace {

// results.csv has all digits.
std::string copies_text(double copies) { return number_text(std::round(copies * 100) / 100); }

std::string ratio_text(double ratio) {
    return fmt::format("{:.{}f}", ratio, ratio < 10 ? 2 : ratio < 100 ? 1 : 0);
}

std::string exit_text(const RowResult& row) {
    if (!row.exit_status) return row.status == RowResult::Status::done ? "stopped" : "-";
    const auto status = static_cast<unsigned>(*row.exit_status);
    if ((status & 0x7f) != 0) return fmt::format("signal {}", status & 0x7f);
    return fmt::format("exit {}", (status >> 8) & 0xff);
}

// A call into nothing but a function is the unit that the others are held against.
std::map<int64_t, double> function_cycles(const std::vector<RowResult>& rows) {
    std::map<int64_t, double> cycles;
    for (const RowResult& row : rows) {
        if (row.figures && row.key.mechanism == "function")
            cycles[row.key.size_bytes] = row.figures->cycles_mean;
    }
    return cycles;
}

std::string note(const RowResult& row) {
    switch (row.status) {
        case RowResult::Status::refused: {
            const char* name = strerrorname_np(row.refused_errno);
            return fmt::format("refused: {}", name ? name : std::to_string(row.refused_errno));
        }
        case RowResult::Status::failed:
            return "FAILED";
        case RowResult::Status::crashed:
            return "CRASHED";
        case RowResult::Status::interrupted:
            return "not finished";
        case RowResult::Status::done:
            return "";
    }
    return "";
}

std::string measured_table(const std::vector<RowResult>& rows) {
    const std::map<int64_t, double> unit = function_cycles(rows);
    std::vector<std::vector<std::string>> cells{{"mechanism", "policy", "size", "cycles", "ns", "x function",
                                                 "syscalls", "switches", "copies", "checked"}};
    // The column is there where it tells rows apart.
    const bool placed = std::any_of(rows.begin(), rows.end(),
                                    [](const RowResult& row) { return row.key.placement == "other_core"; });
    if (placed) cells[0].insert(cells[0].begin() + 3, "placement");
    for (const RowResult& row : rows) {
        std::vector<std::string> line{row.key.mechanism, row.key.policy, size_text(row.key.size_bytes)};
        if (placed) line.push_back(row.key.placement);
        if (!row.figures) {
            line.push_back(note(row));
            line.resize(cells[0].size(), "");
            cells.push_back(line);
            continue;
        }
        const Figures& f = *row.figures;
        const auto function = unit.find(row.key.size_bytes);
        line.push_back(short_number(f.cycles_mean));
        line.push_back(short_number(f.ns_mean));
        line.push_back(function == unit.end() || function->second == 0
                           ? "-"
                           : ratio_text(f.cycles_mean / function->second));
        line.push_back(std::to_string(f.syscalls));
        line.push_back(std::to_string(f.context_switches));
        line.push_back(f.copies ? copies_text(*f.copies) : "-");
        line.push_back(row.status == RowResult::Status::failed ? "FAILED"
                       : !f.checked                            ? "-"
                       : *f.checked                            ? "yes"
                                                               : "NO");
        cells.push_back(line);
    }
    return aligned(cells, placed ? 4 : 2);
}

std::string program_table(const std::vector<RowResult>& rows) {
    std::vector<std::vector<std::string>> cells{{"workload", "ended with", "cycles", "instructions"}};
    for (const RowResult& row : rows) {
        std::string end = exit_text(row);
        if (row.status != RowResult::Status::done) end = end == "-" ? note(row) : end + ", " + note(row);
        cells.push_back(
            {row.key.mechanism, end, std::to_string(row.cycles), std::to_string(row.instructions)});
    }
    return aligned(cells, 2);
}

}  // namespace

std::string short_number(double value) { return fmt::format("{:.{}f}", value, value < 100 ? 1 : 0); }

std::string aligned(const std::vector<std::vector<std::string>>& cells, size_t left) {
    std::vector<size_t> width;
    for (const auto& line : cells) {
        width.resize(std::max(width.size(), line.size()));
        for (size_t i = 0; i < line.size(); ++i) width[i] = std::max(width[i], line[i].size());
    }
    std::string out;
    for (const auto& line : cells) {
        std::string text;
        for (size_t i = 0; i < line.size(); ++i) {
            if (i > 0) text += "  ";
            text += i < left ? fmt::format("{:<{}}", line[i], width[i])
                             : fmt::format("{:>{}}", line[i], width[i]);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + "\n";
    }
    return out;
}

std::string result_table(const std::vector<RowResult>& rows) {
    const bool measured =
        std::any_of(rows.begin(), rows.end(), [](const RowResult& row) { return row.measured; });
    return measured ? measured_table(rows) : program_table(rows);
}

}  // namespace stile::sim
