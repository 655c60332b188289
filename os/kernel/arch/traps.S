/* SPDX-License-Identifier: Apache-2.0
 *
 * Doors between user mode and the kernel.
 *
 * Convention. Every entry builds a struct TrapFrame (arch/frame.h) on the kernel stack; from user mode it lies at
 * the very top of the thread's stack. GS points to user memory in user mode and to struct Cpu in the kernel:
 * exactly the entries from user mode, and the returns to it, execute swapgs. Interrupts stay off throughout the
 * kernel (arch/cpu.h). C++ is called with the direction flag clear and RSP a multiple of 16.
 *
 * The hardware keeps a domain transfer that the entry interrupted (abi/codoms.h); nothing is to be done here. */

#define CPU_KERNEL_STACK 8
#define CPU_USER_RSP 16
#define CPU_WORK 24
#define CPU_LOCKED 40
#define FRAME_SYSCALL 0x100
#define SEL_USER_DATA 0x1b
#define SEL_USER_CODE 0x23
#define F_RAX 80
#define F_RCX 88
#define F_RSP 160
#define F_RIP 136
#define F_RFLAGS 152

    .section .text.phase.entry_exit, "ax"

/* The registers of a struct TrapFrame, RDI first. */
    .macro push_registers rax
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq \rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    .endm
    .macro pop_registers
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    .endm

/* System call: RCX = return address, R11 = flags, RAX = number; IF, TF, DF and AC are cleared by FMASK.
 * The handler gets its arguments in the C registers: R10 goes to RCX, the rest are in place.
 * There are two doors, and the second one is for several CPUs: it takes the big lock (arch/big_lock.h) unless the call
 * does without, and lets it go. */
    .macro syscall_door several
    swapgs
    movq %rsp, %gs:CPU_USER_RSP
    movq %gs:CPU_KERNEL_STACK, %rsp
    pushq $SEL_USER_DATA
    pushq %gs:CPU_USER_RSP
    pushq %r11
    pushq $SEL_USER_CODE
    pushq %rcx
    pushq %rax                  /* error = system-call number */
    pushq $FRAME_SYSCALL        /* vector */
    push_registers $-38         /* rax: -ENOSYS until there is a result */
    cmpq $512, %rax
    jae 2f
    .if \several
    cmpb $0, syscall_unlocked(%rax)
    jne 3f
    movl $1, %ecx
    lock xaddl %ecx, big_lock_word(%rip)
    cmpl %ecx, big_lock_word + 4(%rip)
    jne 4f
5:  movq $1, %gs:CPU_LOCKED
3:
    .endif
    movq %r10, %rcx
    call *syscall_table(, %rax, 8)
1:  movq %rax, F_RAX(%rsp)
    cmpq $0, %gs:CPU_WORK
    jne return_with_work
    .if \several
    cmpq $0, %gs:CPU_LOCKED
    je 6f
    call big_lock_release
6:
    .endif
    /* Only system calls come here, with nothing pending: RIP is where `syscall` was executed, so it is canonical
     * and sysret is safe. RCX and R11 are what sysret takes. */
    pop_registers
    movq 40(%rsp), %rsp         /* over vector, error, rip, cs, rflags */
    swapgs
    sysretq

2:  movq %rsp, %rdi
    call syscall_extension
    jmp 1b
    .if \several
4:  pushq %rax                  /* somebody else's turn; seven registers and a word keep RSP a multiple of 16 */
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %r8
    pushq %r9
    pushq %r10
    pushq $0
    movl %ecx, %edi
    call big_lock_wait
    popq %r10
    popq %r10
    popq %r9
    popq %r8
    popq %rdx
    popq %rsi
    popq %rdi
    popq %rax
    jmp 5b
    .endif
    .endm

    .globl syscall_entry
    .balign 64
syscall_entry:
    syscall_door 0
    .globl syscall_entry_smp
    .balign 64
syscall_entry_smp:
    syscall_door 1

return_with_work:
    movq %rsp, %rdi
    call exit_work
    jmp return_to_user

/* Undoes a frame down to RIP: the registers, then vector and error code. */
    .macro pop_frame
    pop_registers
    addq $16, %rsp
    .endm

/* A new thread's first way out; its frame is at the top of its stack. */
    .globl return_to_user_first
return_to_user_first:
    movq %rsp, %rdi
    call exit_work
return_to_user:
    pop_frame
    swapgs
    .globl return_iret_user
return_iret_user:
    iretq

/* Exceptions and interrupts. The stubs make the two words below RIP uniform: error code, then vector. */
trap_common:
    cld
    push_registers %rax
    movq %rsp, %rdi
    testb $3, 144(%rsp)         /* cs */
    jz 1f
    swapgs
    call trap_dispatch
    cmpq $0, %gs:CPU_WORK
    je return_to_user
    jmp return_with_work
1:  call trap_dispatch
    pop_frame
    iretq

    .macro stub vector, has_error
    .balign 16
    .if \has_error == 0
    pushq $0
    .endif
    pushq $\vector
    jmp trap_common
    .endm

    .balign 16
    .globl trap_stubs
trap_stubs:                     /* 16 bytes each */
    .set vec, 0
    .rept 256
    .if (vec == 8) || (vec == 10) || (vec == 11) || (vec == 12) || (vec == 13) || (vec == 14) || (vec == 17) || (vec == 21) || (vec == 22)
    stub vec, 1
    .else
    stub vec, 0
    .endif
    .set vec, vec + 1
    .endr
    .section .note.GNU-stack, "", @progbits
