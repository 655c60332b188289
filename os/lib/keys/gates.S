/* SPDX-License-Identifier: Apache-2.0
 *
 * long stile_key_call_low(code, in, length, out, capacity) and ..._high: gate.h says what they are.
 *
 * low: the server's memory is opened for the call and closed behind it; it runs on the caller's stack, with the
 * caller's memory open, and registers are as the ABI leaves them.
 * high: the server has memory, stack and registers of its own and sees nothing of the client but the payload, and the
 * other way round. The client's stack pointer is kept in its memory, which the server cannot reach.
 */
#include "os/lib/keys/gate.h"
#include "os/lib/zero_registers.inc"

    .set CONTEXT, stile_key_gate
    .set HANDLER, stile_key_gate + 8
    .set STACK, stile_key_gate + 16
    .set PAYLOAD, stile_key_gate + 24
    .set ANSWER, stile_key_gate + 32
    .set BYTES, stile_key_gate + 40
    .set MXCSR, stile_key_gate + 48
    .hidden stile_key_gate

/* EAX, ECX, EDX. */
.macro rights value
    mov $\value, %eax
    xor %ecx, %ecx
    xor %edx, %edx
    wrpkru
    cmp $\value, %eax
    jne wrong_rights
.endm

/* From the gate's arguments to the handler's: r10 holds the length, r11 the room for the answer. */
.macro handler_arguments
    mov %r8, %r9
    mov %r11, %r8
    mov %r10, %rcx
    mov %rsi, %rdx
    mov %edi, %esi
    mov CONTEXT(%rip), %rdi
.endm

    .section .text.stub, "ax", @progbits
    .globl stile_key_call_low
    .type stile_key_call_low, @function
    .balign 64
stile_key_call_low:
    mov %rdx, %r10
    mov %rcx, %r11
    rights STILE_PKRU_SERVER_LOW
    handler_arguments
    sub $8, %rsp
    call *HANDLER(%rip)
    add $8, %rsp
    mov %rax, %rsi
    rights STILE_PKRU_CLIENT
    mov %rsi, %rax
    ret
    .size stile_key_call_low, . - stile_key_call_low

    .globl stile_key_call_high
    .type stile_key_call_high, @function
    .balign 64
stile_key_call_high:
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
    mov %rsp, client_stack(%rip)
    mov %rdx, %r10
    mov %rcx, %r11
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    zero_x87
    zero ebx, ebp, r9d, r12d, r13d, r14d, r15d
    rights STILE_PKRU_SERVER_HIGH
    /* In the server's name from here on: the client's stack is out of reach. */
    mov STACK(%rip), %rsp
    ldmxcsr MXCSR(%rip)
    cld
    mov $-22, %rax                       /* EINVAL */
    mov BYTES(%rip), %rcx
    cmp %rcx, %r10
    ja leave
    cmp %rcx, %r8
    ja leave
    cmp PAYLOAD(%rip), %rsi
    jne leave
    cmp ANSWER(%rip), %r11
    jne leave
    handler_arguments
    call *HANDLER(%rip)
leave:
    mov %rax, %rsi
    zero_vectors 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    zero_x87
    zero edi, r8d, r9d, r10d, r11d
    rights STILE_PKRU_CLIENT
    mov client_stack(%rip), %rsp
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
    .size stile_key_call_high, . - stile_key_call_high

wrong_rights:
    ud2

    .local client_stack
    .comm client_stack, 8, 8
    .section .note.GNU-stack, "", @progbits
