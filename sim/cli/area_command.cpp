// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "sim/cli/area.h"
#include "sim/cli/command.h"
#include "sim/process/say.h"
#include "sim/run/run.h"

namespace stile::sim {

Command add_area(CLI::App& app) {
    struct Arguments {
        ConfigArguments config;
        std::string points;
        bool csv = false, errors = false;
    };
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* area =
        app.add_subcommand("area", "Area, access time, energy and leakage of a machine's arrays");
    CLI::Option* config = arguments->config.add_config(*area);
    arguments->config.add_set(*area);
    area->add_flag("--csv", arguments->csv, "Print the table as CSV");
    CLI::Option* points =
        area->add_option(
                "--points", arguments->points,
                "Arrays of this file (columns of tests/data/cacti_points.csv) with the model's figures")
            ->type_name("FILE")
            ->excludes(config);
    area->add_flag("--errors", arguments->errors,
                   "With --points: how far the model is from the file's figures")
        ->needs(points);
    return {area, [arguments]() -> int {
                if (!arguments->points.empty()) {
                    put(area_points(arguments->points, arguments->errors));
                    return exit_done;
                }
                if (arguments->config.config.empty())
                    throw BadInput({"stile area", 0, 0}, "there is nothing to size",
                                   "CONFIG.yaml or --points FILE.csv is expected");
                const auto loaded = load_config(
                    arguments->config.config, arguments->config.overrides(),
                    [](const std::string& name) { return workload::load_plugin(name); }, Purpose::machine);
                put(area_table(loaded->config.machine, arguments->csv));
                return exit_done;
            }};
}

}  // namespace stile::sim
