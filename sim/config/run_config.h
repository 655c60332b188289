// SPDX-License-Identifier: Apache-2.0
//
// What a run is, after its YAML has been checked: plain values. Which key each comes from, its range, unit
// and description stand in bind_*.cpp; defaults stand here and in model/config.h.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "abi/checks.h"
#include "model/config.h"
#include "workloads/plugin.h"
#include "workloads/workload.h"

namespace stile::sim {

struct OsConfig {
    uint64_t tick_hz = 250;
    uint64_t seed = 1;
    std::string kernel_profile = "tiny";
    bool flush_apl_on_switch = false;
    std::array<bool, STILE_OS_CHECK_COUNT> checks = [] {
        std::array<bool, STILE_OS_CHECK_COUNT> on{};
        on.fill(true);
        return on;
    }();
};

struct MeasureConfig {
    int64_t warmup = 50;
    int64_t repetitions = 200;
    std::string touch = "read";
    int64_t max_time_ns = 10'000'000'000;  // simulated, per row
    // A name, or a simulated time since reset.
    std::string fast_forward = "none";  // none, boot, roi
    std::string stop_at = "end";        // end, roi_end
};

struct OutputConfig {
    std::string folder = "out";
    bool report = true;
    bool energy = false;
    uint64_t console_limit = 64 << 20;  // bytes, per row
};

struct RunConfig {
    std::string file;    // as the user named it
    std::string folder;  // where it lies: relative paths in it start there
    std::string name;    // the file's name without .yaml

    model::MachineConfig machine;
    model::MachineConfig little;  // what the little cores are made of, if there are any
    std::string proxies = "software";
    OsConfig os;
    MeasureConfig measure;
    OutputConfig output;

    std::string workload;
    workload::Plugin plugin;
    workload::Parameters parameters;
    int64_t expect_exit = 0;

    // Every key that is used and its value, as in the resolved config.yaml.
    std::vector<std::pair<std::string, std::string>> settings;
};

}  // namespace stile::sim
