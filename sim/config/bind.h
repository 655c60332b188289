// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/config/registry.h"
#include "sim/config/run_config.h"

namespace stile::sim {

// Declares every key and ties it to its field of `config`, which must outlive `keys`.
void bind_machine(Registry& keys, model::MachineConfig& machine);
void bind_cores(Registry& keys, RunConfig& config);
void bind_run(Registry& keys, RunConfig& config);
// The parameters of a workload plugin, below `workload:`; fills in their defaults.
void bind_parameters(Registry& keys, const workload::Descriptor& workload, workload::Parameters& values);

// What must hold between keys.
void check_rules(const Registry& keys, const RunConfig& config, Faults& faults);

}  // namespace stile::sim
