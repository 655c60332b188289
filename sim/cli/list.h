// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace stile::sim {

inline const std::vector<std::string> list_topics{"machines",  "runs",       "sweeps", "mechanisms",
                                                  "workloads", "parameters", "stats",  "instructions"};

// What `stile list TOPIC` prints.
std::string list(const std::string& topic);

}  // namespace stile::sim
