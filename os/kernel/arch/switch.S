/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaving one kernel stack for another.
 *
 * Convention: switch_stacks(RDI = Thread to leave, RSI = Thread to enter) saves what the C++ ABI lets a callee
 * keep (RBX, RBP, R12-R15) on the stack it leaves and its RSP at offset 0 of the Thread, and returns on the stack
 * it enters, to whoever called it there. A new thread's stack is laid out as if it had called from
 * thread_start_trampoline. RAX returns the thread left. */
    .section .text.phase.schedule, "ax"
    .globl switch_stacks
    .balign 64
switch_stacks:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq (%rsi), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    movq %rdi, %rax
    ret

/* First instructions of every thread, on its own stack; above is the user frame. */
    .globl thread_start_trampoline
thread_start_trampoline:
    movq %rax, %rdi
    call thread_first_run
    jmp return_to_user_first
    .section .note.GNU-stack, "", @progbits
