// SPDX-License-Identifier: Apache-2.0
//
// A sweep as its results.sqlite tells it (docs/results.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stile::sim {

struct Axis {
    std::string key, unit;
    std::optional<int64_t> zip_group;
};

struct AxisValue {
    std::string text;  // as YAML
    std::optional<double> number;
    std::string label() const;  // a list of one without its brackets
};

// Axes that take their values together: an axis of its own, or a zipped group.
struct Dimension {
    std::vector<size_t> axes;
    // Nothing that one builds (sim/config/design.h): mostly what the machine has to cope with.
    bool load = false;
    std::vector<std::vector<AxisValue>> levels;  // one value per axis; by number, or as the points come
    std::string name() const;                    // "apl_cache.entries"
    std::string label(size_t level) const;       // "16", "32 KiB / 4"
    bool numeric() const;                        // the first axis has numbers everywhere

    std::vector<std::string> keys;  // of the axes
};

struct SweepPoint {
    int64_t number = 0;
    std::string status, reason;
    std::vector<AxisValue> values;                         // one per axis
    std::vector<size_t> levels;                            // one per dimension
    std::optional<double> area, area_swept, access_swept;  // mm2, mm2, ns
    bool done() const { return status == "done"; }
    // Its core model is `functional`: what programs did is known, not how long it took.
    bool timed = true;
};

struct SweepRow {
    size_t point = 0;  // index
    int64_t row = 0;
    bool in_results = false;         // false: it has statistics only
    std::vector<std::string> cells;  // one per column of `results`
    size_t group = 0;
};

struct SweepRefusal {
    int64_t point = 0, row = 0, size_bytes = 0, error = 0;
    std::string mechanism, policy, scope, placement, reason;
    std::optional<size_t> group;  // the rows that it would have been among, if any came to something
};

// What rows of one group have in common. Groups of one scope that differ in nothing but mechanism and policy
// do the same work in different ways, so that they can be compared.
struct Kind {
    std::string scope, mechanism, policy;
    std::string others;  // "64 B", "other_core"
};

// A figure of every row; nothing where a row has none, or none that means anything: of time, where the core
// model has none.
struct Metric {
    enum class Kind { cost, result, axis, statistic };
    std::string name;
    Kind kind = Kind::result;
    std::vector<std::optional<double>> values;
    bool varies() const;
    bool of_run() const { return kind == Kind::result || kind == Kind::statistic; }
};

struct SweepData {
    std::map<std::string, std::string> meta;
    std::vector<Axis> axes;
    std::vector<Dimension> dimensions;
    std::vector<SweepPoint> points;    // by number
    std::vector<std::string> columns;  // of results.csv, from `mechanism` to the workload's own
    std::vector<SweepRow> rows;        // by point, then row
    // What tells a point's rows apart: "dipc high 64 B". A row's group is its place in this list.
    std::vector<std::string> groups;
    std::vector<Kind> kinds;  // one per group
    std::vector<SweepRefusal> refused;
    // Costs, results, axes, statistics: those that vary, and the sweep's own cost and objective.
    std::vector<Metric> metrics;
    size_t left_out = 0;             // statistics that vary but would be too many for a page
    size_t cost = 0, objective = 0;  // of `metrics`
    bool more_is_better = false;
    std::vector<std::string> warnings;

    std::string get(const std::string& key) const;  // of meta, or ""
    size_t count(const std::string& status) const;
    size_t expected_points() const;  // what the sweep is to have in the end
};

// Throws std::runtime_error when the file is no database of a sweep that this version reads.
SweepData read_sweep(const std::filesystem::path& database);

}  // namespace stile::sim
