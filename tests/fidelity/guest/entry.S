/* SPDX-License-Identifier: Apache-2.0
 *
 * First instructions, and the doors between rings: as little as is needed, so that a measurement of a door is
 * one of the door. Nothing here saves registers; who enters ring 3 says what it destroys. */
    .section .text.boot, "ax"
    .globl micro_entry
micro_entry:
    cld
    movl $0x802, %ecx           /* x2APIC: which core is this? */
    rdmsr
    testl %eax, %eax
    jnz 2f
    movq $stack_top, %rsp
    xorl %ebp, %ebp
    call micro_main
    jmp 1f
2:  movq $second_stack_top, %rsp
    xorl %ebp, %ebp
    call second_core
1:  cli
    hlt
    jmp 1b

    .text
/* enter_user(RDI = address in ring 3, RSI = count): iretq there with RCX = count; comes back by `int $0x81`. */
    .globl enter_user
    .balign 64
enter_user:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, kernel_rsp(%rip)
    pushq $0x1b
    movabsq $user_stack_alias, %rax
    pushq %rax
    pushq $2
    pushq $0x23
    pushq %rdi
    movq %rsi, %rcx
    iretq
    .globl leave_user
    .balign 64
leave_user:
    movq kernel_rsp(%rip), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* The shortest system call there is, and one that a kernel could build on. */
    .globl bare_syscall_entry, swapgs_syscall_entry, bare_interrupt_entry
    .balign 64
bare_syscall_entry:
    sysretq
    .balign 64
swapgs_syscall_entry:
    swapgs
    movq %rsp, %gs:0
    movq %gs:8, %rsp
    movq %gs:0, %rsp
    swapgs
    sysretq
    .balign 64
bare_interrupt_entry:
    iretq
/* Another core's interrupt: when its first instruction is executed. */
    .globl message_entry, message_arrived
    .balign 64
message_entry:
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, message_arrived(%rip)
    xorl %eax, %eax
    xorl %edx, %edx
    movl $0x80b, %ecx           /* end of interrupt */
    wrmsr
    iretq

/* What runs in ring 3, at an alias that ring 3 may execute: RCX = count. */
    .globl user_syscall_loop, user_interrupt_loop
    .balign 64
user_syscall_loop:
    movq %rcx, %rbx
1:  syscall
    decq %rbx
    jnz 1b
    int $0x81
    .balign 64
user_interrupt_loop:
    movq %rcx, %rbx
1:  int $0x80
    decq %rbx
    jnz 1b
    int $0x81

    .bss
    .balign 64
    .skip 16384
stack_top:
    .skip 16384
second_stack_top:
message_arrived:
    .skip 64
    .skip 4096
    .globl user_stack
user_stack:
kernel_rsp:
    .skip 8
    .set user_stack_alias, user_stack - 0xffffffff80000000 + 0x8000000000
    .section .note.GNU-stack, "", @progbits
