/* SPDX-License-Identifier: Apache-2.0
 *
 * The table that syscall_entry jumps through: syscalls.def in order, sys_unknown in the gaps; and by number whether
 * the handler does without the big lock. */
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
#define UNLOCKED(number, handler) entry number, handler ;
#include "os/kernel/sys/syscalls.def"
    .rept 512 - next
    .quad sys_unknown
    .endr

    .globl syscall_unlocked
syscall_unlocked:
    .set next, 0
    .macro unlocked number
    .rept \number - next
    .byte 0
    .endr
    .byte 1
    .set next, \number + 1
    .endm
#undef SYSCALL
#undef UNLOCKED
#define SYSCALL(number, handler)
#define UNLOCKED(number, handler) unlocked number ;
#include "os/kernel/sys/syscalls.def"
    .skip 512 - next
    .section .note.GNU-stack, "", @progbits
