/* SPDX-License-Identifier: Apache-2.0
 *
 * long codoms_isolated_call2(uint64_t entry, long a, long b)
 *
 * Calls an entry point of another domain as a caller that trusts nobody (policy `high`, caller's side): what is live
 * is saved, what is no argument is emptied, and the callee gets of the stack only what is not in use. Capability
 * registers 0 and 1 are arguments. The domain capability stack needs no care: the return capability that the call
 * pushes lies between the caller's entries and the callee.
 */
#include "os/lib/registers.inc"

    /* Of abi/codoms.h, whose structures no assembler reads. */
    .set CAPRST, 0x3c
    .set CAPOP, 0x3e
    .set CAPCLR, 0x36
    .set CAPBASE, 0x39
    .set WRITE, 3

    .section .text.stub, "ax", @progbits
    .globl codoms_isolated_call2
    .type codoms_isolated_call2, @function
    .balign 64
codoms_isolated_call2:
    save_registers 16
    .byte 0x0f, CAPOP, 0xc7                        /* cd.cappush c7 */
    .byte 0x0f, CAPBASE, 0xf8                      /* cd.capbase rax, c7 */
    mov %rsp, %rcx
    sub %rax, %rcx
    .byte 0x0f, CAPRST, 0xf8, WRITE   /* cd.caprst c7, rax, write */
    .byte 0x0f, CAPCLR, 0x7c
    mov %rdi, %r11
    mov %rsi, %rdi
    mov %rdx, %rsi
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    zero_x87
    zero eax, ebx, ebp, ecx, edx, r8d, r9d, r10d, r12d, r13d, r14d, r15d
    call *%r11
    .byte 0x0f, CAPOP, 0xcf                        /* cd.cappop c7 */
    .byte 0x0f, CAPCLR, 0x7f                       /* nothing stays lent */
    fninit
    restore_registers 16
    ret
    .size codoms_isolated_call2, . - codoms_isolated_call2

    .section .note.GNU-stack, "", @progbits
