// SPDX-License-Identifier: Apache-2.0
//
// The keys of machines with several cores, and of two kinds of them.
#include "sim/config/bind.h"

namespace stile::sim {

void bind_cores(Registry& keys, RunConfig& config) {
    model::MachineConfig& machine = config.machine;
    keys.cycles("machine.ipi_latency", machine.ipi_latency)
        .range(1, 1'000'000)
        .help("from the command of an interrupt message to its arrival at another core")
        .source("our choice");
    keys.cycles("machine.watchdog", machine.watchdog)
        .not_built()
        .range(0, 1'000'000'000'000'000)
        .help(
            "how long a core may be awake without retiring an instruction before the row is given up; 0: for "
            "ever")
        .source("our choice");
    keys.integer("machine.little.cores", machine.little_cores)
        .range(0, 64)
        .help("how many of machine.cores, the last ones, are of another kind")
        .source("our choice");
    keys.again({"machine.",
                "machine.little.",
                {"frequency", "core", "l1i", "l1d", "l2", "itlb", "dtlb", "stlb", "walker", "codoms"},
                [&machine] { return machine.little_cores != 0; }},
               [&] { bind_machine(keys, config.little); });
}

}  // namespace stile::sim
