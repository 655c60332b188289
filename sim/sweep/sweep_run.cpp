// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/sweep_run.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include "sim/process/say.h"
#include "sim/report/sweep_outputs.h"
#include "sim/run/rules_off.h"
#include "sim/run/run.h"
#include "sim/sweep/coordinator.h"
#include "sim/sweep/interrupt.h"
#include "sim/sweep/local_launcher.h"
#include "sim/sweep/prepare.h"
#include "sim/sweep/slurm_launcher.h"

namespace stile::sim {

namespace fs = std::filesystem;

namespace {

fs::path choose_directory(const RunConfig& base, const SweepOptions& options) {
    // Workers may stand elsewhere.
    return fs::absolute(options.out.empty() ? fs::path(base.output.folder) / base.name
                                            : named_directory(options.out))
        .lexically_normal();
}

void check_directory(const SweepDirectory& directory, const SweepOptions& options) {
    const Place place{directory.path().string(), 0, 0};
    if (directory.has_sweep()) {
        if (!options.resume)
            throw BadInput(place, "this holds a sweep already",
                           "--resume goes on with it; another --out begins a new one");
    } else if (!directory.may_begin()) {
        throw BadInput(place, "this exists and is no sweep directory",
                       "name a new folder, or an empty one, with --out");
    }
}

std::unique_ptr<Launcher> make_launcher(const LoadedSweep& loaded, const SweepDirectory& directory,
                                        const SweepOptions& options) {
    const WorkerOptions worker{directory.path(), options.shared_boot,
                               static_cast<double>(loaded.config().timeout_ns) / 1e9};
    if (options.launcher == "slurm") return std::make_unique<SlurmLauncher>(worker, options.jobs);
    cancel_slurm_jobs(directory);
    const unsigned jobs =
        options.jobs != 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
    return std::make_unique<LocalLauncher>(worker, jobs);
}

void print_failed(const LoadedSweep& loaded, const SweepDirectory& directory,
                  const std::map<size_t, PointResult>& failed) {
    constexpr size_t most = 10;
    size_t told = 0;
    for (const auto& [point, result] : failed) {
        if (++told > most) {
            say("stile: {} more points failed; they are in {}\n", failed.size() - most,
                (directory.path() / "failed").string());
            break;
        }
        say("stile: point {} ({}): {}: {}; see {}\n", point, loaded.text(point), name_of(result.status),
            result.reason.substr(0, result.reason.find('\n')), directory.failed(point).string());
    }
}

int sweep_into(const LoadedSweep& loaded, const StoredSweep& stored, const SweepDirectory& directory,
               const SweepOptions& options) {
    fs::create_directories(directory.work());
    const SweepLock lock(directory);
    check_directory(directory, options);
    directory.remove_leftovers();
    if (!directory.has_sweep()) create_store(directory.database(), stored);
    Store store(directory.database());
    if (Faults faults = differences(directory.path().string(), store.meta(), stored.meta); !faults.empty())
        throw BadInput(std::move(faults));
    // What may differ: time limits and what the report looks at.
    store.set_meta(stored.meta);
    write_whole(directory.config(), stored.meta.at("config_yaml"));
    if (options.shared_boot && loaded.base().config.measure.fast_forward == "none") {
        say("stile: every point boots by itself: with --fast-forward roi the boot is done once for all "
            "that may share it\n");
    }

    Coordinator coordinator(loaded, stored, directory, store);
    coordinator.merge_leftovers();
    const std::unique_ptr<Launcher> launcher = make_launcher(loaded, directory, options);
    const bool all = coordinator.run(*launcher);

    for (const std::string& warning : write_sweep_outputs(directory.path()))
        say("stile: warning: {}\n", warning);
    bool printed = true;
    try {
        put(sweep_answer(directory.database()));
    } catch (const HostTrouble& trouble) {
        say("stile: {}\n", trouble.what());
        printed = false;
    }
    print_failed(loaded, directory, coordinator.failed());
    say("stile: results are in {}{}\n", directory.path().string(), all ? "" : "; --resume goes on from here");
    if (!all) return exit_interrupted;
    return coordinator.failed().empty() && printed ? exit_done : exit_failed;
}

}  // namespace

int sweep(const LoadedSweep& loaded, const SweepOptions& options) {
    const RunConfig& base = loaded.base().config;
    for (const std::string& rule : rules_off(base))
        say("stile: warning: rule off: {}; domains do not hold in this sweep\n", rule);
    const SweepDirectory directory(choose_directory(base, options));
    check_directory(directory, options);
    if (options.launcher == "slurm") check_slurm();
    take_interrupts();
    StoredSweep stored;
    try {
        stored = prepare(loaded);
    } catch (const Interrupted&) {
        say("stile: interrupted while the points were prepared: nothing was run or written\n");
        return exit_interrupted;
    }
    const Place place{directory.path().string(), 0, 0};
    const std::string remedy = "what is finished is kept: when there is room, --resume goes on";
    try {
        return sweep_into(loaded, stored, directory, options);
    } catch (const BadInput&) {
        throw;
    } catch (const fs::filesystem_error& error) {
        throw BadInput(place, error.path1().string() + ": " + error.code().message(), remedy);
    } catch (const std::runtime_error& error) {
        throw BadInput(place, error.what(), remedy);
    }
}

}  // namespace stile::sim
