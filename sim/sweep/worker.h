// SPDX-License-Identifier: Apache-2.0
//
// One point of a sweep, in a process of its own: `stile sweep --worker POINT --out DIR`.
#pragma once

#include <cstddef>
#include <string>

namespace stile::sim {

// Simulates point `point` of DIR/config.yaml and leaves the result in DIR/work; a point that has not come out
// well leaves its run directory in DIR/failed too. Returns the exit code: 0 where there is a result, good or
// bad. Throws BadInput, and std::runtime_error where nothing can be written.
int sweep_worker(const std::string& directory, size_t point, bool shared_boot);

}  // namespace stile::sim
