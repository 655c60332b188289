/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's side of policy `high`: a gate, in a domain of its own that alone may touch the server's. (code, length)
 * come in RDI and RSI; RAX is the result, and nothing else tells the caller anything. The server runs on a stack of
 * its own, which one call at a time may use: another one meanwhile is told -EAGAIN.
 *
 * A caller can enter at every multiple of 64 in the gate's page: all but the first hold an undefined instruction.
 *
 * The address that leads back lies on the caller's stack, where other threads of the caller may change it at any time.
 * A return within a domain is not checked by the hardware, so one from here could lead into the middle of the gate,
 * whatever was looked at before. So the gate leaves by way of a third domain, which has no right but to be called by
 * the gate, and nothing in it but a return: whatever that finds is checked, or leads to the return itself.
 */
#include "os/lib/registers.inc"

.macro guard offset
    .org domain_isolated_entry + \offset, 0xcc
    ud2
.endm

    .section .text.gate, "ax", @progbits
    .globl domain_isolated_entry
    .hidden domain_isolated_entry, domain_serve, domain_free_stack, domain_mxcsr
    .type domain_isolated_entry, @function
    .balign 64
domain_isolated_entry:
    cld
    ldmxcsr domain_mxcsr(%rip)
    fninit
    xor %ecx, %ecx
    xchg %rcx, domain_free_stack(%rip)             /* locked: others may be here at the same time */
    test %rcx, %rcx
    je busy
    mov %rsp, %r11
    mov %rcx, %rsp
    push %r11
    sub $8, %rsp
    call domain_serve
    jmp served
    guard 64
served:
    add $8, %rsp
    pop %r11
    mov %rsp, %rcx
    mov %r11, %rsp                                 /* first: a signal's frame would lie on a stack that is free */
    mov %rcx, domain_free_stack(%rip)
    jmp empty
    guard 128
empty:
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7
    zero_x87
    zero ecx, edx
    jmp empty_more
    guard 192
empty_more:
    zero_vectors 8, 9, 10, 11, 12, 13, 14, 15
    zero esi, edi, r8d, r9d, r10d, r11d
    jmp domain_gate_exit
    guard 256
busy:
    mov $-11, %rax
    jmp empty
    .size domain_isolated_entry, . - domain_isolated_entry

    .section .text.gate_exit, "ax", @progbits
    .type domain_gate_exit, @function
    .balign 64
domain_gate_exit:
    ret
    .size domain_gate_exit, . - domain_gate_exit

    .section .note.GNU-stack, "", @progbits
