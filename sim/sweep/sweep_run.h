// SPDX-License-Identifier: Apache-2.0
//
// `stile sweep`: all points of a configuration, each in a process of its own, into one directory.
#pragma once

#include <string>

#include "sim/config/sweep.h"

namespace stile::sim {

struct SweepOptions {
    std::string out;  // empty: named like the configuration, below output.folder
    std::string launcher = "local";
    unsigned jobs = 0;  // 0: as many as processors
    bool resume = false, shared_boot = true;
};

// Returns the exit code. Throws BadInput.
int sweep(const LoadedSweep& loaded, const SweepOptions& options);

}  // namespace stile::sim
