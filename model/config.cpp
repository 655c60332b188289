// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include <algorithm>

namespace stile::model {

MachineConfig MachineConfig::for_core(unsigned i) const {
    const bool is_little = little && little_cores != 0 && i >= cores - std::min(cores, little_cores);
    MachineConfig c = is_little ? *little : *this;
    c.little.reset();
    c.reference = reference_frequency();
    c.name = name;
    c.cores = cores;
    c.little_cores = little_cores;
    c.llc = llc;
    c.memory = memory;
    c.io_latency = io_latency;
    c.ipi_latency = ipi_latency;
    c.watchdog = watchdog;
    c.quantum = quantum;
    c.protection = protection;
    c.area = area;
    return c;
}

Cycles MachineConfig::look_ahead() const {
    const Cycles shared = llc.size ? llc.latency : coherence.snoop_latency;
    return std::max<Cycles>(1, std::min(shared, ipi_latency));
}

}  // namespace stile::model
