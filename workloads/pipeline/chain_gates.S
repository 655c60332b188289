/* SPDX-License-Identifier: Apache-2.0
 *
 * The gates of chain_gate.h, one per stage and policy: the macros are os/lib/keys/gates.S's code with the keys of
 * caller and callee as arguments. Whoever jumps to a `wrpkru` with other rights in EAX is stopped behind it.
 */
#include "os/lib/zero_registers.inc"
#include "workloads/pipeline/chain_gate.h"

    .set CONTEXT, 0
    .set HANDLER, 8
    .set STACK, 16
    .set PAYLOAD, 24
    .set ANSWER, 32
    .set BYTES, 40
    .set MXCSR, 48
    .set LEFT, 56
    .hidden chain_gates

/* EAX, ECX, EDX. */
.macro rights value
    mov $(\value), %eax
    xor %ecx, %ecx
    xor %edx, %edx
    wrpkru
    cmp $(\value), %eax
    jne chain_wrong_rights
.endm

/* From the gate's arguments to the handler's: r10 holds the length, r11 the room for the answer. */
.macro handler_arguments page
    mov %r8, %r9
    mov %r11, %r8
    mov %r10, %rcx
    mov %rsi, %rdx
    mov %edi, %esi
    mov chain_gates + \page + CONTEXT(%rip), %rdi
.endm

.macro low_gate stage, inside, outside
    .balign 64
chain_low_\stage:
    mov %rdx, %r10
    mov %rcx, %r11
    rights \inside
    handler_arguments (CHAIN_GATE_BYTES * \stage)
    sub $8, %rsp
    call *chain_gates + CHAIN_GATE_BYTES * \stage + HANDLER(%rip)
    add $8, %rsp
    mov %rax, %rsi
    rights \outside
    mov %rsi, %rax
    ret
.endm

.macro high_gate stage, inside, outside
    .balign 64
chain_high_\stage:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    pushf
    sub $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    mov %rsp, chain_gates + CHAIN_GATE_BYTES * (\stage - 1) + LEFT(%rip)
    mov %rdx, %r10
    mov %rcx, %r11
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    zero_x87
    zero ebx, ebp, r9d, r12d, r13d, r14d, r15d
    rights \inside
    /* In the stage's name from here on: the caller's stack is out of reach. */
    mov chain_gates + CHAIN_GATE_BYTES * \stage + STACK(%rip), %rsp
    ldmxcsr chain_gates + CHAIN_GATE_BYTES * \stage + MXCSR(%rip)
    cld
    mov $-22, %rax                       /* EINVAL */
    mov chain_gates + CHAIN_GATE_BYTES * \stage + BYTES(%rip), %rcx
    cmp %rcx, %r10
    ja 1f
    cmp %rcx, %r8
    ja 1f
    cmp chain_gates + CHAIN_GATE_BYTES * \stage + PAYLOAD(%rip), %rsi
    jne 1f
    cmp chain_gates + CHAIN_GATE_BYTES * \stage + ANSWER(%rip), %r11
    jne 1f
    handler_arguments (CHAIN_GATE_BYTES * \stage)
    call *chain_gates + CHAIN_GATE_BYTES * \stage + HANDLER(%rip)
1:  mov %rax, %rsi
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    zero_x87
    zero edi, r8d, r9d, r10d, r11d
    rights \outside
    mov chain_gates + CHAIN_GATE_BYTES * (\stage - 1) + LEFT(%rip), %rsp
    fldcw 4(%rsp)
    ldmxcsr (%rsp)
    add $8, %rsp
    popf
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    mov %rsi, %rax
    ret
.endm

    .section .text.stub, "ax", @progbits
    /* Stage by stage: open, besides A's keys, those of the stages so far; closed, but for the stage's and the
     * payload's. */
    .set low_outside, CHAIN_PKRU_A
    .set high_outside, CHAIN_PKRU_A
    .irp stage, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    .set low_inside_\stage, CHAIN_PKRU_A & ~((1 << (2 * \stage + 4)) - 1)
    .set high_inside_\stage, 0x55555555 & ~(3 << 2 * CHAIN_KEY_PAYLOAD) & ~(3 << (2 * \stage + 2))
    .endr
    .set low_inside_0, CHAIN_PKRU_A
    .set high_inside_0, CHAIN_PKRU_A
    .altmacro
.macro both_gates stage, before
    low_gate \stage, low_inside_\stage, low_inside_\before
    high_gate \stage, high_inside_\stage, high_inside_\before
.endm
    .set number, 0
.macro all_gates
    .rept CHAIN_STAGES
    .set number, number + 1
    both_gates %number, %(number - 1)
    .endr
.endm
    all_gates
    .noaltmacro

chain_wrong_rights:
    ud2

    .section .data.rel.ro, "aw", @progbits
    .globl chain_low, chain_high
    .balign 8
chain_low:
    .irp stage, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    .quad chain_low_\stage
    .endr
chain_high:
    .irp stage, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    .quad chain_high_\stage
    .endr

    .section .note.GNU-stack, "", @progbits
