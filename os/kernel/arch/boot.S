/* SPDX-License-Identifier: Apache-2.0
 *
 * First instructions. The loader has left us in long mode with RDI = physical address of the boot information
 * and RSP undefined (abi/platform.h). Make a stack and go to C++; never return. */
    .section .text.boot, "ax"
    .globl kernel_entry
kernel_entry:
    cld
    movq $boot_stack_top, %rsp
    xorl %ebp, %ebp
    movabsq $kernel_main, %rax
    call *%rax
1:  cli
    hlt
    jmp 1b

    .bss
    .balign 64
boot_stack:
    .skip 16384
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
