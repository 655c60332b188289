// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "sim/cli/command.h"
#include "sim/sweep/sweep_run.h"
#include "sim/sweep/worker.h"

namespace stile::sim {

Command add_sweep(CLI::App& app) {
    struct Arguments {
        ConfigArguments config;
        SweepOptions options;
        bool no_shared_boot = false;
        size_t worker = 0;
    };
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* sweep =
        app.add_subcommand("sweep", "Simulate all points of a YAML file with a 'sweep' section");
    arguments->config.add(*sweep);
    // A worker has none: the sweep's directory says what it does.
    sweep->get_option("CONFIG")->required(false);
    sweep->add_option("--out", arguments->options.out, "Sweep directory to write")->type_name("DIR");
    sweep
        ->add_option("--jobs", arguments->options.jobs,
                     "Points simulated at a time; default: one per processor, or as many as Slurm will")
        ->type_name("N")
        ->check(CLI::Range(1u, 1024u));
    sweep
        ->add_option("--launcher", arguments->options.launcher,
                     "Where points are simulated: local (this computer), or slurm (a job array of the "
                     "cluster that this "
                     "computer is part of)")
        ->type_name("local|slurm")
        ->check(CLI::IsMember({"local", "slurm"}));
    sweep->add_flag(
        "--resume", arguments->options.resume,
        "Go on with what is in the directory: only points that are missing or have failed are simulated");
    sweep->add_flag("--no-shared-boot", arguments->no_shared_boot, "Every point boots by itself");
    sweep->add_option("--worker", arguments->worker)->group("");
    return {
        sweep, [arguments] {
            if (arguments->worker != 0)
                return sweep_worker(arguments->options.out, arguments->worker, !arguments->no_shared_boot);
            if (arguments->config.config.empty())
                throw BadInput({"stile sweep", 0, 0}, "there is nothing to sweep", "CONFIG.yaml is expected");
            const LoadedSweep loaded(arguments->config.config, arguments->config.overrides(),
                                     [](const std::string& name) { return workload::load_plugin(name); });
            arguments->options.shared_boot = !arguments->no_shared_boot;
            return sim::sweep(loaded, arguments->options);
        }};
}

}  // namespace stile::sim
