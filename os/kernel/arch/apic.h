// SPDX-License-Identifier: Apache-2.0
//
// The local APIC in x2APIC mode (Intel SDM vol. 3, 11.12): one timer, one-shot, counting at the TSC's rate,
// and messages to other CPUs.
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

void apic_init();
void apic_end_of_interrupt();
void apic_arm_timer(uint64_t ticks_from_now);  // 0 stops it

void apic_send(unsigned to, uint8_t vector);  // an interrupt for another CPU
void apic_send_to_others(uint8_t vector);
void apic_start_cpu(unsigned id);

}  // namespace stile::os
