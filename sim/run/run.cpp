// SPDX-License-Identifier: Apache-2.0
#include "sim/run/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

#include "sim/process/say.h"
#include "sim/results/run_directory.h"
#include "sim/results/table.h"
#include "sim/run/perform.h"
#include "sim/run/progress_line.h"
#include "sim/run/row_checkpoint.h"
#include "sim/run/rules_off.h"

namespace stile::sim {
namespace {

void show(ProgressLine& line, const PoolStatus& status) {
    if (!line.due()) return;
    std::string left;
    if (status.finished > 0) {
        const double per_row = status.seconds / static_cast<double>(status.finished);
        left = fmt::format(", about {:.0f} s left",
                           per_row * static_cast<double>(status.rows - status.finished));
    }
    line.show(
        fmt::format("row {} of {}, {:.0f} million instructions per second{}", status.finished, status.rows,
                    static_cast<double>(status.instructions) / std::max(status.seconds, 1e-3) / 1e6, left));
}

void print_troubles(const std::vector<RowResult>& rows) {
    for (const RowResult& row : rows) {
        for (const std::string& failure : row.failures) {
            say("stile: {}: {}\n", row.key.text(), failure);
        }
        if (row.status == RowResult::Status::crashed) {
            say("stile: this is a bug in Stile: please report it with config.yaml of the run "
                "directory, the text "
                "above and the output of 'stile --version'\n");
        }
    }
    for (const RowResult& row : rows) {
        for (const std::string& warning : row.warnings)
            say("stile: {}: warning: {}\n", row.key.text(), warning);
    }
}

bool has_figures(const std::vector<RowResult>& rows) {
    return std::any_of(rows.begin(), rows.end(),
                       [](const RowResult& row) { return row.figures.has_value(); });
}

// Of the host, so it goes to no file but host.json.
void print_speed(const std::vector<RowResult>& rows, double seconds) {
    double instructions = 0, cycles = 0;
    for (const RowResult& row : rows) {
        instructions += static_cast<double>(row.simulated_instructions());
        cycles += static_cast<double>(row.simulated_cycles());
    }
    if (instructions == 0 || seconds <= 0) return;
    say("stile: {:.1f} million instructions, {:.1f} million cycles in {:.1f} s: {:.1f} MIPS, {:.0f} "
        "kcycles/s\n",
        instructions / 1e6, cycles / 1e6, seconds, instructions / seconds / 1e6, cycles / seconds / 1e3);
}

int exit_code(const Performed& performed) {
    const auto any = [&](RowResult::Status status) {
        return std::any_of(performed.rows.begin(), performed.rows.end(),
                           [&](const RowResult& row) { return row.status == status; });
    };
    if (performed.interrupted) return exit_interrupted;
    if (any(RowResult::Status::crashed)) return exit_bug;
    return any(RowResult::Status::failed) ? exit_failed : exit_done;
}

// What must be said before hours of simulation, not after.
std::filesystem::path choose_directory(const RunConfig& config, const RunOptions& options) {
    if (options.out.empty()) return next_directory(config.output.folder, config.name);
    std::filesystem::path out = named_directory(options.out);
    if (!may_replace(out)) {
        throw BadInput({"--out " + options.out, 0, 0}, "this exists and is no run directory",
                       "name a new folder, an empty one, or an older run's");
    }
    return out;
}

void make_parent(const std::filesystem::path& directory, const std::string& named_by) {
    const std::filesystem::path parent = std::filesystem::absolute(directory).parent_path();
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    // Asking for permission is not enough: a file system may refuse root too, or so long a name.
    const std::filesystem::path probe = unfinished_directory(directory);
    if (!error) std::filesystem::create_directory(probe, error);
    if (error) {
        throw BadInput({named_by, 0, 0},
                       "nothing can be written in " + parent.string() + ": " + error.message(),
                       "name another folder with --out");
    }
    std::filesystem::remove(probe, error);
}

}  // namespace

std::filesystem::path named_directory(const std::string& name) {
    std::filesystem::path out = std::filesystem::path(name).lexically_normal();
    if (!out.has_filename()) out = out.parent_path();
    // These have no name that a folder beside them could be called after.
    if (out == "." || out.filename() == "..") out = std::filesystem::weakly_canonical(out);
    // Whoever has a link there wants the files where it leads.
    std::error_code error;
    if (std::filesystem::is_symlink(out, error)) out = std::filesystem::weakly_canonical(out);
    if (std::filesystem::is_symlink(out, error)) {
        throw BadInput({"--out " + name, 0, 0}, "this is a link to what is not there",
                       "make the folder that it leads to, or name another one");
    }
    return out;
}

int run(const LoadedConfig& loaded, const RunOptions& options) {
    const RunConfig& config = loaded.config;
    for (const std::string& rule : rules_off(config))
        say("stile: warning: rule off: {}; domains do not hold in this run\n", rule);
    const std::vector<workload::Row> rows = make_rows(loaded);
    check_checkpoints(config, rows, options.checkpoints);
    std::filesystem::path directory = choose_directory(config, options);
    make_parent(directory, options.out.empty() ? "output.folder" : "--out " + options.out);
    PerformOptions perform_options;
    perform_options.console = options.console;
    perform_options.checkpoints = options.checkpoints;
    // What two guests print at the same time nobody can read.
    perform_options.jobs = options.jobs != 0 ? options.jobs
                           : options.console ? 1
                                             : std::max(1u, std::thread::hardware_concurrency());
    Performed performed;
    {
        ProgressLine line;
        perform_options.status = [&](const PoolStatus& status) { show(line, status); };
        performed = perform(loaded, rows, perform_options);
    }
    const std::map<std::string, std::string> files = directory_files(loaded, performed);
    if (options.out.empty() && std::filesystem::exists(directory)) {
        directory =
            next_directory(config.output.folder, config.name);  // another run took the place meanwhile
    }
    std::vector<std::string> lost;
    bool written = true;
    try {
        lost = write_directory(directory, files, performed.kept);
    } catch (const HostTrouble& trouble) {
        // The figures are worth having on the screen all the same.
        lost.push_back(trouble.what());
        written = false;
    }
    try {
        put(result_table(performed.rows));
    } catch (const HostTrouble& trouble) {
        lost.push_back(fmt::format("the table: {}", trouble.what()));
    }
    if (config.machine.core.model == model::CoreModel::functional && has_figures(performed.rows))
        say("stile: core model functional counts instructions: its cycles and ns are no times\n");
    print_troubles(performed.rows);
    for (const std::string& what : lost) say("stile: {}\n", what);
    print_speed(performed.rows, performed.seconds);
    if (written) say("stile: results are in {}\n", directory.string());
    const int code = exit_code(performed);
    return code == exit_done && !lost.empty() ? exit_failed : code;
}

}  // namespace stile::sim
