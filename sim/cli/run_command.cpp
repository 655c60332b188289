// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "sim/cli/command.h"
#include "sim/run/run.h"

namespace stile::sim {

Command add_run(CLI::App& app) {
    struct Arguments {
        ConfigArguments config;
        RunOptions options;
    };
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* run = app.add_subcommand("run", "Simulate what a YAML file describes");
    arguments->config.add(*run);
    run->add_option("--out", arguments->options.out, "Run directory to write")->type_name("DIR");
    run->add_option("--jobs", arguments->options.jobs, "Rows simulated at a time; default: one per processor")
        ->type_name("N")
        ->check(CLI::Range(1u, 1024u));
    run->add_flag("--console", arguments->options.console,
                  "Show what the guest prints, on stderr, as it comes");
    return {run, [arguments] {
                const auto loaded =
                    load_config(arguments->config.config, arguments->config.overrides(),
                                [](const std::string& name) { return workload::load_plugin(name); });
                return sim::run(*loaded, arguments->options);
            }};
}

}  // namespace stile::sim
