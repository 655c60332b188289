// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/config/tree.h"
#include "sim/report/diff.h"
#include "sim/report/sweep_data.h"
#include "sim/results/csv.h"
#include "sim/results/run_directory.h"
#include "sim/sqlite/sqlite.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

const std::vector<std::string> run_key{"mechanism", "policy",     "scope", "placement", "size_bytes",
                                       "proxies",   "protection", "core",  "machine",   "kernel_profile"};

// Each value of the tree by its full key; a list as one value.
void flatten(const Node& node, const std::string& path, std::map<std::string, std::string>& out) {
    const auto below = [&](const std::string& name) { return path.empty() ? name : path + "." + name; };
    switch (node.kind) {
        case Node::Kind::map:
            for (const Node::Entry& entry : node.entries) flatten(entry.value, below(entry.key), out);
            return;
        case Node::Kind::sequence: {
            std::string all;
            for (size_t i = 0; i < node.items.size(); ++i) {
                const Node& item = node.items[i];
                if (item.kind == Node::Kind::scalar) {
                    all += (all.empty() ? "" : ", ") + item.text;
                } else {
                    flatten(item, fmt::format("{}[{}]", path, i), out);
                }
            }
            out[path] = "[" + all + "]";
            return;
        }
        case Node::Kind::scalar:
            out[path] = node.text;
            return;
        case Node::Kind::null:
            out[path] = "";
    }
}

void read_configuration(const std::string& yaml, const std::string& name, Results& results) {
    if (yaml.empty()) return;
    flatten(parse_yaml(yaml, name), "", results.configuration);
}

// A number as results.csv would have it.
std::string cell_of(const ordered_json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return number_text(value.get<double>());
    return value.dump();
}

Results load_run(const fs::path& directory, bool with_statistics) {
    Results results;
    const Csv csv = parse_csv(read_file(directory / "results.csv"));
    results.key_columns = run_key;
    results.figure_columns = {"status"};
    for (const std::string& column : csv.header)
        if (std::find(run_key.begin(), run_key.end(), column) == run_key.end())
            results.figure_columns.push_back(column);
    const auto key_in_csv = [&](size_t i) {
        std::vector<std::string> key;
        for (const std::string& column : run_key) key.push_back(csv.at(i, column));
        return key;
    };
    std::map<std::vector<std::string>, size_t> lines;
    for (size_t i = 0; i < csv.rows.size(); ++i) lines.try_emplace(key_in_csv(i), i);
    // stats.json has all rows, also those that failed or were refused before a timed call.
    const auto stats = ordered_json::parse(read_file(directory / "stats.json"));
    for (const auto& row : stats.at("rows")) {
        Results::Row one;
        for (const std::string& column : run_key) one.key.push_back(cell_of(row.at("key").at(column)));
        one.figures = {row.at("status").get<std::string>()};
        const auto line = lines.find(one.key);
        for (size_t i = 1; i < results.figure_columns.size(); ++i) {
            const std::string& column = results.figure_columns[i];
            one.figures.push_back(line != lines.end() ? csv.at(line->second, column) : "");
        }
        if (with_statistics) {
            for (const auto& [name, value] : row.at("statistics").items())
                one.statistics[name] = cell_of(value);
            for (const auto& [name, value] : row.at("reports").items())
                one.statistics["report." + name] = cell_of(value);
        }
        results.rows.push_back(std::move(one));
    }
    if (fs::exists(directory / "config.yaml"))
        read_configuration(read_file(directory / "config.yaml"), (directory / "config.yaml").string(),
                           results);
    return results;
}

void add_statistics(const fs::path& file, const SweepData& data,
                    const std::map<std::pair<int64_t, int64_t>, size_t>& place, Results& results) {
    const Database database(file, Database::For::reading);
    database.query("SELECT point, row, name, value FROM statistics", [&](const Statement& row) {
        const auto found = place.find({row.integer(0), row.integer(1)});
        if (found != place.end()) results.rows[found->second].statistics[row.text(2)] = row.cell(3);
    });
}

Results load_sweep_results(const fs::path& directory, bool with_statistics) {
    const fs::path file = directory / "results.sqlite";
    const SweepData data = read_sweep(file);
    Results results;
    results.is_sweep = true;
    for (const Axis& axis : data.axes) results.axes.push_back(axis.key);
    results.key_columns = results.axes;
    results.key_columns.insert(results.key_columns.end(), run_key.begin(), run_key.end());
    results.figure_columns = {"status", "area_mm2", "area_swept_mm2", "access_ns_swept"};
    std::vector<size_t> keys(run_key.size(), data.columns.size()), figures;
    for (size_t i = 0; i < data.columns.size(); ++i) {
        const auto key = std::find(run_key.begin(), run_key.end(), data.columns[i]);
        if (key != run_key.end()) {
            keys[static_cast<size_t>(key - run_key.begin())] = i;
        } else {
            figures.push_back(i);
            results.figure_columns.push_back(data.columns[i]);
        }
    }
    const auto begin_row = [&](const SweepPoint& point) {
        Results::Row row;
        for (const AxisValue& value : point.values) row.key.push_back(value.text);
        row.figures.push_back(point.status);
        for (const auto& cost : {point.area, point.area_swept, point.access_swept})
            row.figures.push_back(cost ? fmt::format("{:.6g}", *cost) : "");
        return row;
    };
    // What all rows have in common is true of points that have none, too.
    std::vector<std::string> common(run_key.size());
    for (size_t k = 0; k < keys.size(); ++k) {
        std::set<std::string> cells;
        for (const SweepRow& row : data.rows)
            if (keys[k] < data.columns.size()) cells.insert(row.cells[keys[k]]);
        if (cells.size() == 1) common[k] = *cells.begin();
    }
    std::map<std::pair<int64_t, int64_t>, size_t> place;
    size_t next = 0;
    for (size_t p = 0; p < data.points.size(); ++p) {
        const size_t first = next;
        for (; next < data.rows.size() && data.rows[next].point == p; ++next) {
            Results::Row row = begin_row(data.points[p]);
            for (size_t column : keys)
                row.key.push_back(column < data.columns.size() ? data.rows[next].cells[column] : "");
            for (size_t column : figures) row.figures.push_back(data.rows[next].cells[column]);
            place[{data.points[p].number, data.rows[next].row}] = results.rows.size();
            results.rows.push_back(std::move(row));
        }
        if (next > first) continue;
        // A point without rows still has a status.
        Results::Row row = begin_row(data.points[p]);
        row.key.insert(row.key.end(), common.begin(), common.end());
        row.figures.resize(results.figure_columns.size());
        results.rows.push_back(std::move(row));
    }
    if (with_statistics) add_statistics(file, data, place, results);
    read_configuration(data.get("config_yaml"), (directory / "config.yaml").string(), results);
    return results;
}

}  // namespace

Results load_results(const fs::path& directory, bool with_statistics) {
    if (fs::exists(directory / "results.sqlite")) return load_sweep_results(directory, with_statistics);
    if (!fs::exists(directory / "results.csv"))
        throw std::runtime_error(directory.string() +
                                 " has neither results.sqlite nor results.csv: it is no run and no sweep");
    try {
        return load_run(directory, with_statistics);
    } catch (const nlohmann::json::exception& error) {
        throw std::runtime_error(
            fmt::format("{} cannot be understood: {}", (directory / "stats.json").string(), error.what()));
    }
}

}  // namespace stile::sim
