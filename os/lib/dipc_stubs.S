/* SPDX-License-Identifier: Apache-2.0
 *
 * Register properties of dIPC, kept by the side that wants them. Registers are the general ones, XMM0..15, the x87
 * stack, the control words of both and the flags, and the capability registers 0 to 6; 7, the stack's, is the
 * proxy's affair.
 *
 * Convention (System V ABI): at entry RSP is 8 below a multiple of 16; RBX, RBP, R12..R15, MXCSR's control bits and
 * the x87 control word belong to the caller; the x87 stack is empty and DF clear at every call and return. Capability
 * registers 0 to 6 are the callee's to change (ours): who wants to keep one pushes it before the call (cd.cappush)
 * and pops it after.
 */
#include "os/lib/registers.inc"

    .section .text.stub, "ax", @progbits

.macro zero_numbers
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    zero_x87
.endm

/* cd.capclr: none of these functions takes or returns a capability. */
.macro zero_capabilities
    .byte 0x0f, 0x36, 0x7f
.endm

    .globl dipc_isolated_call2
    .type dipc_isolated_call2, @function
    .balign 64
dipc_isolated_call2:
    save_registers 16
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    zero_numbers
    zero_capabilities
    zero ebx, ebp, ecx, edx, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
    call *%rax
    /* The x87 stack must be empty again, whatever the callee says. */
    fninit
    restore_registers 16
    ret
    .size dipc_isolated_call2, . - dipc_isolated_call2

/* Jumped to by an entry point after its function: RAX is the result, nothing else may tell the caller anything.
 * What belongs to the caller by convention is as it came. */
    .globl dipc_leave_isolated
    .hidden dipc_leave_isolated
    .type dipc_leave_isolated, @function
    .balign 16
dipc_leave_isolated:
    zero_numbers
    zero_capabilities
    zero ecx, edx, esi, edi, r8d, r9d, r10d, r11d
    ret
    .size dipc_leave_isolated, . - dipc_leave_isolated

    .section .rodata
    .balign 4
    .globl dipc_default_mxcsr
    .hidden dipc_default_mxcsr
dipc_default_mxcsr:
    .long 0x1f80

    .section .note.GNU-stack, "", @progbits
