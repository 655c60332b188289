// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/command.h"
#include "sim/config/ready.h"

namespace stile::sim {

CLI::Option* ConfigArguments::add_config(CLI::App& command) {
    return command.add_option("CONFIG", config, "YAML file; 'stile:runs/compare.yaml' names a ready one")
        ->transform([](const std::string& text) {
            return ready_path(text, {"stile", 0, 0});
        });
}

void ConfigArguments::add_set(CLI::App& command) {
    command.add_option("--set", sets, "KEY.PATH=VALUE, put over the file; may be given again")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
}

void ConfigArguments::add(CLI::App& command) {
    add_config(command)->required();
    add_set(command);
    command.add_option("--core", core, "Core model: functional, inorder or ooo (machine.core.model)")
        ->type_name("MODEL");
    command
        .add_option("--fast-forward", fast_forward,
                    "The functional core runs until 'boot' (the kernel has booted), 'roi' (the region of "
                    "interest) or a simulated time, then the configured one (measure.fast_forward)")
        ->type_name("boot|roi|TIME");
    command
        .add_option("--stop-at", stop_at, "End a row well at 'roi_end' or a simulated time (measure.stop_at)")
        ->type_name("roi_end|TIME");
    command.add_option("--max-time", max_time, "Simulated time given to a row (measure.max_time)")
        ->type_name("TIME");
}

std::vector<Override> ConfigArguments::overrides() const {
    std::vector<Override> all;
    for (const std::string& set : sets) all.push_back({"--set " + set, set});
    const auto add = [&all](const std::string& option, const std::string& key, const std::string& value) {
        if (!value.empty()) all.push_back({option + " " + value, key + "=" + value});
    };
    add("--core", "machine.core.model", core);
    add("--fast-forward", "measure.fast_forward", fast_forward);
    add("--stop-at", "measure.stop_at", stop_at);
    add("--max-time", "measure.max_time", max_time);
    return all;
}

}  // namespace stile::sim
