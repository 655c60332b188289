// SPDX-License-Identifier: Apache-2.0
//
// Points in the columns of tests/data/cacti_points.csv.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>
#include <vector>

#include "model/area/inventory.h"
#include "model/area/technology.h"
#include "sim/cli/area.h"
#include "sim/config/fault.h"
#include "sim/results/run_directory.h"

namespace stile::sim {
namespace {

using namespace model::area;

const std::array<std::string, 4> outputs{"access_ns", "dyn_read_nJ", "leak_mW", "area_mm2"};

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> cells;
    std::stringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) {
        const size_t first = cell.find_first_not_of(" \t\r"), last = cell.find_last_not_of(" \t\r");
        cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
    }
    if (!line.empty() && line.back() == ',') cells.emplace_back();
    return cells;
}

struct Points {
    std::string path;
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;
    std::vector<unsigned> lines;

    explicit Points(const std::string& file) : path(file) {
        std::string text;
        try {
            text = read_file(file);
        } catch (const std::runtime_error& error) {
            throw BadInput({file, 0, 0}, error.what(),
                           "a file with the columns of tests/data/cacti_points.csv is expected");
        }
        std::stringstream in(text);
        unsigned number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
            std::vector<std::string> cells = split(line);
            if (header.empty()) {
                header = std::move(cells);
                continue;
            }
            if (cells.size() > header.size())
                throw BadInput({file, number, 1}, fmt::format("{} cells", cells.size()),
                               fmt::format("the header has {} columns", header.size()));
            cells.resize(header.size());
            rows.push_back(std::move(cells));
            lines.push_back(number);
        }
        for (const char* name : {"kind", "size_bytes", "block_bytes", "assoc", "tag_bits", "tech_nm"})
            if (column(name) < 0)
                throw BadInput({file, 1, 1}, fmt::format("there is no column '{}'", name),
                               "kind,size_bytes,block_bytes,assoc,tag_bits,tech_nm,rw_ports are expected");
    }
    int column(const std::string& name) const {
        const auto found = std::find(header.begin(), header.end(), name);
        return found == header.end() ? -1 : static_cast<int>(found - header.begin());
    }
    std::string cell(size_t row, const std::string& name) const {
        const int at = column(name);
        return at < 0 ? "" : rows[row][static_cast<size_t>(at)];
    }
    uint64_t number(size_t row, const std::string& name, uint64_t least, uint64_t most,
                    uint64_t missing) const {
        const std::string text = cell(row, name);
        if (text.empty() && missing != UINT64_MAX) return missing;
        uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
            throw BadInput({path, lines[row], 1}, fmt::format("{} is '{}'", name, text),
                           fmt::format("an integer from {} to {} is expected", least, most));
        return value;
    }
};

Structure structure_of(const Points& points, size_t row, unsigned& nm, ArraySpec& spec) {
    constexpr uint64_t required = UINT64_MAX;
    const std::string kind = points.cell(row, "kind"), tag = points.cell(row, "tag_bits");
    const auto bad = [&](const std::string& wrong, const std::string& right) {
        return BadInput({points.path, points.lines[row], 1}, wrong, right);
    };
    if (kind != "cache" && kind != "ram" && kind != "fa")
        throw bad(fmt::format("kind is '{}'", kind), "cache, ram or fa is expected");
    nm = static_cast<unsigned>(points.number(row, "tech_nm", 22, 45, required));
    if (std::find(nodes().begin(), nodes().end(), nm) == nodes().end())
        throw bad(fmt::format("tech_nm is {}", nm), "22, 32 or 45 is expected");
    const uint64_t size = points.number(row, "size_bytes", 1, uint64_t{1} << 32, required);
    const uint64_t block = points.number(row, "block_bytes", 1, 4096, required);
    const auto ways = static_cast<unsigned>(points.number(row, "assoc", 0, 64, required));
    if (size < block) throw bad("size_bytes is less than block_bytes", "an entry at least is expected");
    spec = {};
    spec.kind = kind == "ram"               ? ArrayKind::ram
                : kind == "fa" || ways == 0 ? ArrayKind::associative
                                            : ArrayKind::cache;
    if (ways > 1 && (ways & (ways - 1)) != 0)
        throw bad(fmt::format("assoc is {}", ways), "a power of two is expected");
    spec.bits = 8 * size, spec.block_bits = static_cast<unsigned>(8 * block), spec.nm = nm;
    spec.ways = spec.kind == ArrayKind::cache ? ways : 1;
    if (spec.kind != ArrayKind::ram && tag != "default" && !tag.empty())
        spec.tag_bits = static_cast<unsigned>(points.number(row, "tag_bits", 1, 1024, required));
    const auto ports = [&](const char* name, uint64_t missing) {
        return static_cast<unsigned>(points.number(row, name, 0, 16, missing));
    };
    spec.ports = {ports("rw_ports", 1), ports("rd_ports", 0), ports("wr_ports", 0), 0};
    const unsigned reading = spec.ports.read_write + spec.ports.read;
    if (reading == 0) throw bad("nothing reads", "a port at least is expected");
    if (spec.kind == ArrayKind::associative) spec.ports.search = ports("search_ports", reading);
    return {"point",   spec.kind, size / block, spec.block_bits, spec.tag_bits.value_or(0),
            spec.ways, spec.ports};
}

