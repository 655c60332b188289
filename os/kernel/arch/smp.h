// SPDX-License-Identifier: Apache-2.0
//
// The other CPUs: starting them, and calling upon them.
#pragma once

#include "os/kernel/arch/cpu.h"

namespace stile::os {

void start_other_cpus();                        // from the first one, which holds the big lock afterwards
[[noreturn]] void other_cpu_main(unsigned id);  // where they begin

// That CPU looks at its work flags, or if it idles at its queue, as soon as it can.
void cpu_kick(Cpu& c);

}  // namespace stile::os
