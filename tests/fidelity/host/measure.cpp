// SPDX-License-Identifier: Apache-2.0
#include "tests/fidelity/host/measure.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>

#include "abi/marker.h"
#include "model/systemc/machine.h"
#include "sim/boot/boot.h"
#include "sim/config/bind.h"
#include "sim/config/load.h"

namespace stile::fidelity {
namespace {

// Longer than any row takes, by a factor of ten.
constexpr model::Cycles limit = 200'000'000;

struct Listener : model::Observer {
    std::optional<double> value;
    void marker(model::Core&, uint32_t code, uint64_t, uint64_t rsi, uint64_t) override {
        if (code == STILE_MARK_REPORT) value = static_cast<double>(static_cast<int64_t>(rsi)) / 1000;
    }
};

std::vector<uint8_t> image() {
    std::ifstream in(STILE_MICRO_IMAGE, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " STILE_MICRO_IMAGE);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<double> simulate(const model::MachineConfig& config, const std::string& row) {
    Listener listener;
    model::Machine machine(config, &listener);
    sim::BootOptions options;
    options.cpus = config.cores;
    options.tsc_hz = config.frequency;
    const std::vector<sim::BootProcess> named{{row, {}, {}, ""}};
    sim::boot(machine.memory(), machine.core().state(), image(), {}, named, options);
    const auto outcome = machine.run(limit);
    if (outcome.why != model::Stop::power_off || outcome.power_code != 0) {
        fmt::print(stderr, "{}: the guest did not end as it should ({}, {:#x}): {}\n", row,
                   static_cast<int>(outcome.why), outcome.power_code, outcome.reason);
        return std::nullopt;
    }
    return listener.value;
}

}  // namespace

model::MachineConfig load_machine(const std::string& file) {
    sim::RunConfig config;
    sim::Registry keys;
    sim::bind_machine(keys, config.machine);
    sim::bind_cores(keys, config);
    sim::Faults faults;
    keys.assign(sim::load_tree(STILE_SOURCE_DIR "/configs/machines/" + file), faults);
    if (!faults.empty()) throw std::runtime_error(file + ": " + faults.front().text());
    if (config.machine.little_cores != 0)
        config.machine.little = std::make_shared<const model::MachineConfig>(config.little);
    return config.machine;
}

double measure(const model::MachineConfig& machine, const std::string& row) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    const pid_t child = fork();
    if (child == 0) {
        const auto value = simulate(machine, row);
        const bool sent = value && write(ends[1], &*value, sizeof *value) == sizeof *value;
        _exit(sent ? 0 : 1);
    }
    close(ends[1]);
    double value = 0;
    const bool got = read(ends[0], &value, sizeof value) == sizeof value;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!got || status != 0)
        throw std::runtime_error(fmt::format("row {}: no result (wait status {:#x})", row, status));
    return value;
}

}  // namespace stile::fidelity
