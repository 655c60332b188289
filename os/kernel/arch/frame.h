// SPDX-License-Identifier: Apache-2.0
//
// What every entry from user mode leaves at the top of the thread's kernel stack: the whole user register
// state, in one layout for system calls, exceptions and interrupts. The assembly in traps.S builds it.
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

struct TrapFrame {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector;  // exception or interrupt vector; frame_syscall after a system call
    uint64_t error;   // the exception's error code; after a system call its number
    uint64_t rip, cs, rflags, rsp, ss;

    bool from_user() const { return (cs & 3) != 0; }
};
static_assert(sizeof(TrapFrame) == 22 * 8);

inline constexpr uint64_t frame_syscall = 0x100;

}  // namespace stile::os
