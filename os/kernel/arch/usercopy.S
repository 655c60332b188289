/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies between kernel and user memory (arch/usercopy.h).
 *
 * Convention: RDI = destination, RSI = source, RDX = bytes; RAX returns the bytes NOT copied. An instruction that
 * touches user memory is listed in .ex_table with the address where the kernel goes on when the access faults
 * for good: a page fault no area explains, or a domain fault. Whole words first, then the odd bytes; after a fault RCX
 * says how many units were left. */
    .macro extable at, to
    .pushsection .ex_table, "a"
    .balign 8
    .quad \at, \to
    .popsection
    .endm

    .section .text.phase.copy, "ax"
    .globl user_copy_in_raw, user_copy_out_raw
    .balign 64
user_copy_in_raw:
user_copy_out_raw:
    movq %rdx, %rcx
    shrq $3, %rcx
    jz 2f
1:  rep movsq
2:  movl %edx, %ecx
    andl $7, %ecx
    jz 4f
3:  rep movsb
4:  xorl %eax, %eax
    ret
11: andl $7, %edx
    leaq (%rdx, %rcx, 8), %rcx
    /* The word that faulted may be readable in part: finish byte by byte, so that the count is exact. */
12: rep movsb
13: movq %rcx, %rax
    ret
    extable 1b, 11b
    extable 3b, 13b
    extable 12b, 13b

    .globl user_clear_raw
    .balign 16
user_clear_raw:                 /* RDI = user address, RSI = bytes */
    movq %rsi, %rcx
    xorl %eax, %eax
21: rep stosb
22: movq %rcx, %rax
    ret
    extable 21b, 22b

    /* RDI = aligned user address, ESI = old value, EDX = new value, RCX = where the value found goes (kernel);
     * 0 or -EFAULT. */
    .globl user_compare_exchange_raw
    .balign 16
user_compare_exchange_raw:
    movl %esi, %eax
41: lock cmpxchgl %edx, (%rdi)
    movl %eax, (%rcx)
    xorl %eax, %eax
    ret
    extable 41b, 35f

    .globl user_string_in_raw
    .balign 16
user_string_in_raw:             /* RDI = to, RSI = user address, RDX = room; length or -errno in RAX */
    xorl %eax, %eax
31: cmpq %rdx, %rax
    jae 34f
32: movzbl (%rsi, %rax), %ecx
    movb %cl, (%rdi, %rax)
    testb %cl, %cl
    jz 33f
    incq %rax
    jmp 31b
33: ret
34: movq $-36, %rax             /* -ENAMETOOLONG */
    ret
35: movq $-14, %rax             /* -EFAULT */
    ret
    extable 32b, 35b
    .section .note.GNU-stack, "", @progbits
