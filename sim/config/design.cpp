// SPDX-License-Identifier: Apache-2.0
#include "sim/config/design.h"

#include "sim/config/bind.h"

namespace stile::sim {

bool is_built(const std::string& key) {
    // What the machine has to cope with; a workload's parameters are known to its plugin alone.
    if (key.starts_with("workload.") || key.starts_with("measure.")) return false;
    RunConfig config;
    Registry keys;
    bind_run(keys, config);
    const Key* known = keys.find(key);
    return !known || known->is_built();
}

}  // namespace stile::sim
