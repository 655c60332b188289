// SPDX-License-Identifier: Apache-2.0
#include "sim/run/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "sim/config/describe.h"
#include "sim/results/run_directory.h"
#include "sim/results/table.h"
#include "sim/run/host_info.h"
#include "sim/run/row_pool.h"
#include "sim/run/rules_off.h"
#include "sim/run/simulate.h"

namespace stile::sim {
namespace {

// One line on a terminal that is written over again and again; nothing anywhere else.
class ProgressLine {
  public:
    ProgressLine() : on_(isatty(STDERR_FILENO) == 1) {}
    ~ProgressLine() {
        if (shown_) fmt::print(stderr, "\r\033[K");
    }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const PoolStatus& status) {
        if (!on_) return;
        std::string left;
        if (status.finished > 0) {
            const double per_row = status.seconds / static_cast<double>(status.finished);
            left = fmt::format(", about {:.0f} s left",
                               per_row * static_cast<double>(status.rows - status.finished));
        }
        fmt::print(stderr, "\r\033[Krow {} of {}, {:.0f} million instructions per second{}", status.finished,
                   status.rows,
                   static_cast<double>(status.instructions) / std::max(status.seconds, 1e-3) / 1e6, left);
        fflush(stderr);
        shown_ = true;
    }

  private:
    bool on_, shown_ = false;
};

void print_troubles(const std::vector<RowResult>& rows) {
    for (const RowResult& row : rows) {
        for (const std::string& failure : row.failures) {
            fmt::print(stderr, "stile: {}: {}\n", row.key.text(), failure);
        }
        if (row.status == RowResult::Status::crashed) {
            fmt::print(stderr,
                       "stile: this is a bug in Stile: please report it with config.yaml of the run "
                       "directory, the text "
                       "above and the output of 'stile --version'\n");
        }
    }
    for (const RowResult& row : rows) {
        for (const std::string& warning : row.warnings)
            fmt::print(stderr, "stile: {}: warning: {}\n", row.key.text(), warning);
    }
}

// Of the host, so it goes to no file but host.json.
void print_speed(const std::vector<RowResult>& rows, double seconds) {
    double instructions = 0, cycles = 0;
    for (const RowResult& row : rows) {
        instructions += static_cast<double>(row.instructions);
        cycles += static_cast<double>(row.cycles);
    }
    if (instructions == 0 || seconds <= 0) return;
    fmt::print(stderr,
               "stile: {:.1f} million instructions, {:.1f} million cycles in {:.1f} s: {:.1f} MIPS, {:.0f} "
               "kcycles/s\n",
               instructions / 1e6, cycles / 1e6, seconds, instructions / seconds / 1e6,
               cycles / seconds / 1e3);
}

int exit_code(const PoolResult& pool) {
    const auto any = [&](RowResult::Status status) {
        return std::any_of(pool.rows.begin(), pool.rows.end(),
                           [&](const RowResult& row) { return row.status == status; });
    };
    if (pool.interrupted) return exit_interrupted;
    if (any(RowResult::Status::crashed)) return exit_bug;
    return any(RowResult::Status::failed) ? exit_failed : exit_done;
}

// What must be said before hours of simulation, not after.
std::filesystem::path choose_directory(const RunConfig& config, const RunOptions& options) {
    if (options.out.empty()) return next_directory(config.output.folder, config.name);
    std::filesystem::path out = std::filesystem::path(options.out).lexically_normal();
    if (!out.has_filename()) out = out.parent_path();
    if (!may_replace(out)) {
        throw BadInput({"--out " + options.out, 0, 0}, "this exists and is no run directory",
                       "name a new folder, an empty one, or an older run's");
    }
    return out;
}

// files/ of a run with one row, files/ROW/ of one with several. What is not there is said.
KeptFolders kept_folders(const std::vector<workload::Row>& rows, std::vector<RowResult>& results) {
    KeptFolders folders;
    for (size_t i = 0; i < rows.size(); ++i) {
        RowResult& result = results[i];
        if (rows[i].keep.empty() || !result.exit_status) continue;
        try {
            std::vector<KeptFile> files = kept_files(result.kept);
            for (const std::string& path : not_kept(files, rows[i].keep))
                result.warnings.push_back("keep: " + path + " was not there at the end");
            if (!files.empty())
                folders[rows.size() == 1 ? "files" : fmt::format("files/{}", i + 1)] = std::move(files);
        } catch (const std::runtime_error& error) {
            result.warnings.push_back(error.what());
        }
    }
    return folders;
}

void make_parent(const std::filesystem::path& directory, const std::string& named_by) {
    const std::filesystem::path parent = std::filesystem::absolute(directory).parent_path();
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    // Asking for permission is not enough: a file system may refuse root too.
    std::string probe = (parent / ".stile-XXXXXX").string();
    const bool writable = !error && mkdtemp(probe.data()) != nullptr;
    if (writable) {
        rmdir(probe.c_str());
    } else {
        throw BadInput({named_by, 0, 0},
                       "nothing can be written in " + parent.string() + ": " +
                           (error ? error.message() : std::string(std::strerror(errno))),
                       "name another folder with --out");
    }
}

}  // namespace

