// SPDX-License-Identifier: Apache-2.0
//
// One micro-benchmark on one machine: simulated in a process of its own, from reset, as every row of a run
// is.
#pragma once

#include <string>

#include "model/config.h"

namespace stile::fidelity {

// A file of configs/machines/. Throws std::runtime_error with what is wrong with it.
model::MachineConfig load_machine(const std::string& file);

// What the guest reports, in its own unit (guest/micro.h: thousandths of a cycle per operation, mostly).
// Throws std::runtime_error when it reports nothing.
double measure(const model::MachineConfig& machine, const std::string& row);

}  // namespace stile::fidelity
