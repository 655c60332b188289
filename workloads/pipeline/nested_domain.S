/* SPDX-License-Identifier: Apache-2.0
 *
 * long domain_nested_call2(uint64_t entry, long a, long b)
 *
 * As codoms_isolated_call2 (os/lib/codoms_stubs.S), by a callee that calls on: it runs on a stack of its domain, of which
 * the next one gets what is not in use, and passes on capability registers 0 and 1, which it needs again afterwards.
 */
#include "os/lib/registers.inc"

    /* Of abi/codoms.h, whose structures no assembler reads. */
    .set CAPMK, 0x3b
    .set CAPOP, 0x3e
    .set CAPCLR, 0x36
    .set WRITE, 3

    .hidden domain_stack

    .text
    .globl domain_nested_call2
    .hidden domain_nested_call2
    .type domain_nested_call2, @function
    .balign 64
domain_nested_call2:
    save_registers 16
    .byte 0x0f, CAPOP, 0xc0                        /* cd.cappush c0, c1, c7 */
    .byte 0x0f, CAPOP, 0xc1
    .byte 0x0f, CAPOP, 0xc7
    lea domain_stack(%rip), %rax
    mov %rsp, %rcx
    sub %rax, %rcx
    .byte 0x0f, CAPMK, 0xf8, WRITE                 /* cd.capmk c7, rax, write */
    .byte 0x0f, CAPCLR, 0x7c
    mov %rdi, %r11
    mov %rsi, %rdi
    mov %rdx, %rsi
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    zero_x87
    zero eax, ebx, ebp, ecx, edx, r8d, r9d, r10d, r12d, r13d, r14d, r15d
    call *%r11
    .byte 0x0f, CAPOP, 0xcf                        /* cd.cappop c7, c1, c0 */
    .byte 0x0f, CAPOP, 0xc9
    .byte 0x0f, CAPOP, 0xc8
    .byte 0x0f, CAPCLR, 0x7c
    fninit
    restore_registers 16
    ret
    .size domain_nested_call2, . - domain_nested_call2

    .section .note.GNU-stack, "", @progbits
