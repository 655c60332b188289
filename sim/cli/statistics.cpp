// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/statistics.h"

#include "model/systemc/machine.h"
#include "sim/area/energy.h"
#include "sim/run/verdict.h"

namespace stile::sim {

std::vector<RowStatistic> possible_statistics(const model::MachineConfig& config) {
    const model::Machine machine{config};
    std::vector<RowStatistic> all;
    for (const model::Statistic& s : machine.statistics())
        all.push_back({s.path, s.value, s.integral, s.unit, s.description});
    MeasurementResult measured;
    measured.roi.emplace();
    measured.timed.emplace();
    add_statistics(measured, all, config.core.model != model::CoreModel::functional);
    all.push_back({"fast_forward.instructions", 0, true, "instructions",
                   "retired by the functional core, which went ahead"});
    all.push_back(
        {"fast_forward.cycles", 0, true, "cycles", "that this took, one per instruction and halted time"});
    for (const RowStatistic& s : energy_statistics(config)) all.push_back(s);
    return all;
}

}  // namespace stile::sim
