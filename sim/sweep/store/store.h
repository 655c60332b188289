// SPDX-License-Identifier: Apache-2.0
//
// results.sqlite, schema version 1 (docs/sweeps.md). Whoever is killed while writing leaves it as it was
// before the point that was being written: each point is one transaction, with SQLite's rollback journal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/sqlite/sqlite.h"
#include "sim/sweep/store/point_result.h"

namespace stile::sim {

struct StoredAxis {
    std::string key, unit;
    std::optional<unsigned> zip_group;
};

struct StoredValue {
    std::string key, text;
    std::optional<double> number;
};

struct StoredArray {
    std::string name;
    uint64_t bits = 0;
    double area_mm2 = 0, access_ns = 0, read_pj = 0, leakage_mw = 0;
    bool shared = false;
};

// What is known before anything runs.
struct StoredPoint {
    std::string config_sha256;
    std::string invalid;  // why nothing will run; empty if it will
    std::vector<StoredValue> values;
    std::vector<StoredArray> arrays;
};

struct StoredSweep {
    std::map<std::string, std::string> meta;
    std::vector<StoredAxis> axes;
    std::vector<StoredPoint> points;
    std::vector<std::string> reports;  // columns of the workload's own
};

// Appears at `path` whole or not at all.
void create_store(const std::filesystem::path& path, const StoredSweep& sweep);

class Store {
  public:
    explicit Store(const std::filesystem::path& path);

    std::map<std::string, std::string> meta();
    void set_meta(const std::map<std::string, std::string>& meta);
    // Status of all points that have one.
    std::map<size_t, std::string> statuses();
    // Replaces what was known of the point.
    void record(const PointResult& result, const std::vector<std::string>& reports);

  private:
    void record_row(const PointResult& result, size_t row, const std::vector<std::string>& reports);

    Database database_;
};

}  // namespace stile::sim
