/* SPDX-License-Identifier: Apache-2.0
 *
 * First instructions of every CPU. The loader, or a start-up message from the first CPU, has left us in long mode with
 * RDI = physical address of the boot information and RSP undefined (abi/platform.h). Find the stack that is this
 * CPU's by the number of its local APIC (CPUID leaf 1) and go to C++; never return. */
    .section .text.boot, "ax"
    .globl kernel_entry
kernel_entry:
    cld
    movl $1, %eax
    xorl %ecx, %ecx
    cpuid
    shrl $24, %ebx
    movq boot_stacks(, %rbx, 8), %rsp
    xorl %ebp, %ebp
    movl %ebx, %esi
    movabsq $kernel_main, %rax
    call *%rax
1:  cli
    hlt
    jmp 1b

    .data
    .balign 64
    .globl boot_stacks
boot_stacks:                    /* tops, by CPU */
    .quad boot_stack_top
    .skip 63 * 8

    .bss
    .balign 64
boot_stack:
    .skip 16384
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
