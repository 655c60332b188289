// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "sim/cli/command.h"
#include "sim/config/sweep.h"
#include "sim/run/run.h"

namespace stile::sim {

namespace {

std::unique_ptr<LoadedConfig> load_point(const ConfigArguments& arguments, size_t point,
                                         const PluginLoader& load_plugin) {
    const LoadedSweep sweep(arguments.config, arguments.overrides(), load_plugin);
    if (point > sweep.points()) {
        throw BadInput({fmt::format("--point {}", point), 0, 0}, "there is no such point",
                       fmt::format("the sweep has {}", sweep.points()));
    }
    return sweep.load(point);
}

}  // namespace

Command add_run(CLI::App& app) {
    struct Arguments {
        ConfigArguments config;
        RunOptions options;
        size_t point = 0;
        std::string save, restore;
    };
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* run = app.add_subcommand("run", "Simulate what a YAML file describes");
    arguments->config.add(*run);
    run->add_option("--out", arguments->options.out, "Run directory to write")->type_name("DIR");
    run->add_option("--jobs", arguments->options.jobs, "Rows simulated at a time; default: one per processor")
        ->type_name("N")
        ->check(CLI::Range(1u, 1024u));
    run->add_option("--point", arguments->point, "Of a configuration with 'sweep': this point of it")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    run->add_flag("--console", arguments->options.console,
                  "Show what the guest prints, on stderr, as it comes");
    CLI::Option* save =
        run->add_option(
               "--save", arguments->save,
               "Write a checkpoint of each row where the functional core hands over (--fast-forward)")
            ->type_name("DIR");
    run->add_option("--restore", arguments->restore, "Begin each row with its checkpoint in this folder")
        ->type_name("DIR")
        ->excludes(save);
    return {run, [arguments] {
                CheckpointOptions& checkpoints = arguments->options.checkpoints;
                checkpoints.save = !arguments->save.empty();
                checkpoints.restore = !arguments->restore.empty();
                checkpoints.folder = arguments->save + arguments->restore;
                const PluginLoader load_plugin = [](const std::string& name) {
                    return workload::load_plugin(name);
                };
                const auto loaded =
                    arguments->point == 0
                        ? load_config(arguments->config.config, arguments->config.overrides(), load_plugin)
                        : load_point(arguments->config, arguments->point, load_plugin);
                return sim::run(*loaded, arguments->options);
            }};
}

}  // namespace stile::sim
