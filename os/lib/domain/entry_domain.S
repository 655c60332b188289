/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's side of policy `high`: a gate, in a domain of its own that alone may touch the server's. (code, length)
 * come in RDI and RSI; RAX is the result, and nothing else tells the caller anything. The server runs on a stack of
 * its own, which one call at a time may use: another one meanwhile is told -EAGAIN.
 *
 * A caller can enter at every multiple of 64 in the gate's page: all but the first hold an undefined instruction. The
 * way back takes its address from the caller's stack, where it may only lead out of here: a return within a domain is
 * not checked by the hardware.
 */
#include "os/lib/registers.inc"

.macro guard offset
    .org domain_isolated_entry + \offset, 0xcc
    ud2
.endm

    .section .text.gate, "ax", @progbits
    .globl domain_isolated_entry
    .hidden domain_isolated_entry, domain_serve, domain_free_stack, domain_mxcsr
    .hidden stile_domain_gate, stile_domain_gate_end
    .type domain_isolated_entry, @function
    .balign 64
domain_isolated_entry:
    cld
    ldmxcsr domain_mxcsr(%rip)
    fninit
    mov %rsp, %r11
    mov domain_free_stack(%rip), %rsp
    test %rsp, %rsp
    je busy
    movq $0, domain_free_stack(%rip)
    push %r11
    sub $8, %rsp
    call domain_serve
    jmp served
    guard 64
served:
    add $8, %rsp
    pop %r11
    mov %rsp, domain_free_stack(%rip)
leave:
    mov (%r11), %rcx
    lea stile_domain_gate(%rip), %rdx
    lea stile_domain_gate_end(%rip), %rsi
    sub %rdx, %rsi
    sub %rdx, %rcx
    cmp %rsi, %rcx
    jb refuse
    mov %r11, %rsp
    jmp empty
    guard 128
empty:
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7
    zero_x87
    jmp empty_more
    guard 192
empty_more:
    zero_vectors 8, 9, 10, 11, 12, 13, 14, 15
    zero ecx, edx, esi, edi, r8d, r9d, r10d, r11d
    ret
    guard 256
busy:
    mov $-11, %rax
    jmp leave
refuse:
    ud2
    .size domain_isolated_entry, . - domain_isolated_entry

    .section .note.GNU-stack, "", @progbits
