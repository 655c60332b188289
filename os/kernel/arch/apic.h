// SPDX-License-Identifier: Apache-2.0
//
// The local APIC in x2APIC mode (Intel SDM vol. 3, 11.12): one timer, one-shot, counting at the TSC's rate.
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

void apic_init();
void apic_end_of_interrupt();
void apic_arm_timer(uint64_t ticks_from_now);  // 0 stops it

}  // namespace stile::os
