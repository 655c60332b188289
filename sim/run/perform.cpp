// SPDX-License-Identifier: Apache-2.0
#include "sim/run/perform.h"

#include <fmt/format.h>

#include <chrono>

#include "sim/area/energy.h"
#include "sim/config/describe.h"
#include "sim/run/host_info.h"
#include "sim/run/simulate.h"

namespace stile::sim {
namespace {

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

}  // namespace

Performed perform(const LoadedConfig& loaded, const std::vector<workload::Row>& rows,
                  const PerformOptions& options) {
    const RunConfig& config = loaded.config;
    std::vector<RowKey> keys;
    for (const workload::Row& row : rows) keys.push_back(row_key(config, row));
    // First, because the user's CACTI may fail, and nothing should be lost then.
    ArraySizer sizer;
    if (config.output.energy) sizer.arrays_of(config.machine);
    const auto started = std::chrono::steady_clock::now();
    PoolResult pool =
        run_rows(keys,
                 [&](size_t row, const ProgressFunction& progress) {
                     return simulate(config, rows[row], {options.console, progress, options.checkpoints});
                 },
                 {options.jobs, options.timeout_seconds, options.status});
    Performed performed;
    performed.rows = std::move(pool.rows);
    for (size_t i = 0; i < rows.size(); ++i) performed.rows[i].measured = rows[i].measured;
    performed.kept = kept_folders(rows, performed.rows);
    if (config.output.energy)
        for (RowResult& row : performed.rows) add_energy(config.machine, sizer, row.statistics);
    performed.interrupted = pool.interrupted;
    performed.jobs = options.jobs;
    performed.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return performed;
}

std::map<std::string, std::string> directory_files(const LoadedConfig& loaded, const Performed& performed) {
    const RunConfig& config = loaded.config;
    const std::string yaml = resolved_yaml(loaded.keys);
    std::vector<std::string> reports;
    for (const workload::Report& report : config.plugin.descriptor->reports) reports.push_back(report.name);
    std::map<std::string, std::string> files = result_files(performed.rows, yaml, reports);
    files["host.json"] = host_json(config, yaml, performed.rows, {performed.seconds, performed.jobs});
    if (config.output.report) files["report.html"] = report_of(files, config.name);
    return files;
}

}  // namespace stile::sim