std::string error_table(std::map<std::string, std::array<std::vector<double>, 4>>& errors) {
    std::string out =
        "| arrays | points | access time | energy | leakage | area |\n| --- | --- | --- | --- | --- | --- "
        "|\n";
    for (auto& [name, columns] : errors) {
        out += fmt::format("| {} | {} |", name, columns[0].size());
        for (std::vector<double>& column : columns) {
            std::sort(column.begin(), column.end());
            if (column.empty()) {
                out += " - |";
                continue;
            }
            const size_t n = column.size();
            const double median = (column[(n - 1) / 2] + column[n / 2]) / 2;
            out += fmt::format(" {:.2f} %, {:.2f} % |", 100 * median, 100 * column.back());
        }
        out += "\n";
    }
    return out;
}

}  // namespace

std::string area_points(const std::string& path, bool errors) {
    Points points(path);
    for (const std::string& name : outputs) {
        if (points.column(name) >= 0) continue;
        points.header.push_back(name);
        for (auto& row : points.rows) row.emplace_back();
    }
    std::string out = fmt::format("{}\n", fmt::join(points.header, ","));
    std::map<std::string, std::array<std::vector<double>, 4>> off;
    for (size_t i = 0; i < points.rows.size(); ++i) {
        unsigned nm = 0;
        ArraySpec spec;
        const Structure structure = structure_of(points, i, nm, spec);
        const auto cut = estimate(spec);
        const ArrayFigures f = cut ? *cut : size_of(structure, nm).figures;
        const std::array<double, 4> figures{f.access_ns, f.read_nj, f.leakage_mw, f.area_mm2};
        const char* kind = spec.kind == ArrayKind::ram     ? "ram"
                           : spec.kind == ArrayKind::cache ? "set-associative"
                                                           : "fully associative";
        for (size_t c = 0; c < outputs.size(); ++c) {
            std::string& cell = points.rows[i][static_cast<size_t>(points.column(outputs[c]))];
            if (errors) {
                char* end = nullptr;
                const double given = std::strtod(cell.c_str(), &end);
                if (end != cell.c_str() && given > 0)
                    for (const std::string& group : {fmt::format("{}, {} nm", kind, nm), std::string("~all")})
                        off[group][c].push_back(std::abs(figures[c] / given - 1));
            }
            cell = fmt::format("{:.6g}", figures[c]);
        }
        out += fmt::format("{}\n", fmt::join(points.rows[i], ","));
    }
    if (!errors) return out;
    if (auto all = off.extract("~all")) {
        std::string table = error_table(off);
        std::map<std::string, std::array<std::vector<double>, 4>> last;
        last["all"] = std::move(all.mapped());
        const std::string tail = error_table(last);
        return table + tail.substr(tail.rfind("| all"));
    }
    throw BadInput({path, 1, 1}, "there is nothing to compare with",
                   "columns access_ns,dyn_read_nJ,leak_mW,area_mm2");
}

}  // namespace stile::sim
