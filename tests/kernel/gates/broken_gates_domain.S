/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates as one might write them (os/lib/domain/entry_domain.S), each with one thing missing:
 *   READS_TWICE  the address of the way back is looked at where it lies and then taken from there by `ret`,
 *                in the gate's own domain, where returns are not checked
 *   NO_LOCK      whether the stack is free is asked, and then it is taken
 */
    .section .text.gate, "ax", @progbits
    .globl domain_isolated_entry
    .hidden domain_isolated_entry, domain_serve, domain_free_stack
    .hidden stile_domain_gate, stile_domain_gate_end
    .type domain_isolated_entry, @function
    .balign 64
domain_isolated_entry:
    mov %rsp, %r11
#ifdef NO_LOCK
    mov domain_free_stack(%rip), %rsp
    test %rsp, %rsp
    je busy
    movq $0, domain_free_stack(%rip)
#else
    xor %esp, %esp
    xchg %rsp, domain_free_stack(%rip)
    test %rsp, %rsp
    je busy
#endif
    push %r11
    sub $8, %rsp
    call domain_serve
    jmp served
    .org domain_isolated_entry + 64, 0xcc
    ud2
served:
    add $8, %rsp
    pop %r11
    mov %rsp, domain_free_stack(%rip)
leave:
    mov (%r11), %rcx
    lea stile_domain_gate(%rip), %rdx
    lea stile_domain_gate_end(%rip), %rsi
    sub %rdx, %rsi
    sub %rdx, %rcx
    cmp %rsi, %rcx
    jb refuse
    mov %r11, %rsp
    jmp empty
    .org domain_isolated_entry + 128, 0xcc
    ud2
empty:
    .rept 8
    fldz
    .endr
    fninit
    xor %r11d, %r11d
    ret
busy:
    mov $-11, %rax
    jmp leave
refuse:
    ud2
    .org domain_isolated_entry + 192, 0xcc
    ud2
    .size domain_isolated_entry, . - domain_isolated_entry

    .section .note.GNU-stack, "", @progbits
