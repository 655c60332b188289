// SPDX-License-Identifier: Apache-2.0
#include "sim/run/simulate.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "model/systemc/machine.h"
#include "sim/boot/boot.h"
#include "sim/measure/measurement.h"
#include "sim/run/kernel_image.h"
#include "sim/run/machine_state.h"
#include "sim/run/row_checkpoint.h"
#include "sim/run/row_inputs.h"
#include "sim/run/verdict.h"

namespace stile::sim {

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

namespace {

// What the clock of the core that is furthest shows, in reference cycles.
uint64_t latest(model::Machine& machine) {
    uint64_t cycles = 0;
    for (unsigned i = 0; i < machine.config().cores; ++i)
        cycles = std::max(cycles, machine.core(i).to_reference(machine.core(i).now()));
    return cycles;
}

}  // namespace

RowResult simulate(const RunConfig& config, const workload::Row& row, const SimulateOptions& options) {
    const auto started = std::chrono::steady_clock::now();
    RowResult result;
    result.key = row_key(config, row);
    result.measured = row.measured;

    const RowInputs inputs = row_inputs(config, row);
    Measurement measurement(code_images(inputs));
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
    boot(machine.memory(), machine.core().state(), kernel_image(), inputs.files, inputs.processes,
         inputs.boot);

    Conductor conductor(config, machine, measurement);
    RowCheckpoint checkpoint(config, inputs, options.checkpoints);
    if (checkpoint.begin({machine, measurement, result.console, printed}, conductor)) {
        result.restored_instructions = instructions_of(machine);
        result.restored_cycles = latest(machine);
        if (options.console_to_stderr) std::fwrite(result.console.data(), 1, result.console.size(), stderr);
    }
    const End end = conductor.run(options.progress);

    result.kept = machine.archive();
    if (printed > result.console.size()) {
        result.warnings.push_back(
            fmt::format("the guest printed {} bytes; console.txt has the first {} (output.console_limit)",
                        printed, result.console.size()));
    }
    result.cycles = latest(machine);
    result.ns = machine.seconds(result.cycles) * 1e9;
    result.instructions = instructions_of(machine);
    const MeasurementResult measured = measurement.result();
    judge(measured, end, config.machine.frequency, result);
    for (const ProxyCode& p : measured.proxies)
        result.proxies.push_back({p.address, p.policy, {p.code.begin(), p.code.end()}});
    add_instrument_reports(measured, config.plugin.descriptor->reports, result);
    checkpoint.end(end.outcome.why == model::Stop::power_off);
    if (!checkpoint.failure().empty()) {
        result.status = RowResult::Status::failed;
        result.failures.push_back(checkpoint.failure());
    }
    result.warnings.insert(result.warnings.end(), checkpoint.warnings().begin(), checkpoint.warnings().end());
    if (wants_state(end)) result.state = machine_state(machine, measurement, result.console);
    for (const model::Statistic& s : machine.statistics()) {
        result.statistics.push_back({s.path, s.value, s.integral, s.unit, s.description});
    }
    add_statistics(measured, result.statistics, config.machine.core.model != model::CoreModel::functional);
    conductor.add_statistics(result.statistics);
    result.host_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return result;
}

}  // namespace stile::sim
