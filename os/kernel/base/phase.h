// SPDX-License-Identifier: Apache-2.0
//
// Phases: the linker script collects each phase's code between __phase_X_start and __phase_X_end, so that an
// observer outside can say by address where the kernel's cycles go. Code without a mark is `dispatch`.
// The names are those of the phase_* columns: entry_exit, copy, schedule, pt_switch, refill.
#pragma once

#define PHASE(name) __attribute__((section(".text.phase." #name)))
