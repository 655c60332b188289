// SPDX-License-Identifier: Apache-2.0
//
// Makes report.html again from the other files of a run directory; of a sweep's directory results.csv and the
// charts too, all from results.sqlite.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/command.h"
#include "sim/process/say.h"
#include "sim/report/sweep_outputs.h"
#include "sim/results/run_directory.h"
#include "sim/run/run.h"

namespace stile::sim {
namespace {

int report_sweep(const std::filesystem::path& directory) {
    for (const std::string& warning : write_sweep_outputs(directory)) say("stile report: {}\n", warning);
    put(fmt::format("{}\n{}\n", sweep_answer(directory / "results.sqlite"),
                    (directory / "report.html").string()));
    return exit_done;
}

int report_run(const std::string& directory) {
    std::map<std::string, std::string> files;
    const std::filesystem::path path(directory);
    for (const char* name : {"results.csv", "refused.csv", "config.yaml", "stats.json", "host.json"}) {
        const bool needed = std::string(name) == "results.csv";
        if (!needed && !std::filesystem::exists(path / name)) continue;
        try {
            files[name] = read_file(path / name);
        } catch (const std::runtime_error& error) {
            throw BadInput({directory, 0, 0}, error.what(), "a run or sweep directory is expected");
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
    if (!out)
        throw HostTrouble(
            fmt::format("{} cannot be written: {}", (path / "report.html").string(), std::strerror(errno)));
    std::filesystem::rename(temporary, path / "report.html");
    put((path / "report.html").string() + "\n");
    return exit_done;
}

int report_command(const std::string& directory) {
    const std::filesystem::path path(directory);
    if (!std::filesystem::exists(path / "results.sqlite")) return report_run(directory);
    try {
        return report_sweep(path);
    } catch (const std::runtime_error& error) {
        throw BadInput({directory, 0, 0}, error.what(),
                       "is it as a sweep wrote it, and may one write there?");
    }
}

}  // namespace

Command add_report(CLI::App& app) {
    const auto directory = std::make_shared<std::string>();
    CLI::App* report =
        app.add_subcommand("report", "Make report.html again from the files of a run or sweep directory");
    report->add_option("DIR", *directory, "Run or sweep directory")->required();
    return {report, [directory] { return report_command(*directory); }};
}

}  // namespace stile::sim
