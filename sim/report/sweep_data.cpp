// SPDX-License-Identifier: Apache-2.0
#include "sim/report/sweep_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "sim/config/design.h"
#include "sim/config/tree.h"
#include "sim/report/metrics.h"
#include "sim/results/csv.h"
#include "sim/results/row_result.h"
#include "sim/sqlite/sqlite.h"

namespace stile::sim {
namespace {

constexpr int64_t schema_version = 1;

// "machine.codoms.apl_cache.entries" -> "apl_cache.entries"
std::string short_name(const std::string& key) {
    const size_t last = key.rfind('.');
    if (last == std::string::npos || last == 0) return key;
    const size_t before = key.rfind('.', last - 1);
    const std::string name = before == std::string::npos ? key : key.substr(before + 1);
    // What a workload is told needs no owner's name.
    return name.starts_with("workload.") || name.starts_with("measure.") ? key.substr(last + 1) : name;
}

void read_axes(const Database& database, SweepData& data) {
    database.query("SELECT key, unit, zip_group FROM axes ORDER BY position", [&](const Statement& row) {
        data.axes.push_back({row.text(0), row.text(1),
                             row.is_null(2) ? std::nullopt : std::optional<int64_t>(row.integer(2))});
    });
    std::map<int64_t, size_t> of_group;
    for (size_t i = 0; i < data.axes.size(); ++i) {
        const Axis& axis = data.axes[i];
        const auto known = axis.zip_group ? of_group.find(*axis.zip_group) : of_group.end();
        if (known != of_group.end()) {
            data.dimensions[known->second].axes.push_back(i);
            data.dimensions[known->second].keys.push_back(axis.key);
            continue;
        }
        if (axis.zip_group) of_group[*axis.zip_group] = data.dimensions.size();
        data.dimensions.push_back({{i}, false, {}, {axis.key}});
    }
    for (Dimension& dimension : data.dimensions)
        dimension.load = std::all_of(dimension.keys.begin(), dimension.keys.end(),
                                     [](const std::string& key) { return !is_built(key); });
}

void read_points(const Database& database, SweepData& data) {
    std::map<int64_t, size_t> index;
    database.query("SELECT point, status, reason FROM points ORDER BY point", [&](const Statement& row) {
        index[row.integer(0)] = data.points.size();
        SweepPoint point;
        point.number = row.integer(0);
        point.status = row.text(1);
        point.reason = row.text(2);
        point.values.resize(data.axes.size());
        data.points.push_back(std::move(point));
    });
    std::map<std::string, size_t> axis;
    for (size_t i = 0; i < data.axes.size(); ++i) axis[data.axes[i].key] = i;
    database.query("SELECT point, key, value, number FROM axis_values", [&](const Statement& row) {
        const auto point = index.find(row.integer(0));
        const auto key = axis.find(row.text(1));
        if (point == index.end() || key == axis.end()) return;
        data.points[point->second].values[key->second] = {row.text(2), row.number(3)};
    });
}

// What all points have that no axis changes.
std::string base_value(const SweepData& data, std::initializer_list<const char*> path) {
    if (data.get("config_yaml").empty()) return "";
    try {
        const Node yaml = parse_yaml(data.get("config_yaml"), "config_yaml");
        const Node* node = &yaml;
        for (const char* name : path) {
            const Node::Entry* entry = node->find(name);
            if (!entry) return "";
            node = &entry->value;
        }
        return node->text;
    } catch (const BadInput&) {
        return "";  // what is damaged here is for people alone
    }
}

void read_core_models(SweepData& data) {
    const auto axis = std::find_if(data.axes.begin(), data.axes.end(),
                                   [](const Axis& one) { return one.key == "machine.core.model"; });
    const auto place = static_cast<size_t>(axis - data.axes.begin());
    const std::string base = axis == data.axes.end() ? base_value(data, {"machine", "core", "model"}) : "";
    for (SweepPoint& point : data.points)
        point.timed = (axis == data.axes.end() ? base : point.values[place].text) != "functional";
}

// The values of each dimension, in an order that reads well, and each point's place in it.
void sort_levels(SweepData& data) {
    for (Dimension& dimension : data.dimensions) {
        const auto of_point = [&](const SweepPoint& point) {
            std::vector<AxisValue> level;
            for (size_t axis : dimension.axes) level.push_back(point.values[axis]);
            return level;
        };
        const auto text = [](const std::vector<AxisValue>& level) {
            std::string all;
            for (const AxisValue& value : level) all += value.text + '\0';
            return all;
        };
        std::set<std::string> seen;
        for (const SweepPoint& point : data.points) {
            auto level = of_point(point);
            if (seen.insert(text(level)).second) dimension.levels.push_back(std::move(level));
        }
        if (dimension.numeric()) {
            std::stable_sort(dimension.levels.begin(), dimension.levels.end(),
                             [](const auto& a, const auto& b) { return *a[0].number < *b[0].number; });
        }
        std::map<std::string, size_t> place;
        for (size_t i = 0; i < dimension.levels.size(); ++i) place[text(dimension.levels[i])] = i;
        for (SweepPoint& point : data.points) point.levels.push_back(place[text(of_point(point))]);
    }
}

// Arrays whose figures differ between any two points are what the sweep is about.
void read_arrays(const Database& database, SweepData& data) {
    struct Array {
        int64_t point;
        std::string name, figures;
        double area, access;
        bool shared;
    };
    std::vector<Array> arrays;
    database.query(
        "SELECT point, name, bits, area_mm2, access_ns, read_pJ, leakage_mW, shared FROM arrays ORDER "
        "BY point, name",
        [&](const Statement& row) {
            std::string figures;
            for (int i = 2; i < 7; ++i) figures += row.text(i) + " ";
            arrays.push_back({row.integer(0), row.text(1), figures, row.number(3).value_or(0),
                              row.number(4).value_or(0), row.integer(7) != 0});
        });
    std::map<std::string, std::set<std::string>> figures;
    std::map<std::string, std::set<int64_t>> owners;
    std::set<int64_t> with_arrays;
    for (const Array& array : arrays) {
        figures[array.name].insert(array.figures);
        owners[array.name].insert(array.point);
        with_arrays.insert(array.point);
    }
    // One that only some points have differs too.
    const auto swept = [&](const std::string& name) {
        return figures[name].size() > 1 || owners[name].size() < with_arrays.size();
    };
    std::map<int64_t, SweepPoint*> point_of;
    for (SweepPoint& point : data.points) point_of[point.number] = &point;
    for (const Array& array : arrays) {
        const auto found = point_of.find(array.point);
        if (found == point_of.end()) continue;
        SweepPoint& point = *found->second;
        // What all cores share is no part of a core, but is built all the same where it is what the sweep
        // changes.
        point.area = point.area.value_or(0) + (array.shared ? 0 : array.area);
        if (!point.area_swept) point.area_swept = 0;
        if (!swept(array.name)) continue;
        *point.area_swept += array.area;
        point.access_swept = std::max(point.access_swept.value_or(0), array.access);
    }
}

void read_rows(const Database& database, SweepData& data) {
    data.columns = database.columns("results");
    std::erase_if(data.columns, [](const std::string& name) { return name == "point" || name == "row"; });
    std::map<int64_t, size_t> index;
    for (size_t i = 0; i < data.points.size(); ++i) index[data.points[i].number] = i;
    std::map<std::pair<size_t, int64_t>, SweepRow> rows;
    std::string sql = "SELECT point, row";
    for (const std::string& column : data.columns) {
        sql += ", \"";
        for (char c : column) sql += c == '"' ? std::string("\"\"") : std::string(1, c);
        sql += "\"";
    }
    database.query(sql + " FROM results", [&](const Statement& row) {
        const auto point = index.find(row.integer(0));
        if (point == index.end()) return;
        SweepRow& one = rows[{point->second, row.integer(1)}];
        one.in_results = true;
        for (size_t i = 0; i < data.columns.size(); ++i)
            one.cells.push_back(row.cell(static_cast<int>(i) + 2));
    });
    std::set<std::pair<int64_t, int64_t>> refused;
    for (const SweepRefusal& one : data.refused) refused.insert({one.point, one.row});
    database.query("SELECT DISTINCT point, row FROM statistics", [&](const Statement& row) {
        const auto point = index.find(row.integer(0));
        if (point == index.end() || refused.count({row.integer(0), row.integer(1)})) return;
        rows[{point->second, row.integer(1)}];
    });
    for (auto& [key, row] : rows) {
        row.point = key.first;
        row.row = key.second;
        row.cells.resize(data.columns.size());
        data.rows.push_back(std::move(row));
    }
}

// A key cell as people read it; nothing where it does not apply.
std::string key_text(const std::string& column, const std::string& cell) {
    if (cell == "-") return "";
    const auto bytes = column == "size_bytes" ? whole_number(cell) : std::nullopt;
    return bytes ? size_text(static_cast<int64_t>(*bytes)) : cell;
}

Kind kind_of(const SweepData& data, const SweepRow& row, const std::vector<size_t>& telling) {
    Kind kind;
    for (size_t column = 0; column < row.cells.size(); ++column) {
        const std::string& name = data.columns[column];
        const std::string text = key_text(name, row.cells[column]);
        const bool tells = std::find(telling.begin(), telling.end(), column) != telling.end();
        if (name == "scope")
            kind.scope = text;
        else if (name == "mechanism")
            kind.mechanism = text;
        else if (name == "policy")
            kind.policy = text;
        else if (tells && !text.empty())
            kind.others += (kind.others.empty() ? "" : " ") + text;
    }
    return kind;
}

// A refusal belongs to the rows that have the same key wherever the key tells rows apart.
void group_refusals(SweepData& data, const std::vector<size_t>& telling) {
    for (SweepRefusal& one : data.refused) {
        const std::map<std::string, std::string> key{{"mechanism", one.mechanism},
                                                     {"policy", one.policy},
                                                     {"scope", one.scope},
                                                     {"placement", one.placement},
                                                     {"size_bytes", std::to_string(one.size_bytes)}};
        const auto same = std::find_if(data.rows.begin(), data.rows.end(), [&](const SweepRow& row) {
            return row.in_results && std::all_of(telling.begin(), telling.end(), [&](size_t column) {
                       const auto known = key.find(data.columns[column]);
                       return known == key.end() || known->second == row.cells[column];
                   });
        });
        if (same != data.rows.end()) one.group = same->group;
    }
}

// Rows of different points belong together when those columns are equal in which rows of one point differ.
void group_rows(SweepData& data) {
    static constexpr const char* names[] = {"mechanism",  "policy",  "scope",      "placement",
                                            "size_bytes", "proxies", "protection", "core"};
    std::vector<size_t> telling;
    for (const char* name : names) {
        const auto found = std::find(data.columns.begin(), data.columns.end(), name);
        if (found == data.columns.end()) continue;
        const auto column = static_cast<size_t>(found - data.columns.begin());
        // What follows from the columns before (a mechanism's scope) tells nothing new.
        std::map<std::pair<size_t, std::string>, const std::string*> first;
        for (const SweepRow& row : data.rows) {
            if (!row.in_results) continue;
            std::string before;
            for (size_t other : telling) before += row.cells[other] + '\0';
            const auto [same, fresh] = first.try_emplace({row.point, before}, &row.cells[column]);
            if (*same->second == row.cells[column]) continue;
            telling.push_back(column);
            break;
        }
    }
    std::map<std::string, size_t> place;
    std::map<std::pair<size_t, std::string>, size_t> times;
    for (SweepRow& row : data.rows) {
        std::string label;
        for (size_t column : telling) {
            const std::string text = key_text(data.columns[column], row.cells[column]);
            if (!text.empty()) label += (label.empty() ? "" : " ") + text;
        }
        // Rows that no key column tells apart are told apart by their number.
        const size_t nth = ++times[{row.point, label}];
        if (nth > 1 || (label.empty() && !telling.empty()))
            label += fmt::format("{}row {}", label.empty() ? "" : ", ", row.row);
        const auto [found, fresh] = place.try_emplace(label, data.groups.size());
        if (fresh) {
            data.groups.push_back(label);
            data.kinds.push_back(kind_of(data, row, telling));
            if (nth > 1) data.kinds.back().others += fmt::format(" row {}", row.row);
        }
        row.group = found->second;
    }
    group_refusals(data, telling);
}

void read_refused(const Database& database, SweepData& data) {
    database.query(
        "SELECT point, row, mechanism, policy, scope, placement, size_bytes, errno, reason FROM "
        "refused ORDER BY point, row",
        [&](const Statement& row) {
            data.refused.push_back({row.integer(0),
                                    row.integer(1),
                                    row.integer(6),
                                    row.integer(7),
                                    row.text(2),
                                    row.text(3),
                                    row.text(4),
                                    row.text(5),
                                    row.text(8),
                                    {}});
        });
}

}  // namespace

std::string Dimension::name() const {
    std::string all;
    for (const std::string& key : keys) all += (all.empty() ? "" : " / ") + short_name(key);
    return all;
}

std::string AxisValue::label() const {
    const bool list_of_one =
        text.size() > 2 && text.front() == '[' && text.back() == ']' && text.find(',') == std::string::npos;
    return list_of_one ? text.substr(1, text.size() - 2) : text;
}

std::string Dimension::label(size_t level) const {
    std::string all;
    for (const AxisValue& value : levels[level]) all += (all.empty() ? "" : " / ") + value.label();
    return all;
}

bool Dimension::numeric() const {
    return std::all_of(levels.begin(), levels.end(),
                       [](const auto& level) { return level[0].number.has_value(); });
}

std::string SweepData::get(const std::string& key) const {
    const auto found = meta.find(key);
    return found == meta.end() ? "" : found->second;
}

size_t SweepData::count(const std::string& status) const {
    return static_cast<size_t>(std::count_if(
        points.begin(), points.end(), [&](const SweepPoint& point) { return point.status == status; }));
}

size_t SweepData::expected_points() const {
    const auto said = whole_number(get("points"));
    return std::max(points.size(), said && *said > 0 ? static_cast<size_t>(*said) : 0);
}

SweepData read_sweep(const std::filesystem::path& path) {
    const Database database(path, Database::For::reading);
    if (const int64_t version = database.version(); version != schema_version)
        throw std::runtime_error(fmt::format("{} has schema version {}; this version of Stile reads {}",
                                             path.string(), version, schema_version));
    SweepData data;
    database.query("SELECT key, value FROM meta",
                   [&](const Statement& row) { data.meta[row.text(0)] = row.text(1); });
    read_axes(database, data);
    read_points(database, data);
    read_core_models(data);
    sort_levels(data);
    read_arrays(database, data);
    read_refused(database, data);
    read_rows(database, data);
    group_rows(data);
    read_metrics(database, data);
    return data;
}

}  // namespace stile::sim
