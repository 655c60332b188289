// SPDX-License-Identifier: Apache-2.0
//
// Everything that can be known of a sweep before anything runs.
#pragma once

#include "sim/config/sweep.h"
#include "sim/sweep/store/store.h"

namespace stile::sim {

// Looks at every point. Throws BadInput with the faults of all points whose values do not go together, unless
// the sweep is to skip these, and Interrupted where it is asked to stop (sim/sweep/interrupt.h).
struct Interrupted {};
StoredSweep prepare(const LoadedSweep& sweep);

// One fault per difference between a sweep that was begun and this one; its meta each.
Faults differences(const std::string& directory, const std::map<std::string, std::string>& begun,
                   const std::map<std::string, std::string>& now);

}  // namespace stile::sim
