// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "model/timing/inorder.h"
#include "model/timing/ooo.h"

namespace stile::model {

// The timing model of `machine.core.model`. A functional core asks none how long anything took; what it
// gets is the in-order one.
inline std::unique_ptr<Timing> make_timing(const MachineConfig& config, const PhysicalMemory& memory,
                                           LowerMemory& lower, const CpuState& state, Counters& counters) {
    if (config.core.model == CoreModel::ooo)
        return std::make_unique<OooTiming>(config, memory, lower, state, counters);
    return std::make_unique<InorderTiming>(config, memory, lower, state, counters);
}

}  // namespace stile::model