int run(const LoadedConfig& loaded, const RunOptions& options) {
    const RunConfig& config = loaded.config;
    for (const std::string& rule : rules_off(config))
        fmt::print(stderr, "stile: warning: rule off: {}; domains do not hold in this run\n", rule);
    const std::vector<workload::Row> rows = make_rows(loaded);
    std::filesystem::path directory = choose_directory(config, options);
    make_parent(directory, options.out.empty() ? "output.folder" : "--out " + options.out);
    std::vector<RowKey> keys;
    for (const workload::Row& row : rows) keys.push_back(row_key(config, row));

    const auto started = std::chrono::steady_clock::now();
    PoolOptions pool_options;
    // What two guests print at the same time nobody can read.
    pool_options.jobs = options.jobs != 0 ? options.jobs
                        : options.console ? 1
                                          : std::max(1u, std::thread::hardware_concurrency());
    PoolResult pool;
    {
        ProgressLine line;
        pool_options.status = [&](const PoolStatus& status) { line.show(status); };
        pool = run_rows(
            keys,
            [&](size_t row, const ProgressFunction& progress) {
                return simulate(config, rows[row], {options.console, progress});
            },
            pool_options);
    }
    for (size_t i = 0; i < rows.size(); ++i) pool.rows[i].measured = rows[i].measured;

    const KeptFolders kept = kept_folders(rows, pool.rows);

    const std::string yaml = resolved_yaml(loaded.keys);
    std::vector<std::string> reports;
    for (const workload::Report& report : config.plugin.descriptor->reports) reports.push_back(report.name);
    std::map<std::string, std::string> files = result_files(pool.rows, yaml, reports);
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    files["host.json"] = host_json(config, yaml, pool.rows, {wall, pool_options.jobs});
    if (config.output.report) files["report.html"] = report_of(files, config.name);
    if (options.out.empty() && std::filesystem::exists(directory)) {
        directory =
            next_directory(config.output.folder, config.name);  // another run took the place meanwhile
    }
    write_directory(directory, files, kept);

    const std::string table = result_table(pool.rows);
    const bool printed = fwrite(table.data(), 1, table.size(), stdout) == table.size() && fflush(stdout) == 0;
    const int print_error = errno;
    print_troubles(pool.rows);
    if (!printed)
        fmt::print(stderr, "stile: the table cannot be written to standard output: {}\n",
                   std::strerror(print_error));
    print_speed(pool.rows, wall);
    fmt::print(stderr, "stile: results are in {}\n", directory.string());
    const int code = exit_code(pool);
    return code == exit_done && !printed ? exit_failed : code;
}

}  // namespace stile::sim
