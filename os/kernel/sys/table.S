/* SPDX-License-Identifier: Apache-2.0
 *
 * The table that syscall_entry jumps through: syscalls.def in order, sys_unknown in the gaps. */
    .section .rodata
    .balign 64
    .globl syscall_table
syscall_table:
    .set next, 0
    .macro entry number, handler
    .rept \number - next
    .quad sys_unknown
    .endr
    .quad \handler
    .set next, \number + 1
    .endm
#define SYSCALL(number, handler) entry number, handler ;
#include "os/kernel/sys/syscalls.def"
    .rept 512 - next
    .quad sys_unknown
    .endr
    .section .note.GNU-stack, "", @progbits
