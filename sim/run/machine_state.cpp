// SPDX-License-Identifier: Apache-2.0
#include "sim/run/machine_state.h"

#include <fmt/format.h>

namespace stile::sim {
namespace {

std::string place(model::Machine& machine, const Measurement& measurement, unsigned core) {
    return measurement.running_process(core) + " at " +
           measurement.symbol_at(machine.core(core).state().rip, core);
}

constexpr size_t console_end = 2000;

}  // namespace

std::string running(model::Machine& machine, const Measurement& measurement) {
    for (unsigned i = 0; i < machine.config().cores; ++i)
        if (!machine.core(i).halted()) return place(machine, measurement, i);
    return place(machine, measurement, 0);
}

std::string machine_state(model::Machine& machine, const Measurement& measurement,
                          const std::string& console) {
    std::string out;
    for (unsigned i = 0; i < machine.config().cores; ++i)
        out += fmt::format("core {}: {} {}\n", i, machine.core(i).halted() ? "halted in" : "runs",
                           place(machine, measurement, i));
    out += machine.state();
    const size_t from = console.size() > console_end ? console.size() - console_end : 0;
    out += "--- console" + std::string(from > 0 ? ", its end" : "") + ":\n" + console.substr(from);
    if (!console.empty() && console.back() != '\n') out += "\n";
    return out;
}

}  // namespace stile::sim
