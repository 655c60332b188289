/* SPDX-License-Identifier: Apache-2.0
 *
 * Code for a domain of its own within a process: position-independent, one entry point per 64 bytes, copied into
 * pages of that domain (gadgets.h). They run on the caller's stack, which register 7 lends them. */
    .section .rodata.gadgets, "a", @progbits
    .balign 64
    .globl gadgets, gadgets_end
gadgets:
    .macro gadget name
    .balign 64
    .globl \name
\name:
    .endm

gadget gadget_load              /* (address) -> word */
    movq (%rdi), %rax
    ret
gadget gadget_store             /* (address, word) */
    movq %rsi, (%rdi)
    ret
gadget gadget_syscall           /* (number, a, b, c, d, e) -> result */
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %r8, %r10
    movq %r9, %r8
    xorl %r9d, %r9d
    syscall
    ret
gadget gadget_capld             /* (address): c1 */
    .byte 0x0f, 0x24, 0x0f
    ret
gadget gadget_make_async        /* (base, length in rsi, counter in rdx): c2, the caller's right to write */
    movq %rdi, %rax
    movq %rsi, %rcx
    .byte 0x0f, 0x3b, 0xd0, 3   /* cd.capmk c2, rax, 3 */
    movq %rdx, %rdi
    .byte 0x0f, 0x3d, 0x17      /* cd.capasy c2, [rdi] */
    ret
gadget gadget_wait_for          /* (address, word): loads until it is there */
1:  cmpq %rsi, (%rdi)
    jne 1b
    movq %rsi, %rax
    ret
gadget gadget_clone             /* (flags, stack, word): the new thread stores the word below its stack and ends */
    movq %rdx, %r12
    xorl %edx, %edx
    xorl %r10d, %r10d
    xorl %r8d, %r8d
    movl $56, %eax
    syscall
    testq %rax, %rax
    jnz 1f
    movq %r12, -8(%rsp)
    movl $60, %eax
    xorl %edi, %edi
    syscall
1:  ret
gadget gadget_clone_jump        /* (flags, stack, target): the new thread jumps there */
    movq %rdx, %r12
    xorl %edx, %edx
    xorl %r10d, %r10d
    xorl %r8d, %r8d
    movl $56, %eax
    syscall
    testq %rax, %rax
    jnz 1f
    jmp *%r12
1:  ret
gadget gadget_sigreturn         /* (frame + 8): goes where the frame says */
    movq %rdi, %rsp
    movl $15, %eax
    syscall
gadget gadget_call              /* (function, argument) -> what it returns */
    movq %rdi, %rax
    movq %rsi, %rdi
    call *%rax
    ret
gadget gadget_clone_wait        /* (flags, stack, target, word): the new thread jumps there when the word is not 0 */
    movq %rcx, %r9
    movl $56, %eax
    syscall
    testq %rax, %rax
    jnz 2f
1:  cmpq $0, (%r9)
    je 1b
    jmp *%rdx
2:  ret
gadget gadget_lend              /* (function, word): c1, to read the word, until the function returns */
    movq %rdi, %r8
    movq %rsi, %rax
    movl $8, %ecx
    .byte 0x0f, 0x3b, 0xc8, 2   /* cd.capmk c1, rax, 2 */
    call *%r8
    .byte 0x0f, 0x36, 0x02      /* cd.capclr c1 */
    ret
gadget gadget_gate              /* (turns): takes its time */
1:  decq %rdi
    jnz 1b
    xorl %eax, %eax
    ret
    .globl gadget_private       /* nobody's to call: no entry point */
gadget_private:
    movl $77, %edi
    movl $231, %eax
    syscall
gadgets_end:
    .section .note.GNU-stack, "", @progbits
