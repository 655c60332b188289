// SPDX-License-Identifier: Apache-2.0
//
// Exceptions and interrupts, after traps.S has built the frame.
#pragma once

#include "os/kernel/arch/frame.h"

namespace stile::os {

enum Vector : uint8_t {
    vec_divide = 0,
    vec_debug = 1,
    vec_nmi = 2,
    vec_breakpoint = 3,
    vec_overflow = 4,
    vec_bound = 5,
    vec_invalid_opcode = 6,
    vec_no_fpu = 7,
    vec_double_fault = 8,
    vec_no_segment = 11,
    vec_stack = 12,
    vec_protection = 13,
    vec_page_fault = 14,
    vec_x87 = 16,
    vec_alignment = 17,
    vec_machine_check = 18,
    vec_simd = 19,
    vec_timer = 0xef,
    vec_reschedule = 0xf0,
    vec_shootdown = 0xf1,
    vec_halt = 0xf2,
    vec_spurious = 0xff
};

extern "C" void trap_dispatch(TrapFrame* frame);
// Called with work pending, before a return to user mode: rescheduling, signals.
extern "C" void exit_work(TrapFrame* frame);

// If the instruction at frame->rip has an exception-table entry, resumes there.
bool fix_up_kernel_fault(TrapFrame* frame);

}  // namespace stile::os
