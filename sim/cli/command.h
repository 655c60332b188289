// SPDX-License-Identifier: Apache-2.0
//
// A command of the command line: what it takes stands beside what it does, in a file of its own.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "sim/config/load.h"

namespace stile::sim {

struct Command {
    CLI::App* app;
    std::function<int()> perform;  // returns the exit code
};

// A configuration and what may be put over it.
struct ConfigArguments {
    std::string config, core, fast_forward, stop_at, max_time;
    std::vector<std::string> sets;

    CLI::Option* add_config(CLI::App& command);
    void add_set(CLI::App& command);
    void add(CLI::App& command);  // CONFIG and all options
    std::vector<Override> overrides() const;
};

Command add_run(CLI::App& app);
Command add_sweep(CLI::App& app);
Command add_area(CLI::App& app);
Command add_report(CLI::App& app);
Command add_diff(CLI::App& app);
Command add_new_workload(CLI::App& app);
Command add_disasm(CLI::App& app);

}  // namespace stile::sim
