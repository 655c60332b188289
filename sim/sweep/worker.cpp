// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/worker.h"

#include <fmt/format.h>
#include <signal.h>

#include "sim/config/describe.h"
#include "sim/config/sweep.h"
#include "sim/process/say.h"
#include "sim/results/sha256.h"
#include "sim/run/perform.h"
#include "sim/run/run.h"
#include "sim/sweep/directory.h"
#include "sim/sweep/identity.h"
#include "sim/sweep/store/point_result.h"

namespace stile::sim {

int sweep_worker(const std::string& directory, size_t point, bool shared_boot) {
    // A file that may not grow is to be an error of write(), not death.
    signal(SIGXFSZ, SIG_IGN);
    const SweepDirectory files(directory);
    const LoadedSweep sweep(files.config().string(), {},
                            [](const std::string& name) { return workload::load_plugin(name); });
    if (point < 1 || point > sweep.points()) {
        throw BadInput({fmt::format("--worker {}", point), 0, 0}, "there is no such point",
                       fmt::format("1 to {} are there", sweep.points()));
    }
    const auto loaded = sweep.load(point);
    const std::vector<workload::Row> rows = make_rows(*loaded);
    PerformOptions options;
    options.timeout_seconds = static_cast<double>(sweep.config().timeout_ns) / 1e9;
    if (shared_boot && loaded->config.measure.fast_forward != "none") {
        std::filesystem::create_directories(files.boot());
        options.checkpoints = {files.boot().string(), true, true};
    }
    const Performed performed = perform(*loaded, rows, options);
    if (performed.interrupted) return exit_interrupted;

    PointResult result = judge_point(point, performed.rows);
    result.seconds = performed.seconds;
    result.config_sha256 = sha256(resolved_yaml(loaded->keys));
    result.program_sha256 = worker_sha256(loaded->config);
    if (result.status != PointResult::Status::done) {
        auto contents = directory_files(*loaded, performed);
        contents["reason.txt"] = result.reason + "\n";
        for (const std::string& what : write_directory(files.failed(point), contents, performed.kept))
            say("stile: {}\n", what);
    }
    write_whole(files.result(point), to_text(result));
    return exit_done;
}

}  // namespace stile::sim
