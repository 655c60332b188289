// SPDX-License-Identifier: Apache-2.0
//
// `sweep:`, the section that makes many configurations of one. An axis is one key with its values, or several
// keys whose values go together (zip); the points are the product of all axes, or a random sample of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/config/load.h"

namespace stile::sim {

struct SweptValue {
    Node node;                     // as written, or as a range made it
    std::string text;              // as YAML, normalized: "32 KiB"
    std::optional<double> number;  // in the key's unit; of a list of one size that size; nothing for words
};

struct SweptKey {
    std::string key, unit;  // unit: B, cycles, Hz, ns or empty
    Place place;
    std::vector<SweptValue> values;
};

struct SweptAxis {
    std::vector<SweptKey> keys;  // all with as many values
    std::optional<unsigned> zip_group;
    size_t size() const { return keys.front().values.size(); }
};

struct SweepConfig {
    std::vector<SweptAxis> axes;  // the first one is the slowest
    int64_t random_points = 0;    // 0: all
    int64_t random_seed = 1;
    std::string invalid = "error";
    int64_t timeout_ns = 600'000'000'000;  // of host time, per attempt
    int64_t retries = 1;
    std::string cost = "area_swept_mm2", objective = "cycles_mean", better = "less";
};

// Declares the keys below `sweep:` but those of the forms.
void bind_sweep(Registry& keys, SweepConfig& sweep);

// What stands below `sweep:` and has other keys below it.
struct SweepForm {
    const char *key, *help, *values;
};
inline constexpr SweepForm sweep_forms[] = {
    {"sweep.axes", "keys and their values: the points are the product of all, the first axis is the slowest",
     "map from whole key paths to lists, or to ranges {from: A, to: B, step: C}, {from: A, to: B, times: C} "
     "or "
     "{from: A, to: B, count: N}"},
    {"sweep.zip", "keys whose values go together; each group is one more axis",
     "list of maps like that of axes, with as many values for each key of a map"}};

// One value of each swept key.
struct PointValue {
    const SweptKey* key;
    const SweptValue* value;
};

class LoadedSweep {
  public:
    // Throws BadInput with all faults of the file that do not depend on the point.
    LoadedSweep(const std::string& path, const std::vector<Override>& overrides, PluginLoader load_plugin);
    LoadedSweep(const LoadedSweep&) = delete;
    LoadedSweep& operator=(const LoadedSweep&) = delete;

    const LoadedConfig& base() const { return *base_; }
    const SweepConfig& config() const { return config_; }
    const Registry& keys() const { return keys_; }  // below `sweep:`

    // Points are numbered from 1.
    size_t points() const { return points_.size(); }
    // In the order of the axes.
    std::vector<PointValue> values(size_t point) const;
    // "machine.l1d.size: 32 KiB, workload.live: 4"
    std::string text(size_t point) const;
    // Throws BadInput where these values do not go together.
    std::unique_ptr<LoadedConfig> load(size_t point) const;

    // The resolved base configuration with `sweep:`; it makes the same points.
    std::string yaml() const;
    // What results depend on: keys and their values, as YAML.
    std::vector<std::pair<std::string, std::string>> identity() const;

  private:
    void read_section(Node section, Faults& faults);

    std::string path_;
    PluginLoader load_plugin_;
    Node root_;
    SweepConfig config_;
    Registry keys_;  // below `sweep:`
    std::unique_ptr<LoadedConfig> base_;
    std::vector<uint64_t> points_;  // their places in the product
};

// The values of an axis: a list, or a map that makes a range. `key` judges each of them. `zipped`: a value
// may come again, beside others.
SweptKey read_axis(const Key& key, const Node& node, int64_t frequency, bool zipped, Faults& faults);

// `count` different numbers below `size`, in ascending order; all of them if there are no more. The same
// numbers for the same seed everywhere.
std::vector<uint64_t> sample(uint64_t size, uint64_t count, uint64_t seed);

}  // namespace stile::sim
