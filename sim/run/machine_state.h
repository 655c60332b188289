// SPDX-License-Identifier: Apache-2.0
//
// What the machine was doing, for people who wonder why a row did not end.
#pragma once

#include <string>

#include "model/systemc/machine.h"
#include "sim/measure/measurement.h"

namespace stile::sim {

// "process 3 (/bin/x) at main+0x12 (/bin/x)" of the first core that is not halted.
std::string running(model::Machine& machine, const Measurement& measurement);

// Every core and what it runs, every other component's own account, and the end of the console.
std::string machine_state(model::Machine& machine, const Measurement& measurement,
                          const std::string& console);

}  // namespace stile::sim
