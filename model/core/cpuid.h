// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/config.h"

namespace stile::model {

// What core `id`, of this configuration (MachineConfig::for_core), answers; `keys_on`: CR4.PKE.
void cpuid_answer(const MachineConfig& config, unsigned id, bool keys_on, uint32_t leaf, uint32_t subleaf,
                  uint32_t out[4]);

// One for all leaves and sub-leaves whose answers hang on the same of the configuration.
struct CpuidQuestion {
    uint32_t leaf = 0, subleaf = 0;
    auto operator<=>(const CpuidQuestion&) const = default;
};
CpuidQuestion plain_question(const MachineConfig& config, uint32_t leaf, uint32_t subleaf);

}  // namespace stile::model
