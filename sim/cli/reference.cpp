// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/reference.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <regex>

#include "sim/config/reference.h"
#include "workloads/plugin.h"

namespace stile::sim {
namespace {

// CLI11 pads with spaces to the width of a terminal.
std::string trimmed(const std::string& text) {
    std::string out = std::regex_replace(text, std::regex("[ \t]+(\n|$)"), "$1");
    out = std::regex_replace(out, std::regex("\n{3,}"), "\n\n");
    const size_t first = out.find_first_not_of('\n'), last = out.find_last_not_of('\n');
    return first == std::string::npos ? "" : out.substr(first, last - first + 1);
}

}  // namespace

std::string command_reference(const CLI::App& app) {
    std::string out = fmt::format(
        "# Commands\n\nWritten by `scripts/reference` from what the program prints itself; do not edit.\n\n"
        "`stile --help` says what there is, `stile COMMAND --help` says what follows here.\n\n"
        "```\n{}\n```\n",
        trimmed(app.get_formatter()->make_help(&app, "", CLI::AppFormatMode::Normal)));
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (command->get_group().empty()) continue;  // hidden
        out += fmt::format("\n## stile {}\n```\n{}\n```\n", command->get_name(),
                           trimmed(command->help("stile")));
    }
    return out + "\n## Exit codes\n" +
           markdown_table(
               {{"code", "meaning"},
                {"0", "done"},
                {"1",
                 "the simulated program, a self-check or a point of a sweep failed, or `--max-time` or the "
                 "watchdog ended it. `workload.expect_exit` says which status a program should have."},
                {"2",
                 "bad input. One message per fault, all at once: file:line:col, what is wrong, what would be "
                 "right."},
                {"3", "a bug in Stile; the message says how to report it"},
                {"130", "interrupted (Ctrl-C); what was finished is kept"}}) +
           "\nThe table of results goes to stdout and nothing else does; messages and progress go to "
           "stderr.\n";
}

std::string reference(const std::string& page, const CLI::App& app) {
    if (page == "commands") return command_reference(app);
    if (page == "parameters") return parameter_reference(workload::load_all_plugins());
    if (page == "results") return result_reference();
    return statistic_reference();
}

}  // namespace stile::sim
