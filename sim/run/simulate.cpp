// SPDX-License-Identifier: Apache-2.0
#include "sim/run/simulate.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdio>

#include "model/systemc/machine.h"
#include "sim/boot/boot.h"
#include "sim/measure/measurement.h"
#include "sim/run/kernel_image.h"
#include "sim/run/machine_state.h"
#include "sim/run/verdict.h"

namespace stile::sim {
namespace {

std::span<const uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// What the guest finds in its file system. `held` keeps what the row does not own.
std::vector<GuestFile> guest_files(const RunConfig& config, const workload::Row& row) {
    std::vector<GuestFile> files;
    for (const workload::Image& image : config.plugin.descriptor->images) {
        files.push_back({std::string("/bin/") + image.name, image.bytes, 0755});
    }
    for (const workload::File& file : row.files)
        files.push_back({file.path, bytes_of(file.contents), file.mode});
    for (size_t i = 0; i < row.processes.size(); ++i) {
        const std::string& input = row.processes[i].stdin_data;
        if (!input.empty()) files.push_back({fmt::format("/.stdin{}", i), bytes_of(input), 0444});
    }
    return files;
}

std::vector<BootProcess> boot_processes(const workload::Row& row) {
    std::vector<BootProcess> processes;
    for (size_t i = 0; i < row.processes.size(); ++i) {
        const workload::Process& p = row.processes[i];
        uint64_t cores = 0;
        for (const unsigned core : p.cores) cores |= 1ull << core;
        processes.push_back(
            {p.path, p.argv, p.env, p.stdin_data.empty() ? "" : fmt::format("/.stdin{}", i), p.cwd, cores});
    }
    return processes;
}

std::vector<CodeImage> code_images(std::span<const GuestFile> files) {
    const auto kernel = kernel_image();
    std::vector<CodeImage> images{{"kernel", {kernel.begin(), kernel.end()}, true}};
    for (const GuestFile& file : files) {
        if ((file.mode & 0111) != 0 && ((file.mode & S_IFMT) == 0 || S_ISREG(file.mode)))
            images.push_back({file.path, {file.bytes.begin(), file.bytes.end()}, false});
    }
    return images;
}

BootOptions boot_options(const RunConfig& config) {
    BootOptions options;
    options.seed = config.os.seed;
    options.tsc_hz = config.machine.frequency;
    options.tick_hz = config.os.tick_hz;
    options.cpus = config.machine.cores;
    options.flush_apl = config.os.flush_apl_on_switch;
    for (unsigned i = 0; i < STILE_OS_CHECK_COUNT; ++i)
        if (!config.os.checks[i]) options.checks_off |= 1ull << i;
    switch (config.machine.protection) {
        case model::ProtectionKind::none:
            options.protection = STILE_PROTECTION_NONE;
            break;
        case model::ProtectionKind::paging:
        case model::ProtectionKind::mpk:  // which the kernel finds by CPUID
            options.protection = STILE_PROTECTION_PAGING;
            break;
        case model::ProtectionKind::codoms:
            options.protection = STILE_PROTECTION_CODOMS;
            break;
    }
    return options;
}

}  // namespace

RowKey row_key(const RunConfig& config, const workload::Row& row) {
    RowKey key;
    key.mechanism = row.mechanism;
    key.policy = row.policy;
    key.scope = row.scope;
    key.placement = row.placement;
    key.size_bytes = row.size_bytes;
    // Only what has an isolation policy goes through proxies.
    key.proxies = row.policy == "-" ? "-" : config.proxies;
    switch (config.machine.protection) {
        case model::ProtectionKind::none:
            key.protection = "none";
            break;
        case model::ProtectionKind::paging:
            key.protection = "paging";
            break;
        case model::ProtectionKind::mpk:
            key.protection = "mpk";
            break;
        case model::ProtectionKind::codoms:
            key.protection = "codoms";
            break;
    }
    // The kind of the last core too, where it is another.
    const std::string first = name_of(config.machine.for_core(0).core.model),
                      last = name_of(config.machine.for_core(config.machine.cores - 1).core.model);
    key.core = first == last ? first : first + "+" + last;
    key.machine = config.machine.name;
    key.kernel_profile = config.os.kernel_profile;
    return key;
}

RowResult simulate(const RunConfig& config, const workload::Row& row, const SimulateOptions& options) {
    const auto started = std::chrono::steady_clock::now();
    RowResult result;
    result.key = row_key(config, row);
    result.measured = row.measured;

    const std::vector<GuestFile> files = guest_files(config, row);
    Measurement measurement(code_images(files));
    model::Machine machine(config.machine, &measurement);
    uint64_t printed = 0;
    machine.on_console([&](std::string_view text) {
        printed += text.size();
        const uint64_t room = config.output.console_limit - result.console.size();
        result.console += text.substr(0, std::min<uint64_t>(text.size(), room));
        if (options.console_to_stderr) std::fwrite(text.data(), 1, text.size(), stderr);
    });
    std::vector<model::Core*> cores;
    for (unsigned i = 0; i < config.machine.cores; ++i) cores.push_back(&machine.core(i));
    measurement.attach(cores);
    BootOptions options_at_boot = boot_options(config);
    options_at_boot.keep = row.keep;
    boot(machine.memory(), machine.core().state(), kernel_image(), files, boot_processes(row),
         options_at_boot);

    Conductor conductor(config, machine, measurement);
    const End end = conductor.run(options.progress);

    result.kept = machine.archive();
    if (printed > result.console.size()) {
        result.warnings.push_back(
            fmt::format("the guest printed {} bytes; console.txt has the first {} (output.console_limit)",
                        printed, result.console.size()));
    }
    for (model::Core* core : cores) result.cycles = std::max(result.cycles, core->to_reference(core->now()));
    result.instructions = instructions_of(machine);
    judge(measurement.result(), end, config.machine.frequency, result);
    if (wants_state(end)) result.state = machine_state(machine, measurement, result.console);
    for (const model::Statistic& s : machine.statistics()) {
        result.statistics.push_back({s.path, s.value, s.integral, s.unit, s.description});
    }
    add_statistics(measurement.result(), result.statistics,
                   config.machine.core.model != model::CoreModel::functional);
    conductor.add_statistics(result.statistics);
    result.host_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return result;
}

}  // namespace stile::sim
