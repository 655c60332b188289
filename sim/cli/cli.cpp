// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/cli.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/cli/area.h"
#include "sim/cli/list.h"
#include "sim/config/describe.h"
#include "sim/config/load.h"
#include "sim/results/run_directory.h"
#include "sim/run/host_info.h"
#include "sim/run/run.h"

namespace stile::sim {
namespace {

struct RunArguments {
    std::string config, core, fast_forward, stop_at, max_time;
    std::vector<std::string> sets;
    RunOptions options;
};

void add_run(CLI::App& app, RunArguments& arguments) {
    CLI::App* run = app.add_subcommand("run", "Simulate what a YAML file describes");
    run->add_option("CONFIG", arguments.config, "YAML file")->required();
    run->add_option("--set", arguments.sets, "KEY.PATH=VALUE, put over the file; may be given again")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    run->add_option("--out", arguments.options.out, "Run directory to write")->type_name("DIR");
    run->add_option("--core", arguments.core, "Core model: functional, inorder or ooo (machine.core.model)")
        ->type_name("MODEL");
    run->add_option("--fast-forward", arguments.fast_forward,
                    "The functional core runs until 'roi' (the region of interest) or a simulated time, then "
                    "the configured one (measure.fast_forward)")
        ->type_name("roi|TIME");
    run->add_option("--stop-at", arguments.stop_at,
                    "End a row well at 'roi_end' or a simulated time (measure.stop_at)")
        ->type_name("roi_end|TIME");
    run->add_option("--max-time", arguments.max_time, "Simulated time given to a row (measure.max_time)")
        ->type_name("TIME");
    run->add_option("--jobs", arguments.options.jobs, "Rows simulated at a time; default: one per processor")
        ->type_name("N")
        ->check(CLI::Range(1u, 1024u));
    run->add_flag("--console", arguments.options.console,
                  "Show what the guest prints, on stderr, as it comes");
}

struct AreaArguments {
    std::string config, points;
    std::vector<std::string> sets;
    bool csv = false, errors = false;
};

CLI::App* add_area(CLI::App& app, AreaArguments& arguments) {
    CLI::App* area =
        app.add_subcommand("area", "Area, access time, energy and leakage of a machine's arrays");
    CLI::Option* config = area->add_option("CONFIG", arguments.config, "YAML file");
    area->add_option("--set", arguments.sets, "KEY.PATH=VALUE, put over the file; may be given again")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    area->add_flag("--csv", arguments.csv, "Print the table as CSV");
    CLI::Option* points =
        area->add_option(
                "--points", arguments.points,
                "Arrays of this file (columns of tests/data/cacti_points.csv) with the model's figures")
            ->type_name("FILE")
            ->excludes(config);
    area->add_flag("--errors", arguments.errors,
                   "With --points: how far the model is from the file's figures")
        ->needs(points);
    return area;
}

int area_command(const AreaArguments& arguments) {
    if (!arguments.points.empty()) {
        fmt::print("{}", area_points(arguments.points, arguments.errors));
        return exit_done;
    }
    if (arguments.config.empty())
        throw BadInput({"stile area", 0, 0}, "there is nothing to size",
                       "CONFIG.yaml or --points FILE.csv is expected");
    std::vector<Override> sets;
    for (const std::string& set : arguments.sets) sets.push_back({"--set " + set, set});
    const auto loaded = load_config(arguments.config, sets,
                                    [](const std::string& name) { return workload::load_plugin(name); });
    fmt::print("{}", area_table(loaded->config.machine, arguments.csv));
    return exit_done;
}

std::vector<Override> overrides(const RunArguments& arguments) {
    std::vector<Override> all;
    for (const std::string& set : arguments.sets) all.push_back({"--set " + set, set});
    const auto add = [&all](const std::string& option, const std::string& key, const std::string& value) {
        if (!value.empty()) all.push_back({option + " " + value, key + "=" + value});
    };
    add("--core", "machine.core.model", arguments.core);
    add("--fast-forward", "measure.fast_forward", arguments.fast_forward);
    add("--stop-at", "measure.stop_at", arguments.stop_at);
    add("--max-time", "measure.max_time", arguments.max_time);
    return all;
}

int run_command(const RunArguments& arguments) {
    const auto loaded = load_config(arguments.config, overrides(arguments),
                                    [](const std::string& name) { return workload::load_plugin(name); });
    return run(*loaded, arguments.options);
}

// Makes report.html again from the other files of a run directory.
int report_command(const std::string& directory) {
    std::map<std::string, std::string> files;
    const std::filesystem::path path(directory);
    for (const char* name : {"results.csv", "refused.csv", "config.yaml", "stats.json", "host.json"}) {
        const bool needed = std::string(name) == "results.csv";
        if (!needed && !std::filesystem::exists(path / name)) continue;
        try {
            files[name] = read_file(path / name);
        } catch (const std::runtime_error& error) {
            throw BadInput({directory, 0, 0}, error.what(), "a run directory is expected");
        }
    }
    // The run's name, wherever its directory has been moved to.
    std::string title =
        std::filesystem::absolute(path / "x").lexically_normal().parent_path().filename().string();
    const auto host = nlohmann::json::parse(files["host.json"], nullptr, false);
    if (host.is_object()) title = std::filesystem::path(host.value("config_file", title)).stem().string();
    std::string html;
    try {
        html = report_of(files, title);
    } catch (const std::exception& error) {
        throw BadInput({directory, 0, 0}, error.what(), "are its files as a run wrote them?");
    }
    const std::filesystem::path temporary = path / fmt::format(".report.{}", getpid());
    std::ofstream out(temporary, std::ios::binary);
    out << html;
    out.close();
    if (!out) throw std::runtime_error((path / "report.html").string() + " cannot be written");
    std::filesystem::rename(temporary, path / "report.html");
    fmt::print("{}\n", (path / "report.html").string());
    return exit_done;
}

}  // namespace

int command_line(int argc, char** argv) {
    CLI::App app("Stile simulates machines whose programs cross protection boundaries by a call.", "stile");
    app.require_subcommand(1);
    app.set_version_flag(
        "--version", [] { return version_text(); }, "Versions, toolchain and hashes of the guest images");
    RunArguments arguments;
    add_run(app, arguments);
    std::string topic, file, directory;
    CLI::App* list_command = app.add_subcommand("list", "What there is to choose from");
    list_command
        ->add_option("TOPIC", topic, "machines, mechanisms, workloads, parameters, stats or instructions")
        ->required()
        ->check(CLI::IsMember(list_topics));
    CLI::App* schema = app.add_subcommand("schema", "JSON Schema of the YAML, for editors");
    CLI::App* disasm = app.add_subcommand("disasm", "Disassemble guest code, CODOMs included");
    disasm->add_option("FILE", file, "ELF file, or flat code")->required();
    CLI::App* report =
        app.add_subcommand("report", "Make report.html again from the files of a run directory");
    report->add_option("DIR", directory, "Run directory")->required();
    AreaArguments area_arguments;
    CLI::App* area = add_area(app, area_arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_done : exit_bad_input;
    }
    if (app.got_subcommand("run")) return run_command(arguments);
    if (list_command->parsed()) {
        fmt::print("{}", list(topic));
    } else if (schema->parsed()) {
        fmt::print("{}", json_schema(workload::load_all_plugins()));
    } else if (disasm->parsed()) {
        fmt::print("{}", disassemble_file(file));
    } else if (area->parsed()) {
        return area_command(area_arguments);
    } else if (report->parsed()) {
        return report_command(directory);
    }
    return exit_done;
}

}  // namespace stile::sim
