// SPDX-License-Identifier: Apache-2.0
//
// What the files share that bind the keys of a machine.
#pragma once

#include "sim/config/registry.h"

namespace stile::model {
struct CoreConfig;
}

namespace stile::sim {

inline constexpr int64_t KiB = 1 << 10, MiB = 1 << 20, GiB = 1 << 30;
constexpr int64_t max_latency = 1'000'000;  // cycles
inline const char* const xeon = "Intel Xeon E3-1220 v2 (Ivy Bridge)";

// The keys below `machine.core:`.
void bind_core(Registry& keys, model::CoreConfig& core);

}  // namespace stile::sim
