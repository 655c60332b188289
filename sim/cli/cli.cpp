// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "sim/cli/command.h"
#include "sim/cli/list.h"
#include "sim/cli/reference.h"
#include "sim/config/describe.h"
#include "sim/config/nearest.h"
#include "sim/process/say.h"
#include "sim/run/host_info.h"
#include "sim/run/run.h"

namespace stile::sim {
namespace {

// Most often a variable that a script has forgotten to set; as if the option were not there it must not go
// on.
void refuse_empty_values(const CLI::App& app) {
    for (const CLI::App* command : app.get_subcommands({}))
        for (CLI::Option* option : const_cast<CLI::App*>(command)->get_options())
            if (option->get_items_expected_max() > 0)
                option->check([](const std::string& value) {
                    return value.empty() ? std::string("the value is empty") : std::string();
                });
}

// What was typed as a command or an option and is none; empty if something else is wrong.
std::string unknown_name(const CLI::App& app, int argc, char** argv) {
    const auto chosen = app.get_subcommands();
    std::vector<std::string> names;
    if (chosen.empty()) {
        if (argc < 2 || argv[1][0] == '-') return "";
        for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
        return fmt::format("stile: error: there is no command '{}'; {}", argv[1], suggestion(argv[1], names));
    }
    for (const std::string& extra : app.remaining(true)) {
        const std::string option = extra.substr(0, extra.find('='));
        if (!option.starts_with("--")) continue;
        const CLI::App* command = chosen.front();
        for (const CLI::Option* known : command->get_options())
            for (const std::string& name : known->get_lnames()) names.push_back("--" + name);
        return fmt::format("stile {}: error: there is no option {}; {}", command->get_name(), option,
                           suggestion(option, names));
    }
    return "";
}

}  // namespace

int command_line(int argc, char** argv) {
    CLI::App app("Stile simulates machines whose programs cross protection boundaries by a call.", "stile");
    app.require_subcommand(1);
    app.set_version_flag(
        "--version", [] { return version_text(); }, "Versions, toolchain and hashes of the guest images");
    const std::vector<Command> commands{add_run(app),  add_sweep(app),        add_area(app),  add_report(app),
                                        add_diff(app), add_new_workload(app), add_disasm(app)};
    std::string topic;
    CLI::App* list_command = app.add_subcommand("list", "What there is to choose from");
    list_command
        ->add_option("TOPIC", topic,
                     "machines, runs, sweeps, mechanisms, workloads, parameters, stats or instructions")
        ->required()
        ->check(CLI::IsMember(list_topics));
    CLI::App* schema = app.add_subcommand("schema", "JSON Schema of the YAML, for editors");
    CLI::App* reference_command = app.add_subcommand("reference", "A page of docs/reference, in Markdown");
    reference_command->add_option("PAGE", topic, "Which")->required()->check(CLI::IsMember(reference_pages));
    refuse_empty_values(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() != 0) {
            if (const std::string wrong = unknown_name(app, argc, argv); !wrong.empty()) {
                say("{}\n", printable(wrong));
                return exit_bad_input;
            }
        }
        const int code = app.exit(error);
        if (code == 0 && !std::cout.flush()) throw HostTrouble("standard output cannot be written");
        return code == 0 ? exit_done : exit_bad_input;
    }
    for (const Command& command : commands)
        if (command.app->parsed()) return command.perform();
    if (list_command->parsed()) {
        put(list(topic));
    } else if (schema->parsed()) {
        put(json_schema(workload::load_all_plugins()));
    } else if (reference_command->parsed()) {
        put(reference(topic, app));
    }
    return exit_done;
}

}  // namespace stile::sim
